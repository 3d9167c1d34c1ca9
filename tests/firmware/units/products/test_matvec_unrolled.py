"""`matvec_unrolled` against the operation, and its timing clock by clock."""

from itertools import pairwise

import numpy as np
import pytest
from stream_cases import may_saturate

from netloom.errors import FoldingError, SettingsError
from netloom.firmware.families import ECP5, FAMILIES
from netloom.firmware.stream import Stream
from netloom.firmware.units.products.matvec_unrolled import MatVecUnrolled
from netloom.firmware.units.products.shift_add import digit_count, linear_network, signed_digits
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import MatVec
from netloom.rounding import Rounding
from netloom.testing.operations import random_raws, run_in_integers, tensor
from netloom.testing.unit_bench import check_unit

BIAS = FixedPoint.parse("fixed<6,4>")


def operation_of(inputs, outputs, accum="fixed<24,14>", weight="fixed<5,2>", seed=3, bias=True):
    rng = np.random.default_rng(seed)
    type_ = FixedPoint.parse(weight)
    matrix = rng.integers(type_.raw_min, type_.raw_max, (inputs, outputs), endpoint=True)
    offsets = rng.integers(-20, 20, outputs) if bias else np.zeros(outputs, dtype=np.int64)
    return MatVec(matrix, type_, offsets, BIAS, FixedPoint.parse(accum))


def check(operation, element="fixed<7,3>", positions=3, seeds=(1, 2), batch=8, **fields):
    inputs = operation.weights.shape[0]
    source = Stream("source", FixedPoint.parse(element), inputs, positions)
    assert not may_saturate(operation, (inputs,), source.element)
    unit = MatVecUnrolled("dense", source, operation, saturates=False, **fields)
    type_ = tensor((positions, inputs), element)
    (x,) = random_raws([type_], 1, batch)
    flowing = check_unit(unit, [x.reshape(len(x), -1)], [run_in_integers(operation, [type_], [x])], seeds)[0]
    # One beat a clock: credits never hold up what flows.
    taken = flowing.taken[0]
    assert taken[-1] - taken[0] == len(taken) - 1
    return unit


@pytest.mark.parametrize("value", range(-70, 70))
def test_signed_digits(value):
    digits = signed_digits(value)
    assert sum((-1 if negative else 1) << position for position, negative in digits) == value
    positions = [position for position, _ in digits]
    assert all(b - a > 1 for a, b in pairwise(positions)), "two digits side by side"


def test_digits_are_counted_as_they_are_found():
    weights = np.random.default_rng(0).integers(-(2**40), 2**40, (50, 4))
    assert digit_count(weights) == sum(len(signed_digits(weight)) for weight in weights.ravel().tolist())


@pytest.mark.parametrize("seed", range(20))
def test_the_network_is_the_matrix(seed):
    rng = np.random.default_rng(seed)
    weights = rng.integers(-40, 40, rng.integers(1, 9, 2)) * (rng.random() < rng.random((1, 1)))
    weights = weights.reshape(weights.shape[-2:])
    inputs = len(weights)
    network, sums = linear_network(weights, -8, 7)
    for column, term in zip(weights.T.tolist(), sums, strict=True):
        made = np.zeros(inputs, dtype=np.int64)
        if term is not None:
            for leaf, coefficient in network.nodes[term.node].coefficients.items():
                made[leaf] += (-coefficient if term.negative else coefficient) << term.shift
        assert made.tolist() == column


def test_sharing_saves_additions():
    weights = np.random.default_rng(0).integers(-32, 32, (16, 16))
    network, _ = linear_network(weights, -8, 7)
    digits = sum(len(signed_digits(weight)) for weight in weights.ravel().tolist())
    assert len(network.nodes) - 16 < 0.75 * (digits - 16)


@pytest.mark.parametrize("target", tuple(FAMILIES.values()))
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (5, 1), (6, 4), (16, 10)])
@pytest.mark.parametrize("accum", ["fixed<24,14>", pytest.param("fixed<10,3>", marks=pytest.mark.slow)])
def test_shapes(shape, accum, target):
    check(operation_of(*shape, accum), target=target)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("element", ["fixed<7,3>", "ufixed<3,5>", "ufixed<1,1>", "fixed<1,1>"])
@pytest.mark.parametrize(
    "weight",
    [
        "fixed<5,2>",
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("ufixed<4,2>", "fixed<2,2>", "fixed<1,1>")),
    ],
)
def test_types(element, weight, bias):
    check(operation_of(6, 4, weight=weight, bias=bias), element, target=ECP5, seeds=(1,))


@pytest.mark.parametrize("accum", ["ufixed<11,4>", "fixed<1,1>", "fixed<30,12>", "fixed<24,14,TRN,SAT>"])
def test_accumulators(accum):
    check(operation_of(6, 4, accum))


@pytest.mark.parametrize("rounding", Rounding)
def test_products_are_rounded(rounding):
    check(operation_of(6, 4, f"fixed<9,6,{rounding}>"), target=ECP5, seeds=(1,))
    check(operation_of(6, 4, f"fixed<9,6,{rounding}>"), "ufixed<6,3>", seeds=(1,))


def test_elements_wider_than_64_bits():
    for accum in ("fixed<90,60>", "fixed<100,60>"):  # rounded, and not
        check(operation_of(3, 2, accum), "fixed<70,40>", positions=2, seeds=(1,))


def test_zeros():
    operation = operation_of(4, 3)
    operation.weights[:, 1] = 0
    operation.weights[2] = 0
    check(operation)
    operation.weights[:] = 0
    check(operation)
    check(operation_of(4, 3, weight="ufixed<1,1>", bias=False))


def test_only_wires():
    operation = operation_of(3, 3, bias=False)
    operation.weights[:] = np.diag([1, 2, 4])
    assert check(operation).latency == 1
    operation.weights[:] = -operation.weights
    assert check(operation).latency == 2


def test_sources_are_the_same_every_time():
    texts = [
        MatVecUnrolled("dense", Stream("x", FixedPoint(6, 2), 8, 1), operation_of(8, 8), False).sources()
        for _ in range(2)
    ]
    assert texts[0] == texts[1]


def test_what_cannot_be_unrolled():
    operation = operation_of(6, 4, "fixed<10,3,TRN,SAT>")
    stream = Stream("source", FixedPoint.parse("fixed<7,3>"), 6, 1)
    with pytest.raises(FoldingError, match="cannot be unrolled"):
        MatVecUnrolled("dense", stream, operation, saturates=True)
    MatVecUnrolled("dense", stream, operation, saturates=False)
    with pytest.raises(SettingsError, match="a beat must be 6 elements, not 3"):
        MatVecUnrolled("dense", Stream("source", FixedPoint(7, 3), 3, 2), operation_of(6, 4), saturates=False)
