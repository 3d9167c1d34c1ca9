"""`replay_buffer`: beats again and again in overlapping groups, against fancy indexing, clock by clock."""

import numpy as np
import pytest
from stream_cases import elaborate, raws, stream

from netloom.errors import SettingsError, ToolFailedError
from netloom.firmware.families import ECP5, FAMILIES, ICE40
from netloom.firmware.units.memories.styles import BLOCK, DISTRIBUTED, REGISTERS
from netloom.firmware.units.windows.replay_buffer import ReplayBuffer, ReplayPattern
from netloom.testing.unit_bench import check_unit

PATTERNS = {
    # rows, groups, row_words, step, words, word_stride, repeats, repeat_stride
    "dense": (1, 1, 12, 0, 12, 1, 5, 0),
    "dense, one word": (1, 1, 1, 0, 1, 1, 4, 0),
    "dense, no repeat": (1, 1, 9, 0, 9, 1, 1, 0),
    "sequence of dense": (3, 1, 4, 0, 4, 1, 3, 0),
    "broadcast": (1, 6, 6, 1, 1, 1, 5, 0),
    "convolution": (4, 6, 8, 1, 3, 1, 4, 0),
    "convolution, no repeat": (4, 6, 8, 1, 3, 1, 1, 0),
    "convolution with slices": (2, 4, 12, 2, 6, 1, 2, 0),
    "convolution with stride": (3, 3, 8, 2, 3, 1, 2, 0),
    "depthwise with slices": (3, 4, 12, 2, 3, 2, 2, 1),
    "pooling leaves columns over": (2, 2, 8, 3, 3, 1, 1, 0),
    "stride longer than the kernel": (3, 3, 11, 4, 2, 1, 2, 0),
    "much left over": (2, 2, 40, 1, 2, 1, 2, 0),
    "long step, much left over": (2, 2, 50, 20, 2, 1, 2, 0),
    "same beat": (2, 4, 4, 1, 3, 0, 2, 0),
    "backwards between repeats": (2, 3, 13, 2, 4, 2, 3, 1),
}

TYPICAL = {"dense", "broadcast", "convolution with slices", "depthwise with slices", "much left over"}
ALL = [pytest.param(p, id=n, marks=[] if n in TYPICAL else [pytest.mark.slow]) for n, p in PATTERNS.items()]


def replay(pattern, element="fixed<6,2>", lanes=2, **more):
    rows, groups, row_words, *rest = pattern
    source = stream(element, lanes, rows * row_words)
    return ReplayBuffer("replay", source, rows, ReplayPattern(groups, row_words, *rest), **more)


def expected(unit, x):
    """What the definition says: int64 (samples, elements)."""
    pattern = unit.pattern
    group, repeat, word = np.ogrid[: pattern.groups, : pattern.repeats, : pattern.words]
    index = group * pattern.step + repeat * pattern.repeat_stride + word * pattern.word_stride
    rows = x.reshape(len(x), unit.rows, pattern.row_words, unit.source.lanes)
    return rows[:, :, index].reshape(len(x), -1)


def latency(unit):
    """Clock cycles from a beat's arrival to its offer, if it is the next one to give."""
    return 3 if unit.style == BLOCK else 2


def depths(pattern):
    """The fewest places, the default, a power of two, and something between."""
    order = ReplayPattern(*pattern[1:])
    least, default = order.least_depth, order.default_depth
    return sorted({least, (least + default) // 2, default, 1 << (default - 1).bit_length()})


@pytest.mark.parametrize("pattern", ALL)
def test_default_depth(pattern):
    unit = replay(pattern)
    samples = 8
    x = raws(unit.source, samples)
    flowing = check_unit(unit, [x], [expected(unit, x)])[0]
    # The interval is as told, and reading starts at once.
    ends = flowing.given[0].reshape(samples, -1)[:, -1]
    assert ends[-1] - ends[-2] == unit.interval == max(unit.source.beats, unit.outputs[0].beats)
    assert flowing.given[0][0] == latency(unit)


@pytest.mark.parametrize("pattern", ALL)
def test_least_depth(pattern):
    least = ReplayPattern(*pattern[1:]).least_depth
    unit = replay(pattern, depth=least)
    samples = 8
    x = raws(unit.source, samples)
    flowing = check_unit(unit, [x], [expected(unit, x)])[0]
    ends = flowing.given[0].reshape(samples, -1)[:, -1]
    assert ends[-1] - ends[-2] == unit.interval
    with pytest.raises(SettingsError, match=f"'replay': depth must be at least {least}, not {least - 1}"):
        replay(pattern, depth=least - 1)


STYLES = {
    "LUT RAM": ("fixed<6,2>", 2, ECP5, DISTRIBUTED),
    "block RAM for width": ("fixed<16,2>", 32, ECP5, BLOCK),
    "block RAM of iCE40": ("fixed<6,2>", 2, ICE40, BLOCK),
    "flip-flops": ("ufixed<1,1>", 1, ICE40, REGISTERS),
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("name", ["dense", "pooling leaves columns over"])
def test_whatever_it_is_built_of(name, style):
    element, lanes, target, built_of = style
    pattern = PATTERNS[name]
    for depth in depths(pattern)[1:2] if built_of != BLOCK else [64]:
        unit = replay(pattern, element, lanes, target=target, depth=depth)
        assert unit.style == built_of
        x = raws(unit.source, 6)
        flowing = check_unit(unit, [x], [expected(unit, x)])[0]
        assert flowing.given[0][0] == latency(unit)


def test_full_throughput_while_the_next_inference_comes_in():
    unit = replay((1, 1, 16, 0, 16, 1, 4, 0))
    x = raws(unit.source, 5)
    given = check_unit(unit, [x], [expected(unit, x)], seeds=())[0].given[0]
    np.testing.assert_array_equal(given, np.arange(len(given)) + latency(unit))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": 0}, "rows must be at least 1, not 0"),
        ({"words": 0}, "words must be at least 1, not 0"),
        ({"word_stride": -1}, "word_stride must not be negative, and is -1"),
        ({"step": 0}, "step must be at least 1 where there are several groups"),
        ({"rows": 3}, "3 rows of 8 beats do not make the 16 of an inference"),
        ({"groups": 7}, "the last group reads beat 8 of a row of 8"),
    ],
)
def test_refuses_contradictions(change, message):
    rows = change.get("rows", 2)
    change = {name: value for name, value in change.items() if name != "rows"}
    fields = {"groups": 6, "row_words": 8, "step": 1, "words": 3, "word_stride": 1, "repeats": 4, "repeat_stride": 0}
    with pytest.raises(SettingsError, match=f"replay buffer 'replay': {message}"):
        ReplayBuffer("replay", stream("fixed<6,2>", 2, 16), rows, ReplayPattern(**(fields | change)))


def random_pattern(rng):
    groups, words, repeats = (int(n) for n in rng.integers(1, 6, 3))
    step, word_stride, repeat_stride = int(rng.integers(1, 7)), int(rng.integers(0, 5)), int(rng.integers(0, 5))
    span = (repeats - 1) * repeat_stride + (words - 1) * word_stride
    row_words = (groups - 1) * step + span + 1 + int(rng.choice([0, 0, 1, 3, 30]))
    return int(rng.integers(1, 4)), groups, row_words, step, words, word_stride, repeats, repeat_stride


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_random_patterns(seed):
    rng = np.random.default_rng(seed)
    pattern = random_pattern(rng)
    depth = int(rng.choice(depths(pattern)))
    unit = replay(
        pattern,
        f"fixed<{rng.integers(1, 20)},3>",
        int(rng.integers(1, 5)),
        depth=depth,
        target=list(FAMILIES.values())[seed % 3],
    )
    x = raws(unit.source, 8, seed)
    flowing = check_unit(unit, [x], [expected(unit, x)], seeds=range(8))[0]
    ends = flowing.given[0].reshape(8, -1)[:, -1]
    assert ends[-1] - ends[-2] == unit.interval


def test_default_depth_never_waits():
    """The default's claim, on thousands of patterns, by the timing model that the tests above hold against the RTL."""
    rng = np.random.default_rng(0)
    for _ in range(1500):
        unit = replay(random_pattern(rng))
        assert unit._measured_interval() == unit.interval


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"WORDS": 0}, "GROUPS, WORDS and REPEATS must be at least 1"),
        ({"ROW_WORDS": 7}, "ROW_WORDS must be more than"),
        ({"DEPTH": 7}, "DEPTH must be at least 2, and more than"),
        ({"GROUPS": 2, "ROW_WORDS": 20}, "WORD_STRIDE and REPEAT_STRIDE must not be negative, and STEP positive"),
    ],
)
def test_illegal_parameters_stop_elaboration(parameters, message):
    with pytest.raises(ToolFailedError, match=f"replay_buffer: {message}"):
        elaborate("replay_buffer", parameters)
