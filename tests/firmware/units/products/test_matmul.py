"""`matmul` against the operation, and its timing clock by clock."""

import numpy as np
import pytest

from netloom.errors import SettingsError
from netloom.firmware.families import ECP5, FAMILIES, ICE40
from netloom.firmware.stream import Stream
from netloom.firmware.units.products.matmul import MatMulUnit
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import MatMul
from netloom.testing.operations import random_raws, run_in_integers, tensor
from netloom.testing.unit_bench import check_unit

ROWS, MATRICES = 3, 2
TYPES = {
    "signed": ("fixed<6,3>", "fixed<5,2>"),
    "unsigned and signed": ("ufixed<4,2>", "fixed<6,1>"),
    "signed and unsigned": ("fixed<3,3>", "ufixed<7,2>"),
    "unsigned": ("ufixed<5,2>", "ufixed<3,1>"),
    "single bits": ("fixed<1,1>", "ufixed<1,1>"),
}
FOLDS = {
    # K, N, PE, SIMD
    "one multiplier": (6, 4, 1, 1),
    "PE": (6, 4, 2, 1),
    "SIMD": (6, 4, 1, 3),
    "both": (6, 4, 2, 3),
    "all at once": (5, 3, 3, 5),
    "one term": (1, 4, 2, 1),
    "one number": (1, 1, 1, 1),
}


def check(fold, types, transposed, seed=1, **fields):
    """Rows as often as there are groups of columns, columns as often as there are rows: the result beat by beat."""
    depth, columns, pe, simd = fold
    sf, groups = depth // simd, columns // pe
    second = (columns, depth) if transposed else (depth, columns)
    tensors = [tensor((MATRICES, *shape), text) for shape, text in zip(((ROWS, depth), second), types, strict=True)]
    operation = MatMul(transposed)
    x, y = random_raws(tensors, seed, 10)
    beats = MATRICES * ROWS * groups * sf
    unit = MatMulUnit(
        "product",
        Stream("rows", tensors[0].element, simd, beats),
        Stream("columns", tensors[1].element, pe * simd, beats),
        operation,
        pe,
        sf,
        **fields,
    )
    rows = np.repeat(x[:, :, :, None], groups, axis=3)
    if transposed:
        words = y.reshape(10, MATRICES, groups, pe, sf, simd).swapaxes(3, 4)
    else:
        words = y.reshape(10, MATRICES, sf, simd, groups, pe).transpose(0, 1, 4, 2, 3, 5)
    words = np.repeat(words[:, :, None], ROWS, axis=2)
    expected = run_in_integers(operation, tensors, [x, y])
    assert unit.outputs[0].element == operation.outputs(tensors)[0].element
    flowing = check_unit(unit, [rows.reshape(10, -1), words.reshape(10, -1)], [expected.reshape(10, -1)], (1, 2, 3))[0]
    for taken in flowing.taken:
        assert taken[-1] - taken[0] == len(taken) - 1  # a beat a clock
    return unit


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("fold", FOLDS.values(), ids=FOLDS)
def test_foldings(fold, transposed):
    check(fold, TYPES["signed"], transposed)


@pytest.mark.parametrize("types", TYPES.values(), ids=TYPES)
def test_types(types):
    check(FOLDS["both"], types, True)
    check(FOLDS["one term"], types, False)


@pytest.mark.parametrize(
    ("target", "types", "dsps", "used"),
    [
        (ECP5, ("fixed<8,1>", "fixed<18,1>"), 6, 6),
        (ECP5, ("fixed<8,1>", "fixed<12,1>"), 2, 2),
        (ECP5, ("fixed<8,1>", "fixed<19,1>"), 6, 0),
        (ICE40, ("fixed<8,1>", "ufixed<16,1>"), 6, 6),
    ],
)
def test_dsp_blocks(target, types, dsps, used):
    unit = check(FOLDS["both"], types, True, target=target, dsps=dsps)
    assert unit.resources().dsp == used
    assert unit.multipliers == 6


def test_refuses_streams_out_of_step():
    element = FixedPoint(6, 3)
    with pytest.raises(SettingsError, match="as many of each of 2 columns, not 5"):
        MatMulUnit("product", Stream("a", element, 3, 4), Stream("b", element, 5, 4), MatMul(), 2, 2)
    with pytest.raises(SettingsError, match="4 and 6 beats must be equally many"):
        MatMulUnit("product", Stream("a", element, 3, 4), Stream("b", element, 6, 6), MatMul(), 2, 2)
    with pytest.raises(SettingsError, match="dsps must be 0 to 6, not 7"):
        MatMulUnit("product", Stream("a", element, 3, 4), Stream("b", element, 6, 4), MatMul(), 2, 2, dsps=7)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_random_types_and_foldings(seed):
    rng = np.random.default_rng(seed)
    types = [f"{'u' * int(rng.integers(2))}fixed<{rng.integers(1, 20)},{rng.integers(-3, 9)}>" for _ in range(2)]
    fold = list(FOLDS.values())[seed % len(FOLDS)]
    check(
        fold,
        types,
        bool(seed % 2),
        seed,
        target=list(FAMILIES.values())[seed % 3],
        dsps=int(rng.integers(0, fold[2] * fold[3] + 1)),
    )
