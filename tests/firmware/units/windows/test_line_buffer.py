"""`line_buffer` against slices of a padded image, and its timing clock by clock."""

import numpy as np
import pytest
from pick import pick
from stream_cases import elaborate

from netloom.errors import SettingsError, ToolFailedError
from netloom.firmware.families import ECP5, FAMILIES, GENERIC, ICE40
from netloom.firmware.stream import Stream
from netloom.firmware.units.windows.geometry import Geometry
from netloom.firmware.units.windows.line_buffer import LineBuffer
from netloom.hls.dataflow.operations.window import pad_spatial
from netloom.testing.operations import random_raws, tensor
from netloom.testing.unit_bench import check_unit

NONE = ((0, 0), (0, 0))
SHAPES = {
    # height, width, channels, lanes, kernel height, stride, padding, dilation
    "plain": (5, 6, 1, 1, 3, 1, NONE),
    "same": (4, 5, 4, 2, 3, 1, ((1, 1), (1, 1))),
    "stride leaves rows over": (6, 4, 1, 1, 3, 2, NONE),
    "stride leaves padding over": (4, 3, 2, 1, 3, 2, ((0, 2), (0, 1))),
    "one row windows": (3, 4, 2, 2, 1, 1, ((0, 0), (2, 1))),
    "one row windows with stride": (5, 3, 1, 1, 1, 2, ((1, 1), (0, 0))),
    "stride beyond the window": (9, 3, 1, 1, 2, 4, NONE),
    "the whole image": (4, 3, 1, 1, 4, 1, NONE),
    "one word a row": (5, 1, 2, 2, 3, 1, ((1, 1), (1, 1))),
    "two words a row": (5, 2, 1, 1, 2, 1, ((0, 1), (0, 0))),
    "three words a row": (5, 3, 1, 1, 3, 2, ((2, 0), (0, 0))),
    "more padding than image": (2, 2, 1, 1, 3, 1, ((3, 3), (2, 2))),
    "long rows": (4, 20, 8, 1, 3, 1, NONE),
    "dilated": (7, 4, 2, 1, 3, 1, NONE, 2),
    "dilated, stride and padding": (6, 3, 1, 1, 2, 2, ((3, 2), (1, 0)), 3),
    "dilated, one word a row": (5, 1, 2, 2, 2, 1, ((1, 1), (0, 0)), 4),
    "dilated windows of one row": (3, 2, 1, 1, 1, 1, NONE, 5),
}


def line_buffer(shape, element="fixed<5,3>", target=GENERIC):
    height, width, channels, lanes, kernel, stride, padding, dilation = (*shape, 1)[:8]
    type_ = tensor((height, width, channels), element)
    source = Stream("source", type_.element, lanes, type_.size // lanes)
    geometry = Geometry(height, width, channels, (kernel, 1), (stride, 1), padding, (dilation, 1))
    return LineBuffer("buffer", source, geometry, target=target), type_


def columns(unit, x):
    """(samples, height, width, channels) -> samples of columns in the order of the unit's output."""
    geometry = unit.geometry
    x = pad_spatial(x, geometry.padding)
    samples, height, width, channels = x.shape
    taken = np.arange(geometry.kernel[0]) * geometry.dilation[0]
    starts = range(0, height - taken[-1], geometry.stride[0])
    rows = np.stack([x[:, start + taken] for start in starts], axis=1)
    # (samples, window row, kernel row, column, slice, lane) -> kernel rows beside lanes.
    rows = rows.reshape(samples, len(starts), geometry.kernel[0], width, unit.slices, channels // unit.slices)
    return rows.transpose(0, 1, 3, 4, 2, 5).reshape(samples, -1)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_columns(shape):
    unit, type_ = line_buffer(shape)
    (x,) = random_raws([type_], batch=6)
    flowing = check_unit(unit, [x], [columns(unit, x)])[0]
    # Words of padding before the first and behind the last pixel are all that the ends may add.
    assert flowing.cycles <= 6 * unit.interval + 2


@pytest.mark.parametrize("target", [ECP5, ICE40])
@pytest.mark.parametrize("element", ["ufixed<1,1>", "fixed<9,3>"])
def test_memories_of_every_target(target, element):
    unit, type_ = line_buffer((4, 7, 2, 1, 2, 1, ((1, 0), (0, 1))), element, target)
    (x,) = random_raws([type_], batch=4)
    check_unit(unit, [x], [columns(unit, x)], seeds=(1, 2))


def test_images_follow_each_other_at_the_interval():
    unit, type_ = line_buffer(SHAPES["same"])
    (x,) = random_raws([type_], batch=5)
    flowing = check_unit(unit, [x], [columns(unit, x)], seeds=())[0]
    firsts = flowing.given[0][:: unit.outputs[0].beats]
    assert set(np.diff(firsts).tolist()) == {unit.interval}
    assert unit.interval == 6 * 7 * 2


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_random_geometry(seed):
    rng = np.random.default_rng(seed)
    lanes, slices = (int(n) for n in rng.integers(1, 4, 2))
    height, width = (int(n) for n in rng.integers(1, 9, 2))
    padding = tuple((int(a), int(b)) for a, b in rng.integers(0, 3, (2, 2)))
    kernel = int(rng.integers(1, min(height + sum(padding[0]), 5) + 1))
    most = (height + sum(padding[0]) - 1) // max(kernel - 1, 1)
    dilation = int(rng.integers(1, max(most, 1) + 1))
    shape = (height, width, lanes * slices, lanes, kernel, int(rng.integers(1, 4)), padding, dilation)
    element = f"fixed<{rng.integers(1, 18)},3>"
    unit, type_ = line_buffer(shape, element, pick(rng, tuple(FAMILIES.values())))
    (x,) = random_raws([type_], seed, batch=4)
    check_unit(unit, [x], [columns(unit, x)], seeds=range(seed, seed + 4))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4, 4, 3, 2, 3, 1, NONE), "4 x 4 x 3"),
        ((2, 4, 1, 1, 3, 1, NONE), "1 to the padded height 2, rows"),
        ((4, 4, 1, 1, 0, 1, NONE), "not 0"),
        ((4, 4, 1, 1, 3, 0, NONE), "stride at least 1"),
        ((4, 4, 1, 1, 3, 1, NONE, 0), "dilation_height too"),
        ((4, 4, 1, 1, 3, 1, NONE, 2), "rows between its own counted, not 3"),
        ((4, 4, 1, 1, 3, 1, ((-1, 0), (0, 0))), "padding must be at least 0"),
    ],
)
def test_refuses(shape, message):
    with pytest.raises(SettingsError, match=message):
        line_buffer(shape)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"HEIGHT": 0}, "sizes and strides must be at least 1"),
        ({"DILATION_HEIGHT": 0}, "DILATION_HEIGHT must be at least 1"),
        ({"DILATION_HEIGHT": 2}, "KERNEL_HEIGHT must not exceed the height"),
        ({"PAD_LEFT": -1}, "padding must not be negative"),
        ({"HEIGHT": 2}, "KERNEL_HEIGHT must not exceed the height"),
    ],
)
def test_illegal_parameters_stop_elaboration(parameters, message):
    with pytest.raises(ToolFailedError, match=f"line_buffer: {message}"):
        elaborate("line_buffer", parameters)
