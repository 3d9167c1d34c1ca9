"""`scan_last`: the last step's beats, clock by clock as its timing says."""

import numpy as np
import pytest
from stream_cases import raws, stream

from netloom.errors import SettingsError
from netloom.firmware.units.streams.scan_last import ScanLast
from netloom.testing.unit_bench import check_unit


@pytest.mark.parametrize(
    ("steps", "beats", "element", "lanes"),
    [(1, 3, "fixed<5,3>", 2), (2, 1, "ufixed<1,1>", 1), (3, 4, "fixed<9,1>", 3), (8, 2, "fixed<4,3>", 1)],
)
def test_the_last_of_all_steps(steps, beats, element, lanes):
    source = stream(element, lanes, beats)
    x = raws(source, samples=5 * steps)
    unit = ScanLast("last", source, steps)
    flowing = check_unit(unit, [x], [x[steps - 1 :: steps]])[0]
    np.testing.assert_array_equal(flowing.taken[0], np.arange(5 * steps * beats))
    np.testing.assert_array_equal(flowing.given[0].reshape(5, beats)[:, -1] + 0, unit.interval * np.arange(1, 6))


def test_refuses_no_step():
    with pytest.raises(SettingsError, match="'last': steps must be at least 1, not 0"):
        ScanLast("last", stream("fixed<5,3>", 1, 4), 0)
