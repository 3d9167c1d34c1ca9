"""`gather`: rows of a table, beat by beat, clock by clock as its timing says; indices beyond the table too."""

import numpy as np
import pytest

from netloom.errors import SettingsError
from netloom.firmware.families import ECP5, ICE40
from netloom.firmware.stream import Stream
from netloom.firmware.units.memories.gather import GatherUnit
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Gather
from netloom.testing.operations import random_raws, run_in_integers, tensor
from netloom.testing.unit_bench import check_unit

ELEMENT = FixedPoint.parse("fixed<6,3>")
CASES = {
    # index, rows, length, lanes
    "whole rows": ("ufixed<4,4>", 11, 3, 3),
    "a beat an element": ("ufixed<4,4>", 11, 3, 1),
    "some elements a beat": ("fixed<6,6>", 16, 8, 2),
    "fractions": ("fixed<7,4>", 5, 4, 2),
    "steps of four": ("ufixed<2,4>", 9, 4, 1),
    "one row": ("ufixed<3,3>", 1, 4, 2),
    "one row, whole": ("ufixed<3,3>", 1, 2, 2),
    "a word": ("ufixed<1,1>", 2, 1, 1),
    "in block RAM": ("ufixed<8,8>", 200, 12, 4),
}


def unit_of(index, rows, length, lanes, numbers=7, **fields):
    table = np.random.default_rng(rows).integers(-32, 32, (rows, length))
    beats = numbers * (length // lanes)
    return GatherUnit("rows", Stream("index", FixedPoint.parse(index), 1, beats), table, ELEMENT, lanes, **fields)


def check(case, **fields):
    index, _, length, lanes = case
    unit = unit_of(*case, **fields)
    numbers = [tensor((7,), index)]
    (x,) = random_raws(numbers, 1, 20)
    expected = run_in_integers(Gather(unit.rows, ELEMENT), numbers, [x])
    again = np.repeat(x, length // lanes, axis=1)
    flowing = check_unit(unit, [again], [expected.reshape(20, -1)])[0]
    taken = flowing.taken[0]
    assert taken[-1] - taken[0] == len(taken) - 1  # a beat a clock
    return unit


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_rows(case):
    check(case)


@pytest.mark.parametrize("target", [ECP5, ICE40])
def test_memories_of_families(target):
    unit = check(CASES["in block RAM"], target=target)
    assert unit.parameters()["BLOCK"] == 1
    assert unit.resources().rams == ((200 * 4, 24),)
    assert check(CASES["whole rows"], target=target).parameters()["BLOCK"] == 0


def test_refuses_indices_that_do_not_fit():
    with pytest.raises(SettingsError, match="lanes must divide 8, not be 3"):
        unit_of("ufixed<4,4>", 5, 8, 3)
    with pytest.raises(SettingsError, match="each 4 times, not 7 beats of 1"):
        GatherUnit("rows", Stream("index", FixedPoint(4, 4, False), 1, 7), np.zeros((5, 8), int), ELEMENT, 2)
