"""`matvec` against the operation, and its timing clock by clock."""

import numpy as np
import pytest
from stream_cases import elaborate, may_saturate

from netloom.errors import FoldingError, SettingsError, ToolFailedError
from netloom.firmware.families import ECP5, FAMILIES, GENERIC, ICE40
from netloom.firmware.stream import Stream
from netloom.firmware.units.products import matvec
from netloom.firmware.units.products.matvec import MatVecUnit
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import MatVec
from netloom.rounding import Rounding
from netloom.sim.hardware.cell_models import cell_models
from netloom.sim.hardware.verilator import StreamPort, build
from netloom.testing.operations import random_raws, run_in_integers, tensor
from netloom.testing.unit_bench import check_unit, library

BIAS = FixedPoint.parse("fixed<6,4>")
SEEDS = (1, 2)
slow = pytest.mark.slow

FOLDS = {
    # K, N, PE, SIMD
    "one multiplier": (6, 4, 1, 1),
    "PE": (6, 4, 2, 1),
    "SIMD": (6, 4, 1, 3),
    "both": (12, 6, 3, 4),
    "whole rows": (6, 4, 2, 6),
    "whole columns": (5, 3, 3, 1),
    "all at once": (5, 3, 3, 5),
    "one input": (1, 4, 2, 1),
    "one weight": (1, 1, 1, 1),
    "many words": (40, 8, 1, 1),
}


def operation_of(inputs, outputs, accum="fixed<24,14>", weight="fixed<5,2>", seed=3, bias=True, order=None):
    rng = np.random.default_rng(seed)
    type_ = FixedPoint.parse(weight)
    matrix = rng.integers(type_.raw_min, type_.raw_max, (inputs, outputs), endpoint=True)
    offsets = rng.integers(-20, 20, outputs) if bias else np.zeros(outputs, dtype=np.int64)
    return MatVec(matrix, type_, offsets, BIAS, FixedPoint.parse(accum), order)


def unit_of(operation, pe, simd, element, positions=3, order=None, **fields):
    inputs, outputs = operation.weights.shape
    k_order = (np.arange(inputs) if order is None else np.array(order)).reshape(-1, simd)
    stream = Stream("source", FixedPoint.parse(element), simd, positions * len(k_order) * (outputs // pe))
    fields.setdefault("saturates", may_saturate(operation, (inputs,), stream.element))
    values = stream.element.raw_min, stream.element.raw_max
    return MatVecUnit("dense", stream, operation, pe, k_order, values, **fields)


def check(operation, pe, simd, element="fixed<7,3>", positions=3, seeds=SEEDS, batch=8, **fields):
    unit = unit_of(operation, pe, simd, element, positions, **fields)
    type_ = tensor((positions, operation.weights.shape[0]), element)
    (x,) = random_raws([type_], 1, batch)
    # Every vector in words, as often as there are groups of outputs.
    words = x[:, :, None, unit.k_order]
    source = np.broadcast_to(words, (*words.shape[:2], unit.nf, *words.shape[3:]))
    flowing = check_unit(unit, [source.reshape(len(x), -1)], [run_in_integers(operation, [type_], [x])], seeds)[0]
    # One beat a clock: credits never hold up what flows.
    taken = flowing.taken[0]
    assert taken[-1] - taken[0] == len(taken) - 1
    return unit


@pytest.mark.parametrize("accum", ["fixed<24,14>", pytest.param("fixed<10,3>", marks=slow)])
@pytest.mark.parametrize("fold", FOLDS.values(), ids=FOLDS)
def test_foldings(fold, accum):
    inputs, outputs, pe, simd = fold
    check(operation_of(inputs, outputs, accum), pe, simd)


@pytest.mark.parametrize("row", [1, 2, 20])
def test_weights_are_read_in_rows(row, monkeypatch):
    monkeypatch.setattr(matvec, "rom_in_block", lambda depth, *_: depth == 160)
    monkeypatch.setattr(matvec, "words_a_row", lambda *_: row)
    unit = check(operation_of(40, 8), 2, 1)
    assert unit.parameters()["WEIGHTS_ROW"] == row
    (text,) = (text for name, text in unit.memories().items() if name.endswith("weights.mem"))
    assert text.count("\n") == 160 // row


def test_so_many_weights_that_blocks_are_many_deep_are_read_in_rows():
    assert unit_of(operation_of(3584, 43), 1, 2, "fixed<7,3>", target=ECP5).parameters()["WEIGHTS_ROW"] > 1


@pytest.mark.parametrize("pe", [1, 4])
def test_without_bias(pe):
    unit = check(operation_of(6, 4, bias=False), pe, 6)
    assert unit.parameters()["BIAS"] == ""


@pytest.mark.parametrize("dsps", [1, *(pytest.param(each, marks=slow) for each in (0, 5))])
@pytest.mark.parametrize("target", [ECP5, ICE40])
@pytest.mark.parametrize(
    ("element", "weight"),
    [
        ("fixed<7,3>", "fixed<5,2>"),
        ("ufixed<4,2>", "fixed<6,1>"),
        ("fixed<3,3>", "ufixed<4,2>"),
        ("ufixed<1,1>", "ufixed<2,1>"),
    ],
)
def test_multipliers_of_every_target(target, element, weight, dsps):
    check(operation_of(6, 4, weight=weight), 2, 3, element, target=target, dsps=dsps)


@pytest.mark.parametrize(
    ("element", "weight", "target", "pe", "dsps", "served"),
    [
        ("ufixed<6,2>", "fixed<6,1>", ECP5, 2, 3, 6),
        ("fixed<6,2>", "fixed<6,1>", ECP5, 4, 7, 12),
        ("fixed<6,2>", "fixed<6,1>", ECP5, 3, 8, 9),
        ("fixed<8,2>", "ufixed<4,1>", ECP5, 2, 2, 4),
        ("ufixed<4,4>", "ufixed<4,4>", ECP5, 2, 3, 6),
        ("fixed<5,2>", "fixed<5,1>", ICE40, 2, 3, 6),
        ("fixed<8,2>", "fixed<8,1>", ECP5, 2, 3, 3),
    ],
)
@pytest.mark.parametrize("simd", [3, *(pytest.param(each, marks=slow) for each in (1, 6))])
def test_two_weights_share_a_block(element, weight, target, pe, dsps, served, simd):
    operation = operation_of(6, 12, weight=weight)
    # The one weight that would not fit above a negative one.
    operation.weights[operation.weights == operation.weight_type.raw_min] += 1
    blocks = pe // 2 * simd + pe % 2 * simd if served > dsps else pe * simd
    unit = check(operation, pe, simd, element, target=target, dsps=min(dsps, pe * simd))
    if simd == 3:
        assert unit._weights.in_dsps == served
    assert unit.resources().dsp <= min(dsps, blocks)
    if simd != 3:
        check(
            operation_of(6, 12, weight=weight, bias=False), pe, simd, element, target=target, dsps=min(dsps, pe * simd)
        )


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("overflow", ["WRAP", pytest.param("SAT", marks=slow)])
def test_products_are_rounded(rounding, overflow):
    simd = 3 if overflow == "WRAP" else 1
    check(operation_of(6, 4, f"fixed<9,6,{rounding},{overflow}>"), 2, simd, seeds=(1,))


@pytest.mark.parametrize("accum", ["fixed<10,3>", "ufixed<11,4>", "fixed<1,1>", "fixed<7,3,RND_CONV>", "fixed<30,12>"])
@pytest.mark.parametrize("element", ["fixed<7,3>", pytest.param("ufixed<3,5>", marks=slow)])
def test_accumulators(accum, element):
    check(operation_of(6, 4, accum), 2, 3, element)


@pytest.mark.parametrize("overflow", ["SAT", "SAT_SYM", "SAT_ZERO"])
@pytest.mark.parametrize(
    "accum",
    [
        "fixed<10,3,TRN,",
        "fixed<12,2,RND,",
        *(pytest.param(each, marks=slow) for each in ("ufixed<11,4,TRN,", "fixed<1,1,TRN,", "fixed<13,2,TRN,")),
    ],
)
def test_totals_that_saturate_keep_their_order(accum, overflow):
    order = (0, 3, 1, 4, 2, 5)
    operation = operation_of(6, 4, f"{accum}{overflow}>", order=order)
    unit = check(operation, 2, 1, order=order)
    assert unit.saturates
    with pytest.raises(FoldingError, match="may saturate on the way"):
        unit_of(operation, 2, 1, "fixed<7,3>")
    with pytest.raises(FoldingError, match="may saturate on the way"):
        unit_of(operation, 2, 2, "fixed<7,3>", order=order)


def test_an_accumulator_that_cannot_saturate_takes_any_order():
    unit = check(operation_of(6, 4, "fixed<24,14,TRN,SAT>"), 2, 3, order=(5, 3, 1, 4, 2, 0))
    assert not unit.saturates


def test_what_cannot_saturate_takes_any_order():
    operation = operation_of(6, 4, "fixed<10,3,TRN,SAT>")
    assert not unit_of(operation, 2, 3, "fixed<7,3>", saturates=False).saturates
    with pytest.raises(FoldingError, match="may saturate on the way"):
        unit_of(operation, 2, 3, "fixed<7,3>")


def test_weights_take_no_more_bits_than_they_need():
    operation = operation_of(6, 4, weight="fixed<12,4>")
    operation.weights[:] = np.clip(operation.weights, -5, 5) * 4
    unit = check(operation, 2, 3)
    assert unit.parameters()["WEIGHT_WIDTH"] == 4


def test_all_weights_zero():
    operation = operation_of(6, 4)
    operation.weights[:] = 0
    check(operation, 2, 3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_anything(seed):
    rng = np.random.default_rng(seed)
    pe, simd, sf, nf = (int(rng.integers(1, high)) for high in (5, 6, 5, 4))
    overflow = rng.choice(Overflow)
    accum = FixedPoint(
        int(rng.integers(1, 24)), int(rng.integers(-2, 12)), bool(rng.integers(2)), rng.choice(Rounding), overflow
    )
    element = FixedPoint(int(rng.integers(1, 10)), int(rng.integers(-2, 8)), bool(rng.integers(2)))
    weight = FixedPoint(int(rng.integers(1, 9)), int(rng.integers(-2, 5)), bool(rng.integers(2)))
    target = rng.choice(tuple(FAMILIES.values()))
    operation = operation_of(sf * simd, nf * pe, str(accum), str(weight), seed, bias=bool(rng.integers(2)))
    try:
        unit = unit_of(operation, pe, simd, str(element), target=target)
    except FoldingError:
        operation = operation_of(sf, nf * pe, str(accum), str(weight), seed)
        simd = 1
        unit = unit_of(operation, pe, simd, str(element), target=target)
    check(operation, pe, simd, str(element), target=target, dsps=int(rng.integers(unit.multipliers + 1)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"pe": 3}, "pe must divide its 4 outputs"),
        ({"order": (0, 1, 2, 3, 4, 4)}, "each of 6 inputs once"),
        ({"dsps": 7}, "dsps must be 0 to 6"),
    ],
)
def test_bad_folding(fields, message):
    fields = {"pe": 2, "simd": 3, "element": "fixed<7,3>"} | fields
    with pytest.raises(SettingsError, match=message):
        unit_of(operation_of(6, 4), **fields)


def test_bad_streams():
    operation, element = operation_of(6, 4), FixedPoint.parse("fixed<7,3>")
    with pytest.raises(SettingsError, match=r"k_order must be \(SF, 2\)"):
        MatVecUnit("dense", Stream("source", element, 2, 4), operation, 2, np.arange(6).reshape(2, 3), (-64, 63), False)
    with pytest.raises(SettingsError, match="vectors of 2, 2 times each"):
        MatVecUnit("dense", Stream("source", element, 3, 6), operation, 2, np.arange(6).reshape(2, 3), (-64, 63), False)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"SF": 0}, "matvec: PE, SIMD, SF and NF must be at least 1"),
        ({"SIMD": 2, "OVERFLOW": "SAT"}, "matvec: SIMD must be 1 where OVERFLOW is not WRAP"),
        ({"SHIFT": -16}, "matvec: SHIFT must be above -OUT_WIDTH"),
    ],
)
def test_illegal_parameters_stop_elaboration(parameters, message):
    with pytest.raises(ToolFailedError, match=message):
        elaborate("matvec", parameters)


@pytest.mark.parametrize(
    ("family", "parameters", "message"),
    [
        (GENERIC, {"PE": 2, "PACK": 4, "SHIFT": 1}, "matvec_products: PACK must be 0 where products are cast"),
        (ECP5, {"IN_WIDTH": 19, "DSPS": 1}, "multiplier: .* at most 18 in an ECP5 DSP block"),
        (ICE40, {"IN_WIDTH": 17, "DSPS": 1}, "multiplier: .* at most 16 in an iCE40 DSP block"),
    ],
)
def test_illegal_multipliers_stop_elaboration(family, parameters, message):
    files = library(MatVecUnit.module, family=family)
    with pytest.raises(ToolFailedError, match=message):
        build(
            files | cell_models(files),
            "matvec",
            [StreamPort("in_", 8)],
            [StreamPort("out_", 16)],
            parameters=parameters,
        )
