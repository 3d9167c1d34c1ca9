"""`scan_start`: what another stream brings, then what came in a step before, clock by clock as its timing says."""

import numpy as np
import pytest
from stream_cases import elaborate, raws, stream

from netloom.errors import SettingsError, ToolFailedError
from netloom.firmware.families import ECP5, FAMILIES, GENERIC, ICE40
from netloom.firmware.units.memories.styles import BLOCK, DISTRIBUTED, REGISTERS
from netloom.firmware.units.streams.scan_start import ScanStart
from netloom.testing.unit_bench import check_unit

CASES = {
    # steps, beats, element, lanes, target, what it is built of
    "a step": (1, 2, "fixed<5,3>", 2, GENERIC, DISTRIBUTED),
    "a beat": (2, 1, "fixed<5,3>", 2, GENERIC, DISTRIBUTED),
    "many steps": (7, 1, "ufixed<1,1>", 1, GENERIC, DISTRIBUTED),
    "three beats": (3, 3, "fixed<9,3>", 3, ECP5, DISTRIBUTED),
    "block RAM": (3, 100, "fixed<8,3>", 5, ECP5, BLOCK),
    "flip-flops on iCE40": (5, 3, "fixed<8,3>", 2, ICE40, REGISTERS),
}
SEQUENCES = 4


def carried(x, steps, start):
    """What goes out for states `x` that come in, raws (steps of all sequences, elements)."""
    out = np.empty_like(x)
    out[1:] = x[:-1]
    out[::steps] = start
    return out


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_state_begins_with_what_is_brought(case):
    steps, beats, element, lanes, target, style = case
    source = stream(element, lanes, beats)
    x, start = raws(source, samples=SEQUENCES * steps), raws(source, samples=SEQUENCES, seed=1)
    unit = ScanStart("state", source, steps, stream(element, lanes, beats), target=target)
    assert unit.parameters()["STYLE"] == style
    check_unit(unit, [x, start], [carried(x, steps, start)])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_random_sizes(seed):
    rng = np.random.default_rng(seed)
    source = stream(f"fixed<{rng.integers(1, 40)},3>", int(rng.integers(1, 5)), int(rng.integers(1, 30)))
    steps, target = int(rng.integers(1, 9)), list(FAMILIES.values())[seed % 3]
    x, start = raws(source, samples=SEQUENCES * steps, seed=seed), raws(source, samples=SEQUENCES, seed=seed + 1)
    unit = ScanStart(
        "state", source, steps, source, depth=max(source.beats, 2) + int(rng.integers(1, 5)), target=target
    )
    check_unit(unit, [x, start], [carried(x, steps, start)], seeds=range(8))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, not 0"),
        ({"start": stream("fixed<5,3>", 2, 2)}, "a state has 3 beats of 10 bits, and it is to begin with 2 of 10"),
        ({"depth": 2}, "depth must be at least 3 to hold a state, not 2"),
    ],
)
def test_refuses_what_cannot_be(changes, message):
    source = stream("fixed<5,3>", 2, 3)
    with pytest.raises(SettingsError, match=f"'state': {message}"):
        ScanStart(**{"name": "state", "source": source, "start": source, "steps": 2} | changes)


def test_illegal_parameters_stop_elaboration():
    with pytest.raises(ToolFailedError, match="scan_start: DEPTH must be at least BEATS"):
        elaborate("scan_start", {"DEPTH": 2, "BEATS": 3}, ("in", "start"))
