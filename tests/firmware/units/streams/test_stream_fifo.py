"""`stream_fifo`: the same beats, exactly `depth` of them at a time, clock by clock as its timing says."""

import numpy as np
import pytest
from stream_cases import elaborate, raws, stream

from netloom.errors import SettingsError, ToolFailedError
from netloom.firmware.families import ECP5, FAMILIES, GENERIC, ICE40
from netloom.firmware.units.memories.styles import BLOCK, DISTRIBUTED, REGISTERS
from netloom.firmware.units.streams.stream_fifo import StreamFifo
from netloom.sim.hardware.verilator import Stalls
from netloom.testing.unit_bench import build_unit, check_unit

CASES = {
    # depth, element, lanes, target, what it is built of
    "two places": (2, "fixed<5,3>", 2, GENERIC, DISTRIBUTED),
    "three places": (3, "fixed<5,3>", 2, ECP5, DISTRIBUTED),
    "one row of LUT RAM": (17, "fixed<9,3>", 3, ECP5, DISTRIBUTED),
    "two rows of LUT RAM": (18, "ufixed<4,3>", 1, ECP5, DISTRIBUTED),
    "block RAM": (200, "fixed<8,3>", 5, ECP5, BLOCK),
    "block RAM, a power of two of words": (258, "fixed<8,3>", 1, GENERIC, BLOCK),
    "three block RAMs, one after the other": (1100, "fixed<18,3>", 2, ECP5, BLOCK),
    "three block RAMs, one word in the last": (2 * 256 + 3, "fixed<8,3>", 2, ICE40, BLOCK),
    "flip-flops on iCE40": (4, "fixed<8,3>", 5, ICE40, REGISTERS),
    "shallow in block RAM": (5, "fixed<8,3>", 5, ICE40, BLOCK),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same_beats(case):
    depth, element, lanes, target, style = case
    source = stream(element, lanes, beats=4)
    unit = StreamFifo("fifo", source, depth, target=target)
    assert unit.style == style
    x = raws(source, samples=depth + 20)
    flowing = check_unit(unit, [x], [x])[0]
    np.testing.assert_array_equal(flowing.taken[0], np.arange(x.shape[0] * 4))
    np.testing.assert_array_equal(flowing.given[0], flowing.taken[0] + (3 if style == BLOCK else 1))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_holds_exactly_depth_beats(case):
    depth, element, lanes, target, _ = case
    source = stream(element, lanes, beats=4)
    unit = StreamFifo("fifo", source, depth, target=target)
    x = raws(source, samples=depth + 40)
    words = source.pack(x)
    # The sink sleeps for long, and the source does not: full, empty, and full again.
    result = build_unit(unit).run([words], [len(words)], Stalls(1, 0.0, 0.6, burst=4 * depth))
    taken, given = (np.zeros(result.cycles, int) for _ in range(2))
    taken[result.taken[0]] = 1
    given[result.given[0]] = 1
    assert (taken.cumsum() - given.cumsum()).max() == depth


def test_refuses_less_than_two_places():
    with pytest.raises(SettingsError, match="'fifo': depth must be at least 2, not 1"):
        StreamFifo("fifo", stream("fixed<5,3>", 1, 4), 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(15))
def test_random_sizes(seed):
    rng = np.random.default_rng(seed)
    source = stream(f"fixed<{rng.integers(1, 40)},3>", int(rng.integers(1, 5)), beats=3)
    unit = StreamFifo("fifo", source, int(rng.integers(2, 70)), target=list(FAMILIES.values())[seed % 3])
    x = raws(source, samples=60, seed=seed)
    check_unit(unit, [x], [x], seeds=range(8))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"DEPTH": 1}, "DEPTH must be at least 2"),
        ({"DEPTH": 4, "STYLE": "block"}, "DEPTH must be at least 5 in block RAM"),
        ({"STYLE": "block", "BANK": 3}, "BANK must be a power of two, at least 2"),
        ({"STYLE": "marble"}, "STYLE must be block, distributed or registers"),
    ],
)
def test_illegal_parameters_stop_elaboration(parameters, message):
    with pytest.raises(ToolFailedError, match=f"stream_fifo: {message}"):
        elaborate("stream_fifo", parameters)
