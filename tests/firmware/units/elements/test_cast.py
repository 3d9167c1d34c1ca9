"""`cast`: every rounding with every overflow mode, exhaustively for narrow words, clock by clock as its timing says."""

from itertools import product

import numpy as np
import pytest
from element_cases import all_raws, check_element_unit, stream_of

from netloom.firmware.stream import Stream
from netloom.firmware.units.elements.cast import CastUnit
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Cast, TensorType
from netloom.rounding import Rounding
from netloom.testing.unit_bench import build_unit, check_unit

MODES = list(product(Rounding, Overflow))


@pytest.mark.parametrize(("rounding", "overflow"), MODES, ids=lambda mode: str(mode))
def test_every_raw_of_a_narrow_type(rounding, overflow):
    source = FixedPoint(6, 3)
    to = FixedPoint(4, 2, True, rounding, overflow)
    x = all_raws(source)
    unit = CastUnit("unit", Stream("source", source, 1, x.size), to)
    check_unit(unit, [x], [to.cast(x.copy(), source.fraction)], seeds=(1,))


SHAPES = {
    "appends bits": ("fixed<7,4>", "fixed<12,5,RND,SAT>", 1),
    "drops bits alone": ("fixed<14,4>", "fixed<9,4>", 1),
    "saturates alone": ("fixed<14,8>", "fixed<10,4,TRN,SAT>", 1),
    "to unsigned": ("fixed<14,8>", "ufixed<9,4,RND,SAT>", 2),
    "from unsigned": ("ufixed<14,8>", "fixed<9,4,RND_CONV,SAT_SYM>", 2),
    "unsigned both": ("ufixed<9,1>", "ufixed<9,4,RND_INF,SAT_ZERO>", 1),
    "two stages": ("fixed<26,10>", "fixed<16,6,RND,SAT>", 2),
    "nothing left but the sign": ("fixed<6,1>", "fixed<4,9,RND,SAT>", 1),
    "beyond the last bit": ("ufixed<6,1>", "fixed<4,12,RND_INF,SAT>", 1),
    "to a single bit": ("fixed<8,4>", "fixed<1,1,TRN,SAT_SYM>", 1),
    "from a single bit": ("ufixed<1,1>", "fixed<8,4,RND,SAT>", 1),
    "beyond 64 bits": ("fixed<101,20>", "fixed<75,30,RND_CONV,SAT_SYM>", 2),
    "from the widest": ("fixed<256,100>", "ufixed<90,20,RND_INF,SAT>", 2),
    "to the widest": ("fixed<61,20>", "fixed<256,100,RND_ZERO,SAT>", 1),
    "wide to narrow": ("fixed<60,20>", "fixed<8,2,RND_MIN_INF,SAT_ZERO>", 2),
    "symmetric of equal width": ("fixed<8,4>", "fixed<8,4,TRN,SAT_SYM>", 1),
}


@pytest.mark.parametrize("case", SHAPES.values(), ids=SHAPES)
def test_shapes(case):
    source, to, stages = case
    tensor = TensorType((12,), FixedPoint.parse(source))
    unit = CastUnit("unit", stream_of(tensor, 3), FixedPoint.parse(to))
    flowing = check_element_unit(unit, Cast(FixedPoint.parse(to)), [tensor], samples=48)[0]
    np.testing.assert_array_equal(flowing.taken[0], np.arange(4 * 48))
    np.testing.assert_array_equal(flowing.given[0], flowing.taken[0] + stages)


def test_wrong_number_is_seen():
    """The check of all others can fail."""
    tensor = TensorType((4,), FixedPoint(6, 3))
    unit = CastUnit("unit", stream_of(tensor, 1), FixedPoint.parse("fixed<4,2,RND,SAT>"))
    with pytest.raises(AssertionError):
        check_unit(unit, [np.array([[1, 2, 3, 4]])], [np.array([[0, 1, 1, 2]])])


def test_illegal_stages_stop_elaboration():
    unit = CastUnit("unit", Stream("source", FixedPoint(6, 3), 1, 1), FixedPoint(4, 2))

    class Three(CastUnit):
        def parameters(self):
            return super().parameters() | {"STAGES": 3}

    with pytest.raises(Exception, match="STAGES must be"):
        build_unit(Three("unit", unit.source, unit.to))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_random_types(seed):
    rng = np.random.default_rng(seed)
    width = int(rng.integers(1, 30))
    source = FixedPoint(width, int(rng.integers(-4, 12)), bool(rng.integers(2)))
    rounding, overflow = MODES[int(rng.integers(len(MODES)))]
    to = FixedPoint(int(rng.integers(1, 30)), int(rng.integers(-4, 12)), bool(rng.integers(2)), rounding, overflow)
    lanes = int(rng.integers(1, 5))
    tensor = TensorType((lanes * 5,), source)
    check_element_unit(CastUnit("unit", stream_of(tensor, lanes), to), Cast(to), [tensor], seed, samples=60)
