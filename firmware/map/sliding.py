"""Units that form windows: columns of pixels, replayed in the order in which a kernel wants them."""

from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.geometry import Geometry
from netloom.firmware.stream import Stream
from netloom.firmware.units.streams.stream_fifo import StreamFifo
from netloom.firmware.units.windows.line_buffer import LineBuffer
from netloom.firmware.units.windows.replay_buffer import ReplayBuffer
from netloom.hls.dataflow import Node


def columns(builder: DesignBuilder, node: Node, source: Stream, geometry: Geometry, lanes: int) -> Stream:
    """Pixels as columns of a window: beats of kernel height x `lanes` channels."""
    stream = builder.with_lanes(node, source, lanes)
    if not geometry.needs_lines:
        return stream
    if not builder.is_input(stream):
        # While the last windows of a picture are worked on, the first rows of the next one arrive.
        ahead = geometry.span[0] * geometry.width * (geometry.channels // lanes)
        stream = builder.add(node, f"{node.name}_fifo", lambda name: StreamFifo(name, stream, ahead, builder.target))
    return builder.add(
        node,
        f"{node.name}_lines",
        lambda name: LineBuffer(
            name,
            stream,
            geometry.height,
            geometry.width,
            geometry.channels,
            geometry.kernel[0],
            geometry.stride[0],
            geometry.padding,
            geometry.dilation[0],
            builder.target,
        ),
    )


def windows(
    builder: DesignBuilder, node: Node, source: Stream, geometry: Geometry, slices: int, repeats: int
) -> Stream:
    """Columns of `slices` beats each, gone through window by window, each `repeats` times."""
    width, step, dilation = geometry.kernel[1], geometry.stride[1], geometry.dilation[1]
    if width == 1 and step == 1 and repeats == 1:
        return source
    if width > 1 and dilation > 1:
        return _dilated_windows(builder, node, source, geometry, slices, repeats)
    return builder.add(
        node,
        f"{node.name}_replay",
        lambda name: ReplayBuffer(
            name,
            source,
            rows=geometry.rows,
            groups=geometry.columns,
            row_words=geometry.padded_width * slices,
            step=step * slices,
            words=width * slices,
            word_stride=1,
            repeats=repeats,
            repeat_stride=0,
            target=builder.target,
        ),
    )


def _dilated_windows(
    builder: DesignBuilder, node: Node, source: Stream, geometry: Geometry, slices: int, repeats: int
) -> Stream:
    """Windows whose columns lie apart, and what repeats each of them."""
    width, dilation = geometry.kernel[1], geometry.dilation[1]
    stream = builder.add(
        node,
        f"{node.name}_replay",
        lambda name: ReplayBuffer(
            name,
            source,
            rows=geometry.rows,
            groups=geometry.columns,
            row_words=geometry.padded_width * slices,
            step=geometry.stride[1] * slices,
            words=slices,
            word_stride=1,
            repeats=width,
            repeat_stride=dilation * slices,
            target=builder.target,
        ),
    )
    return repeated(builder, node, stream, geometry.positions, width * slices, repeats)


def repeated(builder: DesignBuilder, node: Node, source: Stream, rows: int, words: int, repeats: int) -> Stream:
    """Vectors of `words` beats, each `repeats` times."""
    if repeats == 1:
        return source
    return builder.add(
        node,
        f"{node.name}_replay",
        lambda name: ReplayBuffer(
            name,
            source,
            rows=rows,
            groups=1,
            row_words=words,
            step=words,
            words=words,
            word_stride=1,
            repeats=repeats,
            repeat_stride=0,
            target=builder.target,
        ),
    )


def channel_windows(builder: DesignBuilder, node: Node, source: Stream, geometry: Geometry, lanes: int) -> Stream:
    """Columns gone through window by window, and in each channel slice by channel slice."""
    width, step = geometry.kernel[1], geometry.stride[1]
    slices = geometry.channels // lanes
    one_after_the_other = (
        slices == 1 and step == width == geometry.span[1] and geometry.padded_width == geometry.columns * width
    )
    if (width == 1 and step == 1) or one_after_the_other:
        return source
    return builder.add(
        node,
        f"{node.name}_replay",
        lambda name: ReplayBuffer(
            name,
            source,
            rows=geometry.rows,
            groups=geometry.columns,
            row_words=geometry.padded_width * slices,
            step=step * slices,
            words=width,
            word_stride=geometry.dilation[1] * slices,
            repeats=slices,
            repeat_stride=1,
            target=builder.target,
        ),
    )
