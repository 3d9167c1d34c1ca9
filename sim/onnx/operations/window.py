"""`Window` in ONNX: a gather of positions; with the product behind it a convolution."""

import numpy as np

from netloom.hls.dataflow import Window
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue


def write_window(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
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


def kernel_of(weights: np.ndarray, view: Window) -> np.ndarray:
    """Weights of a product of windows as `Conv` has them: (outputs, inputs of a group, *kernel)."""
    return np.moveaxis(weights.reshape(*view.kernel_size, -1, weights.shape[1]), (-1, -2), (0, 1))


def convolved(writer: GraphWriter, view: Window, picture: OnnxValue, kernel: OnnxValue, groups: int) -> OnnxValue:
    """`Conv`, of a picture whose channels are first; those of the result are last."""
    result = writer.add(
        "Conv",
        picture,
        kernel,
        group=groups,
        strides=view.stride,
        dilations=view.dilation,
        pads=[pair[end] for end in (0, 1) for pair in view.padding],
    )
    return writer.channels_last(result, len(view.kernel_size))
