"""`stream_width`: the same elements in wider or narrower beats, clock by clock as its timing says, without pauses."""

import numpy as np
import pytest
from stream_cases import elaborate, raws, stream

from netloom.errors import SettingsError, ToolFailedError
from netloom.firmware.units.streams.stream_width import StreamWidth
from netloom.testing.unit_bench import check_unit

CASES = {
    # lanes in, lanes out, beats in, element
    "one to two": (1, 2, 6, "fixed<5,3>"),
    "two to one": (2, 1, 3, "fixed<5,3>"),
    "one to three": (1, 3, 6, "ufixed<1,1>"),
    "three to one": (3, 1, 5, "ufixed<1,1>"),
    "four to twelve": (4, 12, 3, "fixed<7,3>"),
    "twelve to four": (12, 4, 2, "fixed<7,3>"),
    "one to sixteen": (1, 16, 16, "fixed<4,3>"),
    "sixteen to one": (16, 1, 2, "fixed<4,3>"),
    "one to nine": (1, 9, 9, "fixed<4,3>"),
    "nine to one": (9, 1, 2, "fixed<4,3>"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same_elements(case):
    few, many, beats, element = case
    source = stream(element, few, beats)
    unit = StreamWidth("width", source, many)
    x = raws(source, samples=10)
    flowing = check_unit(unit, [x], [x])[0]
    narrow = flowing.taken[0] if few < many else flowing.given[0]
    np.testing.assert_array_equal(narrow, np.arange(len(narrow)) + narrow[0])
    assert unit.interval == len(narrow) // 10


@pytest.mark.parametrize(("few", "many", "beats"), [(4, 6, 3), (3, 3, 4), (4, 0, 2)])
def test_refuses_lanes_that_do_not_divide(few, many, beats):
    with pytest.raises(SettingsError, match=f"'width': lanes must be a divisor or a multiple .* {few}, not {many}"):
        StreamWidth("width", stream("fixed<5,3>", few, beats), many)


def test_refuses_to_leave_a_beat_unfilled():
    with pytest.raises(SettingsError, match="'width': lanes must divide the 6 elements of an inference, and 4 do not"):
        StreamWidth("width", stream("fixed<5,3>", 2, 3), 4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(15))
def test_random_ratios(seed):
    rng = np.random.default_rng(seed)
    lanes, ratio = (int(n) for n in rng.integers((1, 2), (6, 20)))
    few, many = (lanes, lanes * ratio) if seed % 2 else (lanes * ratio, lanes)
    source = stream(f"fixed<{rng.integers(1, 20)},3>", few, beats=ratio * int(rng.integers(1, 4)))
    x = raws(source, samples=12, seed=seed)
    check_unit(StreamWidth("width", source, many), [x], [x], seeds=range(8))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"IN_WIDTH": 8, "OUT_WIDTH": 8}, "IN_WIDTH and OUT_WIDTH must differ"),
        ({"IN_WIDTH": 8, "OUT_WIDTH": 20}, "IN_WIDTH must be a multiple or a divisor of OUT_WIDTH"),
    ],
)
def test_illegal_parameters_stop_elaboration(parameters, message):
    with pytest.raises(ToolFailedError, match=f"stream_width: {message}"):
        elaborate("stream_width", parameters)
