"""Pooling over any axes, and into a given number of cells."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.quantize.flat.equal.layouts import axes_of
from netloom.quantize.flat.equal.parts import Parts


def reduced(kind: str, tensor: Any, axis: Any, keepdims: bool, parts: Parts) -> Any:
    """Sum, mean, largest or least over some axes.

    Args:
        kind: `Sum`, `Mean`, `Max` or `Min`.
        tensor: symbolic.
        axis: one, or several, counted from the batch on; None is all.
        keepdims: whether they stay, as ones.
        parts: makes the layers.
    """
    rank = len(tensor.shape)
    axes = tuple(range(rank)) if axis is None else axes_of(axis, rank)
    if 0 in axes:
        parts.refuse("it runs over samples: a network computes each on its own; leave out axis 0")
    kept = [one for one in range(1, rank) if one not in axes]
    shape = [1 if one in axes else tensor.shape[one] for one in range(1, rank) if keepdims or one not in axes]
    if not shape:
        parts.refuse("nothing but the batch is left: use keepdims=True")
    rows, columns = prod(tensor.shape[one] for one in axes), prod(tensor.shape[one] for one in kept)
    if kind == "Sum":
        moved = parts.permute(tensor, (*kept, *axes))
        return parts.reshape(parts.sum(parts.reshape(moved, (columns, rows))), shape)
    moved = parts.reshape(parts.permute(tensor, (*axes, *kept)), (rows, columns))
    if kind == "Min":
        moved = parts.affine(moved, -1, 0)
    result = parts.layer("GlobalAveragePooling1D" if kind == "Mean" else "GlobalMaxPooling1D", moved)
    return parts.reshape(parts.affine(result, -1, 0) if kind == "Min" else result, shape)


def variance(tensor: Any, axis: Any, keepdims: bool, parts: Parts) -> Any:
    """The mean of the squares of what is left of a tensor without its mean."""
    less = parts.layer("Subtract", [tensor, reduced("Mean", tensor, axis, True, parts)])
    return reduced("Mean", parts.layer("Multiply", [less, less]), axis, keepdims, parts)


def place_of_largest(tensor: Any, axis: Any, keepdims: bool, parts: Parts) -> Any:
    """Which element of an axis is the largest: the first, of several."""
    from netloom.quantize.layers import ArgMax

    rank = len(tensor.shape)
    if axis is None or axis % rank == 0:
        parts.refuse("it runs over samples: a network computes each on its own; name another axis than 0")
    axis %= rank
    kept = [one for one in range(1, rank) if one != axis]
    shape = [1 if one == axis else tensor.shape[one] for one in range(1, rank) if keepdims or one != axis]
    if not shape:
        parts.refuse("nothing but the batch is left: use keepdims=True")
    return parts.reshape(
        ArgMax(name=parts.names.of(f"{parts.name}_largest"))(parts.permute(tensor, (*kept, axis))), shape
    )


def adaptive(layer: Any, tensors: Sequence[Any], parts: Parts) -> Any:
    """Adaptive pooling: cell i of n of an axis of s is from floor(i * s / n) to ceil((i + 1) * s / n)."""
    tensor = tensors[0]
    first = layer.data_format == "channels_first"
    rank = len(tensor.shape)
    moved = parts.permute(tensor, (*range(2, rank), 1)) if first else tensor
    size = layer.output_size if isinstance(layer.output_size, tuple | list) else (layer.output_size,)
    result = _cells(moved, tuple(size), "Average" if "Average" in type(layer).__name__ else "Max", parts)
    return parts.permute(result, (rank - 1, *range(1, rank - 1))) if first else result


def _cells(tensor: Any, counts: Sequence[int], kind: str, parts: Parts) -> Any:
    *sizes, channels = tensor.shape[1:]
    if all(size % count == 0 for size, count in zip(sizes, counts, strict=True)):
        windows = tuple(size // count for size, count in zip(sizes, counts, strict=True))
        return parts.layer(f"{kind}Pooling{len(sizes)}D", tensor, windows)
    grid = np.arange(prod(tensor.shape[1:])).reshape(tensor.shape[1:])
    cells = []
    for cell in np.ndindex(*counts):
        window = tuple(
            slice(i * size // count, -(-(i + 1) * size // count))
            for i, size, count in zip(cell, sizes, counts, strict=True)
        )
        cells.append(grid[window].reshape(-1, channels))
    most = max(map(len, cells))
    # Smaller windows are filled up: with an element of theirs, or with zeros that the mean is freed from.
    filled = [
        np.pad(
            cell, ((0, most - len(cell)), (0, 0)), **({"mode": "edge"} if kind == "Max" else {"constant_values": -1})
        )
        for cell in cells
    ]
    pixels = parts.rearrange(tensor, np.ascontiguousarray(np.concatenate(filled, axis=1)))
    pooled = parts.layer(f"Global{kind}Pooling1D", pixels)
    if kind == "Average":
        pooled = parts.affine(pooled, np.repeat([most / len(cell) for cell in cells], channels), 0)
    return parts.reshape(pooled, (*counts, channels))
