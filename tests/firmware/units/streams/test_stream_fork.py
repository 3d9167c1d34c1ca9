"""`stream_fork`: every output gets every beat, in its own time, clock by clock as its timing says."""

import numpy as np
import pytest
from stream_cases import elaborate, raws, stream

from netloom.errors import SettingsError, ToolFailedError
from netloom.firmware.units.streams.stream_fork import StreamFork
from netloom.testing.unit_bench import check_unit


@pytest.mark.parametrize(
    ("count", "element", "lanes"), [(2, "fixed<6,2>", 3), (3, "ufixed<1,1>", 1), (5, "fixed<9,1>", 4)]
)
def test_same_beats_everywhere(count, element, lanes):
    source = stream(element, lanes, beats=4)
    unit = StreamFork("fork_of_source", source, count)
    x = raws(source, samples=15)
    flowing = check_unit(unit, [x], [x] * count)[0]
    np.testing.assert_array_equal(flowing.taken[0], np.arange(60))
    for given in flowing.given:
        np.testing.assert_array_equal(given, flowing.taken[0] + 1)
    assert [output.name for output in unit.outputs] == [f"fork_of_source_out{i}" for i in range(count)]


def test_outputs_do_not_wait_for_each_other_within_a_beat():
    source = stream("fixed<6,2>", 1, beats=4)
    x = raws(source, samples=30)
    stalled = check_unit(StreamFork("copies", source, 2), [x], [x, x])[1]
    first, second = stalled.given
    assert (first < second).any() and (first > second).any()
    assert (stalled.taken[0][1:] >= np.maximum(first, second)[:-1]).all()


def test_refuses_a_single_output():
    with pytest.raises(SettingsError, match="'copies': count must be at least 2, not 1"):
        StreamFork("copies", stream("fixed<5,3>", 1, 4), 1)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"COUNT": 1}, "COUNT must be at least 2"),
    ],
)
def test_illegal_parameters_stop_elaboration(parameters, message):
    with pytest.raises(ToolFailedError, match=f"stream_fork: {message}"):
        elaborate("stream_fork", parameters)
