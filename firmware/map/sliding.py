"""Units that form windows: columns of pixels, replayed in the order in which a kernel wants them."""

from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.stream import Stream
from netloom.firmware.units.streams.stream_fifo import StreamFifo
from netloom.firmware.units.windows.geometry import Geometry
from netloom.firmware.units.windows.line_buffer import LineBuffer
from netloom.firmware.units.windows.replay_buffer import ReplayBuffer, ReplayPattern
from netloom.hls.dataflow import Node


def columns(builder: DesignBuilder, node: Node, source: Stream, geometry: Geometry, lanes: int) -> Stream:
    """Pixels as columns of a window: beats of kernel height x `lanes` channels."""
    stream = builder.with_lanes(node, source, lanes)
    if not geometry.needs_lines:
        return stream
    if not builder.is_input(stream):
        # While the last windows of a picture are worked on, the first rows of the next one arrive.
        ahead = max(geometry.span[0] * geometry.width * (geometry.channels // lanes), 2)
        stream = builder.add(
            node, f"{node.name}_fifo", lambda name: StreamFifo(name, stream, ahead, target=builder.target)
        )
    return builder.add(
        node, f"{node.name}_lines", lambda name: LineBuffer(name, stream, geometry, target=builder.target)
    )


def window_columns(
    builder: DesignBuilder, node: Node, source: Stream, geometry: Geometry, slices: int, repeats: int
) -> Stream:
    """Columns of `slices` beats each, gone through window by window, each `repeats` times."""
    width, step, dilation = geometry.kernel[1], geometry.stride[1], geometry.dilation[1]
    if width == 1 and step == 1 and repeats == 1:
        return source
    apart = width > 1 and dilation > 1
    pattern = ReplayPattern(
        groups=geometry.columns,
        row_words=geometry.padded[1] * slices,
        step=step * slices,
        words=slices if apart else width * slices,
        word_stride=1,
        repeats=width if apart else repeats,
        repeat_stride=dilation * slices if apart else 0,
    )
    stream = replayed(builder, node, source, geometry.rows, pattern)
    # Windows whose columns lie apart are repeated by a buffer of its own.
    return repeated(builder, node, stream, geometry.positions, width * slices, repeats) if apart else stream


def repeated(
    builder: DesignBuilder, node: Node, source: Stream, rows: int, words: int, repeats: int, suffix: str = "replay"
) -> Stream:
    """Vectors of `words` beats, each `repeats` times."""
    if repeats == 1:
        return source
    return replayed(builder, node, source, rows, ReplayPattern.whole(words, repeats), suffix)


def channel_windows(builder: DesignBuilder, node: Node, source: Stream, geometry: Geometry, lanes: int) -> Stream:
    """Columns gone through window by window, and in each channel slice by channel slice."""
    width, step = geometry.kernel[1], geometry.stride[1]
    slices = geometry.channels // lanes
    one_after_the_other = (
        slices == 1 and step == width == geometry.span[1] and geometry.padded[1] == geometry.columns * width
    )
    if (width == 1 and step == 1) or one_after_the_other:
        return source
    pattern = ReplayPattern(
        groups=geometry.columns,
        row_words=geometry.padded[1] * slices,
        step=step * slices,
        words=width,
        word_stride=geometry.dilation[1] * slices,
        repeats=slices,
        repeat_stride=1,
    )
    return replayed(builder, node, source, geometry.rows, pattern)


def replayed(
    builder: DesignBuilder, node: Node, source: Stream, rows: int, pattern: ReplayPattern, suffix: str = "replay"
) -> Stream:
    """Each of `rows` rows of beats, as the pattern says, by a unit named after the node."""
    return builder.add(
        node, f"{node.name}_{suffix}", lambda name: ReplayBuffer(name, source, rows, pattern, target=builder.target)
    )
