"""Recurrent layers made of others: both directions, and `RNN` of the cells that have a layer."""

from typing import Any

import numpy as np

from netloom.quantize.flat.distributed import Cloner
from netloom.quantize.flat.equal.parts import Parts

_MERGES = {"concat": "Concatenate", "sum": "Add", "mul": "Multiply", "ave": "Average"}


def bidirectional(layer: Any, cloner: Cloner, tensor: Any, name: str, parts: Parts) -> Any:
    """`Bidirectional`: a layer, one that begins with the last step, whose results are turned round, and both merged."""
    forward = cloner.called(layer.forward_layer, [tensor], f"{name}_forward")
    backward = cloner.called(layer.backward_layer, [tensor], f"{name}_backward")
    if layer.return_sequences:
        order = np.arange(backward.shape[1] * backward.shape[2]).reshape(backward.shape[1:])
        backward = parts.rearrange(backward, order[::-1])
    return parts.layer(_MERGES[layer.merge_mode], [forward, backward])


def of_cells(layer: Any, tensor: Any, parts: Parts) -> Any:
    """`RNN` of cells that Keras or QKeras has a layer for: that layer, or one after the other."""
    cells = layer.cell.cells if type(layer.cell).__name__ == "StackedRNNCells" else [layer.cell]
    for number, cell in enumerate(cells):
        last = number == len(cells) - 1
        one = _layer_of(cell, parts)(
            **{key: value for key, value in cell.get_config().items() if key not in ("name", "trainable", "dtype")},
            return_sequences=layer.return_sequences or not last,
            go_backwards=layer.go_backwards and not number,
            name=parts.names.of(f"{parts.name}_{number}"),
        )
        tensor = one(tensor)
        one.set_weights(cell.get_weights())
    return tensor


def _layer_of(cell: Any, parts: Parts) -> Any:
    import keras

    from netloom.quantize import layers

    kind = type(cell).__name__.removesuffix("Cell")
    known = {f"{module}.{name}" for module in ("keras", "qkeras") for name in ("SimpleRNN", "LSTM", "GRU")}
    library = type(cell).__module__.partition(".")[0]
    if f"{library}.{kind.removeprefix('Q')}" not in known:
        parts.refuse(f"its cell is a {type(cell).__name__}: use SimpleRNN, LSTM or GRU, or their cells")
    return getattr(keras.layers if library == "keras" else layers, kind)
