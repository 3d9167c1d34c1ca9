"""`stream_register`: the same beats, clock by clock as its timing says, and nothing combinational through it."""

import numpy as np
import pytest
from stream_cases import raws, stream

from netloom.firmware.units.streams.stream_register import StreamRegister
from netloom.testing.unit_bench import check_unit


@pytest.mark.parametrize(("element", "lanes"), [("ufixed<1,1>", 1), ("fixed<7,3>", 3), ("fixed<16,6>", 9)])
def test_same_beats(element, lanes):
    source = stream(element, lanes, beats=5)
    x = raws(source, samples=12)
    flowing = check_unit(StreamRegister("register", source), [x], [x])[0]
    np.testing.assert_array_equal(flowing.taken[0], np.arange(60))
    np.testing.assert_array_equal(flowing.given[0], flowing.taken[0] + 1)
