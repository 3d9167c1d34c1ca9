"""`depthwise` against the operation, and its timing clock by clock."""

from math import prod

import numpy as np
import pytest
from kernel_columns import kernel_columns
from pick import pick
from stream_cases import elaborate, may_saturate

from netloom.errors import LayerNotSupportedError, SettingsError, ToolFailedError
from netloom.firmware.families import ECP5, FAMILIES, GENERIC, ICE40
from netloom.firmware.map.mapping import order_matters
from netloom.firmware.stream import Stream
from netloom.firmware.units.products.depthwise import DepthwiseUnit
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Bounds, DepthwiseMatVec
from netloom.rounding import Rounding
from netloom.testing.operations import full_bounds, random_raws, run_in_integers, tensor
from netloom.testing.unit_bench import check_unit

BIAS = FixedPoint.parse("fixed<6,4>")

SHAPES = {
    # positions, kernel, channels, lanes
    "3 x 3": (4, (3, 3), 4, 2),
    "3 x 3, a lane": (3, (3, 3), 3, 1),
    "tall": (5, (4, 1), 2, 2),
    "wide": (5, (1, 5), 4, 2),
    "batch normalization": (6, (1, 1), 6, 2),
    "batch normalization, all channels": (6, (1, 1), 3, 3),
    "one channel": (7, (1, 1), 1, 1),
    "many slices": (2, (1, 1), 40, 1),
}


def operation_of(kernel, channels, accum, seed=3, weight="fixed<5,2>", order=None):
    rng = np.random.default_rng(seed)
    type_ = FixedPoint.parse(weight)
    matrix = rng.integers(type_.raw_min, type_.raw_max, (prod(kernel), channels), endpoint=True)
    return DepthwiseMatVec(matrix, type_, rng.integers(-20, 20, channels), BIAS, FixedPoint.parse(accum), order)


def unit_of(operation, kernel, lanes, positions, element, **fields):
    rows, columns = fields.pop("split", kernel)
    beats = positions * (operation.weights.shape[1] // lanes) * columns
    source = Stream("source", FixedPoint.parse(element), rows * lanes, beats)
    fields.setdefault("saturates", may_saturate(operation, (operation.weights.size,), source.element))
    return DepthwiseUnit("scale", source, operation, rows, columns, **fields)


def check(operation, shape, element, seed=0, seeds=(1, 2, 3), batch=8, **fields):
    positions, kernel, channels, lanes = shape
    unit = unit_of(operation, kernel, lanes, positions, element, **fields)
    type_ = tensor((positions, prod(kernel) * channels), element)
    (x,) = random_raws([type_], seed, batch)
    source = kernel_columns(x, unit.kernel_height, unit.kernel_width, channels, lanes)
    flowing = check_unit(unit, [source], [run_in_integers(operation, [type_], [x])], seeds)[0]
    # One beat a clock: credits never hold up what flows.
    taken = flowing.taken[0]
    assert taken[-1] - taken[0] == len(taken) - 1
    return unit


ACCUMS = ["fixed<24,14>", "fixed<10,3>", "fixed<12,8,RND>", "fixed<7,3,RND_CONV>"]
QUICK = [(shape, ACCUMS[index % len(ACCUMS)]) for index, shape in enumerate(SHAPES)]
FULL = [(shape, accum) for shape in SHAPES for accum in ACCUMS]


@pytest.mark.parametrize(("shape", "accum"), QUICK)
def test_sums(shape, accum):
    check(operation_of(*SHAPES[shape][1:3], accum), SHAPES[shape], "fixed<7,3>")


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "accum"), [pair for pair in FULL if pair not in QUICK])
def test_sums_in_every_accumulator(shape, accum):
    check(operation_of(*SHAPES[shape][1:3], accum), SHAPES[shape], "fixed<7,3>")


@pytest.mark.parametrize("target", [ECP5, ICE40])
@pytest.mark.parametrize(
    ("weight", "element"), [("fixed<5,2>", "fixed<7,3>"), ("ufixed<8,2>", "ufixed<3,2>"), ("fixed<1,1>", "fixed<1,1>")]
)
def test_multipliers_of_every_target(target, weight, element):
    shape = SHAPES["3 x 3"]
    check(operation_of(shape[1], shape[2], "fixed<24,14>", weight=weight), shape, element, target=target, dsps=2)


@pytest.mark.parametrize(
    ("kernel", "accum", "element"),
    [
        ((1, 4), "fixed<9,3,RND,SAT>", "fixed<7,3>"),
        ((2, 3), "fixed<8,3,TRN,SAT_SYM>", "ufixed<5,3>"),
        ((2, 3), "ufixed<9,4,RND_ZERO,SAT_ZERO>", "fixed<7,3>"),
        ((1, 1), "ufixed<9,4,RND,SAT>", "ufixed<5,3>"),
    ],
)
def test_sum_that_saturates_on_the_way_takes_one_element_after_the_other(kernel, accum, element):
    unit = check(operation_of(kernel, 4, accum), (3, kernel, 4, 2), element, split=(1, prod(kernel)))
    assert unit.saturates


def test_saturating_type_that_never_does_takes_whole_columns():
    shape = SHAPES["3 x 3"]
    assert not check(operation_of(shape[1], shape[2], "fixed<24,14,RND,SAT>"), shape, "fixed<7,3>").saturates


def test_memories_in_block_ram():
    shape = (2, (1, 1), 1200, 2)
    unit = check(operation_of(shape[1], shape[2], "fixed<24,14>"), shape, "fixed<7,3>", batch=3)
    assert unit.parameters()["WEIGHTS_BLOCK"] == unit.parameters()["BIAS_BLOCK"] == 1


@pytest.mark.parametrize(("target", "dsps"), [(ECP5, 2), (ICE40, 0), (GENERIC, 2)])
def test_wide_operands_stay_out_of_dsp_blocks(target, dsps):
    operation = operation_of((1, 1), 2, "fixed<40,14>", weight="fixed<9,2>")
    unit = unit_of(operation, (1, 1), 2, 3, "fixed<17,3>", target=target, dsps=2)
    assert unit.parameters()["DSPS"] == unit.resources().dsp == dsps


def test_no_bias_no_memory():
    operation = operation_of((3, 3), 4, "fixed<24,14>")
    operation.bias[:] = 0
    unit = check(operation, SHAPES["3 x 3"], "fixed<7,3>")
    assert [*unit.memories()] == ["scale_weights.mem"]


def test_weights_are_stored_without_bits_they_do_not_use():
    operation = operation_of((3, 3), 4, "fixed<24,14>", weight="fixed<16,6>")
    operation.weights[:] = operation.weights % 5 * 8
    unit = check(operation, SHAPES["3 x 3"], "fixed<7,3>")
    assert (unit.parameters()["WEIGHT_WIDTH"], unit.parameters()["WEIGHT_SIGNED"]) == (3, 0)
    operation.weights[:] = 0
    assert check(operation, SHAPES["3 x 3"], "fixed<7,3>").parameters()["WEIGHT_WIDTH"] == 1


@pytest.mark.parametrize(("kernel", "order"), [((2, 2), None), ((1, 4), (0, 2, 1, 3))])
def test_refuses_a_sum_in_another_order(kernel, order):
    operation = operation_of(kernel, 2, "fixed<6,3,TRN,SAT>", order=order)
    with pytest.raises(LayerNotSupportedError, match="unit 'scale': a sum in"):
        unit_of(operation, kernel, 1, 3, "fixed<7,3>")
    unit_of(operation, kernel, 1, 3, "fixed<7,3>", saturates=False)


def test_whether_order_matters_follows_from_the_bounds():
    type_ = tensor((8,), "fixed<7,3>")
    operation = operation_of((2, 2), 2, "fixed<10,5,TRN,SAT>")
    (bounds,) = full_bounds([type_])
    assert order_matters(operation, [type_], [bounds])
    assert not order_matters(operation, [type_], [Bounds(bounds.low // 16, bounds.high // 16)])
    assert not order_matters(operation_of((2, 2), 2, "fixed<10,5,TRN>"), [type_], [bounds])


@pytest.mark.parametrize(
    ("kernel", "lanes", "beats", "dsps", "message"),
    [
        ((2, 2), 4, 12, 0, "as many weights a channel, not 6"),
        ((2, 3), 5, 12, 0, "divisor of 4 channels"),
        ((2, 3), 6, 12, 0, "divisor of 4 channels"),
        ((2, 3), 4, 13, 0, "positions of 2 slices of 3 columns"),
        ((2, 3), 4, 12, 5, "dsps must be 0 to 4, not 5"),
    ],
)
def test_refuses(kernel, lanes, beats, dsps, message):
    source = Stream("source", FixedPoint.parse("fixed<6,3>"), lanes, beats)
    with pytest.raises(SettingsError, match=message):
        DepthwiseUnit("scale", source, operation_of((2, 3), 4, "fixed<24,14>"), *kernel, saturates=False, dsps=dsps)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_random(seed):
    rng = np.random.default_rng(seed)
    kernel = tuple(int(n) for n in rng.integers(1, 5, 2)) if rng.random() < 0.7 else (1, 1)
    lanes, slices = (int(n) for n in rng.integers(1, 4, 2))
    element = FixedPoint(int(rng.integers(1, 10)), int(rng.integers(-1, 5)), bool(rng.integers(2)))
    weight = FixedPoint(int(rng.integers(1, 10)), int(rng.integers(-1, 5)), bool(rng.integers(2)))
    accum = FixedPoint(
        int(rng.integers(2, 22)),
        int(rng.integers(-1, 12)),
        bool(rng.integers(2)),
        pick(rng, Rounding),
        pick(rng, Overflow),
    )
    operation = operation_of(kernel, lanes * slices, str(accum), seed, str(weight))
    type_ = tensor((operation.weights.size,), str(element))
    ordered = order_matters(operation, [type_], full_bounds([type_]))
    split = (1, prod(kernel)) if ordered else kernel
    target = pick(rng, tuple(FAMILIES.values()))
    dsps = int(rng.integers(0, split[0] * lanes + 1))
    shape = (int(rng.integers(1, 6)), kernel, lanes * slices, lanes)
    check(operation, shape, str(element), seed, (seed,), 5, split=split, target=target, dsps=dsps)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"SLICES": 0}, "ROWS, COLUMNS, LANES and SLICES must be at least 1"),
        ({"DSPS": 4}, "DSPS must be 0 to ROWS"),
    ],
)
def test_illegal_parameters_stop_elaboration(parameters, message):
    with pytest.raises(ToolFailedError, match=f"depthwise: {message}"):
        elaborate("depthwise", parameters)
