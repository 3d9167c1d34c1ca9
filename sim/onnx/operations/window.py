"""`Window` in ONNX: a gather of positions, or with the product behind it a convolution."""

import numpy as np

from netloom.hls.dataflow import DepthwiseMatVec, Window
from netloom.sim.onnx.operations.accumulation import finished
from netloom.sim.onnx.site import Site
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_window(writer: GraphWriter, site: Site) -> tuple[OnnxValue]:
    """The padded picture as rows of channels, and those of every window."""
    view, (value,) = site.operation, site.taken(writer)
    *spatial, channels = site.types[0].shape
    edges = [(0, 0), *view.padding, (0, 0)]
    if any(any(pair) for pair in view.padding):
        pads = [pair[end] for end in (0, 1) for pair in edges]
        value = writer.add("Pad", value, writer.constant(pads, np.int64))
    sizes = [size + sum(pair) for size, pair in zip(spatial, view.padding, strict=True)]
    rows = writer.reshape(value, (int(np.prod(sizes)), channels))
    *positions, columns = view.outputs(site.types)[0].shape
    places = places_of(sizes, positions, view.kernel_size, view.stride, view.dilation)
    return (writer.reshape(writer.gather(rows, places, 1), (*positions, columns)),)


def places_of(
    sizes: list[int], positions: list[int], kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> np.ndarray:
    """(positions, kernel's elements): which of all places, row by row, each window meets."""
    places = np.arange(int(np.prod(sizes))).reshape(sizes)
    at = np.indices((*positions, *kernel))
    rank = len(sizes)
    met = [at[axis] * stride[axis] + at[rank + axis] * dilation[axis] for axis in range(rank)]
    return places[tuple(met)].reshape(int(np.prod(positions)), -1)


def write_convolution(writer: GraphWriter, view: Window, site: Site, picture: OnnxValue) -> OnnxValue:
    """`Conv`: the product of a site, which takes float32, and the windows before it.

    Args:
        writer: of the graph.
        view: the windows.
        site: the product.
        picture: what the windows are of.
    """
    product, rank = site.operation, len(view.kernel_size)
    weights = product.scaled_weights(site.types)
    if isinstance(product, DepthwiseMatVec):
        group, kernel = weights.shape[1], weights.reshape(*view.kernel_size, 1, -1)
    else:
        group, kernel = 1, weights.reshape(*view.kernel_size, -1, weights.shape[1])
    kernel = np.moveaxis(kernel, (-1, -2), (0, 1))
    result = writer.add(
        "Conv",
        writer.channels_first(writer.cast(picture, site.dtype), rank),
        writer.constant(kernel, site.dtype),
        group=group,
        strides=view.stride,
        dilations=view.dilation,
        pads=[pair[end] for end in (0, 1) for pair in view.padding],
    )
    return finished(writer, site, writer.channels_last(result, rank))
