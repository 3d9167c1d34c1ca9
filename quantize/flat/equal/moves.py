"""Operations that only move elements: where each goes is read off by running them on the elements' own numbers."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

MOVING_CALLS = frozenset(
    "BroadcastTo DepthToSpace Diagonal ExpandDims Flip Fliplr GetItem Moveaxis Pad Ravel Repeat Reshape Roll Rot90 "
    "SpaceToDepth Split ArraySplit Squeeze Swapaxes Take Tile Transpose Tril Triu".split()
)
"""Classes of `keras.src.ops` of one tensor, with constants for the rest."""


def orders(compute: Callable[[Any], Any], shape: Sequence[int]) -> list[np.ndarray] | None:
    """Of every result, which element of a sample each of its own is, -1 for a zero; None if it does more than move.

    Args:
        compute: what only moves elements, of one tensor with its batch; gives a tensor or several.
        shape: of the sample.
    """
    import keras

    size, batch = prod(shape), 3
    drawn = np.random.default_rng(0).permutation(4 * batch * size)[: batch * size] + 1
    numbers = drawn.reshape(batch, *shape)
    place = np.full(4 * batch * size + 1, -2)
    place[0], place[drawn] = -1, np.arange(batch * size)
    found = []
    for result in keras.tree.flatten(compute(keras.ops.convert_to_tensor(numbers.astype(np.int32)))):
        moved = keras.ops.convert_to_numpy(result)
        whole = np.rint(moved).astype(np.int64)
        if moved.ndim < 2 or len(moved) != batch or not 0 <= whole.min() <= whole.max() < place.size:
            return None
        places = place[whole]
        first = places[0]
        same = all(np.array_equal(one, np.where(first < 0, first, first + i * size)) for i, one in enumerate(places))
        if not same or first.min() < -1 or first.max() >= size or (whole != moved).any():
            return None
        found.append(first)
    return found
