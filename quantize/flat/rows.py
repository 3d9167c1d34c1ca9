"""Inputs that name rows of an `Embedding`, held to the rows that it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from netloom.errors import InputError
from netloom.quantize.support.table import MOVES, NO_OPERATION

_PART = 2**12
"""An element's number goes in two parts: float32 holds 24 bits, and an input may have more elements than they count."""


@dataclass(frozen=True)
class RowsRead:
    """What one call of an `Embedding` reads of one input.

    Attributes:
        layer: its name.
        rows: how many it has.
        source: number of the model's input.
        places: of the input's elements, flattened, in rising order.
    """

    layer: str
    rows: int
    source: int
    places: np.ndarray


def rows_read(flat: Any) -> list[RowsRead]:
    """What embeddings read of the inputs as they are; what is computed before it is looked up is left out.

    Args:
        flat: a flat functional model.
    """
    import keras

    found = []
    sizes = [prod(tensor.shape[1:]) for tensor in flat.inputs]
    starts = np.cumsum([1, *sizes])
    # Every element's number, sent where the elements go in two parts; zeros are what a padding adds.
    numbers = [
        [part.reshape(1, *tensor.shape[1:]).astype(np.float32) for part in np.divmod(np.arange(size) + start, _PART)]
        for start, size, tensor in zip(starts[:-1], sizes, flat.inputs, strict=True)
    ]
    for layer in flat.layers:
        for node in layer._inbound_nodes if type(layer).__name__ == "Embedding" else ():
            tensor = node.input_tensors[0]
            sources = _moved_from(tensor)
            if sources is None:
                continue
            read = [index for index, one in enumerate(flat.inputs) if any(one is source for source in sources)]
            moved = keras.Model([flat.inputs[index] for index in read], tensor)
            high, low = (
                keras.ops.convert_to_numpy(moved([numbers[index][part] for index in read], training=False))
                for part in (0, 1)
            )
            places = np.unique(high.astype(np.int64) * _PART + low.astype(np.int64))
            for index in read:
                own = places[(places >= starts[index]) & (places < starts[index + 1])] - starts[index]
                found.append(RowsRead(layer.name, layer.input_dim, index, own))
    return found


def check_rows(read: Sequence[RowsRead], arrays: Sequence[np.ndarray], names: Sequence[str]) -> None:
    """Refuse inputs that name no row: Keras fails there, or reads anything, and a twin reads another row.

    Args:
        read: what is read of them.
        arrays: of every input, (samples, *shape).
        names: of them, for messages.

    Raises:
        InputError: with the first one's place, and how many rows there are.
    """
    for one in read:
        array = arrays[one.source]
        shape = array.shape[1:]
        values = array.reshape(len(array), -1)
        values = values if len(one.places) == values.shape[1] else values[:, one.places]
        bad = ~((values >= 0) & (values <= one.rows - 1) & (values == np.floor(values)))
        if bad.any():
            sample, place = map(int, np.argwhere(bad)[0])
            position = ", ".join(str(int(index)) for index in np.unravel_index(one.places[place], shape))
            raise InputError(
                f"{names[one.source]}: sample {sample}, position {position} is {values[sample, place]:g}, and layer"
                f" {one.layer!r} has {one.rows} rows: give whole numbers from 0 to {one.rows - 1}, or let it have more"
            )


def _moved_from(tensor: Any) -> list[Any] | None:
    """The inputs of which a tensor is made by moving their elements; None if any is computed."""
    layer, node, _ = tensor._keras_history
    if type(layer).__name__ == "InputLayer":
        return [tensor]
    kind = type(layer).__name__
    idle = kind == "Activation" and getattr(layer.activation, "__name__", "") == "linear"
    moves = kind in MOVES and getattr(layer, "interpolation", "nearest") == "nearest"
    if not (idle or moves or kind in NO_OPERATION):
        return None
    parts = [_moved_from(one) for one in layer._inbound_nodes[node].input_tensors]
    return None if None in parts else [one for part in parts for one in part or ()]
