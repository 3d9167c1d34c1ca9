"""`scan_state`: the initial state, then what came in a step before, clock by clock as its timing says."""

import numpy as np
import pytest
from stream_cases import elaborate, raws, stream

from netloom.errors import SettingsError, ToolFailedError
from netloom.firmware.families import ECP5, FAMILIES, GENERIC, ICE40
from netloom.firmware.units.memories.styles import BLOCK, DISTRIBUTED, REGISTERS
from netloom.firmware.units.streams.scan_state import ScanState
from netloom.testing.unit_bench import check_unit

CASES = {
    # steps, beats, element, lanes, target, what it is built of
    "a beat": (2, 1, "fixed<5,3>", 2, GENERIC, DISTRIBUTED),
    "many steps": (7, 1, "ufixed<1,1>", 1, GENERIC, DISTRIBUTED),
    "three beats": (3, 3, "fixed<9,3>", 3, ECP5, DISTRIBUTED),
    "a power of two": (4, 8, "fixed<4,3>", 1, ECP5, DISTRIBUTED),
    "block RAM": (3, 100, "fixed<8,3>", 5, ECP5, BLOCK),
    "flip-flops on iCE40": (5, 3, "fixed<8,3>", 2, ICE40, REGISTERS),
}
SEQUENCES = 4


def carried(x, steps, initial):
    """What goes out for states `x` that come in, raws (steps of all sequences, elements); the next beginning, too."""
    out = np.empty((len(x) + 1, x.shape[1]), x.dtype)
    out[1:] = x
    out[::steps] = initial
    return out


@pytest.mark.parametrize("zeros", [True, False])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_state_comes_back_in_the_next_step(case, zeros):
    steps, beats, element, lanes, target, style = case
    source = stream(element, lanes, beats)
    x = raws(source, samples=SEQUENCES * steps)
    initial = np.zeros(beats * lanes, int) if zeros else raws(source, samples=1, seed=1)[0]
    unit = ScanState("state", source, steps, tuple(initial.tolist()), target=target)
    assert unit.parameters()["STYLE"] == style
    assert bool(unit.memories()) == initial.any()
    flowing = check_unit(unit, [x], [carried(x, steps, initial)])[0]
    # Nothing waits: the initial state comes out at once, while the first step's result already goes in.
    np.testing.assert_array_equal(flowing.given[0][:beats], np.arange(beats))
    np.testing.assert_array_equal(flowing.taken[0][:beats], np.arange(beats))


@pytest.mark.parametrize("case", ["a beat", "three beats", "block RAM"])
def test_a_state_that_is_kept_comes_back_in_the_next_sequence_too(case):
    steps, beats, element, lanes, target, _ = CASES[case]
    source = stream(element, lanes, beats)
    x, initial = raws(source, samples=SEQUENCES * steps), raws(source, samples=1, seed=1)[0]
    for number in (steps, 1):
        unit = ScanState("state", source, number, tuple(initial.tolist()), target=target, keep=True)
        check_unit(unit, [x[:-1]], [carried(x[:-1], len(x), initial)])


def test_equal_beats_of_an_initial_state_are_kept_once():
    source = stream("fixed<5,3>", 2, beats=3)
    unit = ScanState("state", source, 2, (1, -2) * 3)
    assert unit.memories() == {"state.mem": "3c1\n"}
    x = raws(source, samples=6)
    check_unit(unit, [x], [carried(x, 2, np.array(unit.initial))])


def test_the_last_step_is_taken_though_nobody_takes_the_next_state():
    """So that a sequence ends when no other follows."""
    timing = ScanState("state", stream("fixed<5,3>", 1, beats=2), 2, (0, 0)).timing()
    for _ in range(2 * 2):
        assert timing.valid() == (True,)
        timing.clock((timing.ready((True,), (False,))[0],), (False,))
    assert timing.ready((True,), (False,)) == (True,), "room for a state and a beat"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, not 0"),
        ({"initial": (1, 2)}, "a state has 6 elements, and 2 are given to begin with"),
        ({"initial": (0, 0, 16, 0, 0, 0)}, "fixed<5,3,TRN,WRAP> does not hold a raw of 16"),
        ({"depth": 2}, "depth must be at least 3 to hold a state, not 2"),
    ],
)
def test_refuses_what_cannot_be(changes, message):
    fields = {"source": stream("fixed<5,3>", 2, 3), "steps": 2, "initial": (0,) * 6} | changes
    with pytest.raises(SettingsError, match=f"'state': {message}"):
        ScanState("state", **fields)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_random_sizes(seed):
    rng = np.random.default_rng(seed)
    source = stream(f"fixed<{rng.integers(1, 40)},3>", int(rng.integers(1, 5)), int(rng.integers(1, 30)))
    steps, target = int(rng.integers(2, 9)), list(FAMILIES.values())[seed % 3]
    x = raws(source, samples=SEQUENCES * steps, seed=seed)
    unit = ScanState(
        "state", source, steps, tuple(x[0].tolist()), depth=source.beats + int(rng.integers(1, 5)), target=target
    )
    check_unit(unit, [x], [carried(x, steps, x[0])], seeds=range(8))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"DEPTH": 2, "BEATS": 3}, "DEPTH must be at least BEATS"),
        ({"DEPTH": 4, "BEATS": 3, "WORDS": 2}, "WORDS must be 1 or BEATS"),
    ],
)
def test_illegal_parameters_stop_elaboration(parameters, message):
    with pytest.raises(ToolFailedError, match=f"scan_state: {message}"):
        elaborate("scan_state", parameters)
