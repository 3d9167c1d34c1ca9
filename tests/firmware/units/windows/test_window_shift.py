"""`window_shift`, alone and behind `line_buffer`'s order, against slices of its rows; its timing clock by clock."""

import numpy as np
import pytest
from stream_cases import elaborate

from netloom.errors import SettingsError, ToolFailedError
from netloom.firmware.stream import Stream
from netloom.firmware.units.windows.geometry import Geometry
from netloom.firmware.units.windows.window_shift import WindowShift
from netloom.hls.dataflow import Window
from netloom.testing.operations import random_raws, run_in_integers, tensor
from netloom.testing.unit_bench import check_unit

SHAPES = {
    # rows, columns in a row, lanes, kernel width, stride, dilation
    "plain": (3, 6, 2, 3, 1),
    "stride": (2, 8, 1, 3, 2),
    "stride leaves columns over": (2, 7, 1, 2, 4),
    "one column windows": (2, 4, 3, 1, 1),
    "one column windows with stride": (3, 5, 1, 1, 2),
    "the whole row": (4, 3, 2, 3, 1),
    "one column a row": (5, 1, 1, 1, 1),
    "long windows": (2, 12, 1, 9, 1),
    "dilated": (2, 9, 2, 3, 1, 2),
    "dilated, with stride": (2, 11, 1, 2, 3, 4),
    "dilated windows of one column": (2, 4, 1, 1, 1, 6),
}


def row(width, kernel, stride, dilation=1):
    return Geometry(1, width, 1, (1, kernel), (1, stride), ((0, 0), (0, 0)), (1, dilation))


def window_shift(shape, element="fixed<5,3>"):
    rows, width, lanes, kernel, stride, dilation = (*shape, 1)[:6]
    type_ = tensor((rows, width, lanes), element)
    source = Stream("source", type_.element, lanes, rows * width)
    return WindowShift("shift", source, row(width, kernel, stride, dilation)), type_


def windows(unit, x):
    """(samples, rows, width, lanes) -> samples of windows in the order of the unit's output."""
    geometry = unit.geometry
    taken = np.arange(geometry.kernel[1]) * geometry.dilation[1]
    starts = range(0, geometry.width - taken[-1], geometry.stride[1])
    return np.stack([x[:, :, start + taken] for start in starts], axis=2).reshape(len(x), -1)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_windows(shape):
    unit, type_ = window_shift(shape)
    (x,) = random_raws([type_], batch=6)
    flowing = check_unit(unit, [x], [windows(unit, x)])[0]
    assert flowing.cycles <= 6 * unit.interval + 2
    assert unit.interval == unit.source.beats


def test_windows_of_a_sequence_are_those_of_the_operation():
    window = Window((3,), (2,), ((0, 0),))
    type_ = tensor((9, 4), "ufixed<6,2>")
    unit = WindowShift("shift", Stream("source", type_.element, 4, 9), row(9, 3, 2))
    (x,) = random_raws([type_])
    check_unit(unit, [x], [run_in_integers(window, [type_], [x])])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_random_geometry(seed):
    rng = np.random.default_rng(seed)
    width = int(rng.integers(1, 12))
    kernel = int(rng.integers(1, width + 1))
    shape = (int(rng.integers(1, 5)), width, int(rng.integers(1, 4)), kernel, int(rng.integers(1, 4)))
    unit, type_ = window_shift(shape, f"fixed<{rng.integers(1, 18)},3>")
    (x,) = random_raws([type_], seed, batch=4)
    check_unit(unit, [x], [windows(unit, x)], seeds=range(seed, seed + 4))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 4, 1, 5, 1), "kernel_width must be 1 to 4"),
        ((2, 4, 1, 0, 1), "not 0 and 1"),
        ((2, 4, 1, 2, 0), "not 2 and 0"),
    ],
)
def test_refuses_a_window_that_does_not_fit(shape, message):
    with pytest.raises(SettingsError, match=message):
        window_shift(shape)


def test_refuses_a_stream_that_is_no_rows():
    _, type_ = window_shift((2, 4, 1, 2, 1))
    with pytest.raises(SettingsError, match="7 beats must be rows of 4 columns"):
        WindowShift("shift", Stream("source", type_.element, 1, 7), row(4, 2, 1))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"STRIDE_WIDTH": 0}, "sizes and strides must be at least 1"),
        ({"KERNEL_WIDTH": 5}, "KERNEL_WIDTH must not exceed WIDTH"),
    ],
)
def test_illegal_parameters_stop_elaboration(parameters, message):
    with pytest.raises(ToolFailedError, match=f"window_shift: {message}"):
        elaborate("window_shift", parameters)
