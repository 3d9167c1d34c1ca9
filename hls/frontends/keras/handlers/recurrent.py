"""hls4ml handlers of recurrent layers: QKeras's, each a `NetloomRecurrent`, and Keras's, which are hls4ml's own."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError, QuantizerNotSupportedError
from netloom.fixed_point import ZERO
from netloom.hls.frontends.keras.handlers.activation import hard_type
from netloom.hls.frontends.keras.handlers.function import is_table
from netloom.hls.frontends.keras.handlers.handler import NetloomHandler
from netloom.hls.frontends.keras.handlers.quantizer import quantized_values
from netloom.hls.layers.function_values import TABLE_BITS
from netloom.hls.layers.recurrent import recurrent
from netloom.hls.layers.recurrent_cells import GATES, CellFunction, CellKind, RecurrentCell
from netloom.quantize.graph.recurrent import RECURRENT_CLASSES
from netloom.quantize.quantizer_types import quantizer_type

_LAYERS = tuple(f"Q{name}" for name in RECURRENT_CLASSES)
_MASKED = tuple(name.replace("Q", "QMasked") for name in _LAYERS)


class RecurrentHandler(NetloomHandler):
    """`QSimpleRNN`, `QLSTM` and `QGRU`, QKeras's and those of `netloom.quantize.layers`, which has others beside."""

    handles = tuple(
        f"{module}.{name}"
        for module in ("qkeras.qrecurrent", "netloom.quantize.layers.recurrent")
        for name in (*_LAYERS, *_MASKED)
    )
    own_only = True

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[dict[str, Any], ...]:
        """One `NetloomRecurrent`, or one with a mask."""
        del out_tensors
        shapes = [tuple(tensor.shape[1:]) for tensor in in_tensors]
        every, backwards = bool(layer.return_sequences), bool(layer.go_backwards)
        memory, masked = type(layer).__name__.endswith("MemoryLSTM"), type(layer).__name__ in _MASKED
        keep = bool(layer.stateful) and len(shapes) == 1  # states that are given come first
        described = recurrent(layer.name, quantized_cell(layer), shapes, every, backwards, memory, keep, masked)
        return ({**self.default_config, **described},)


class PlainRecurrentHandler(NetloomHandler):
    """Keras's `LSTM` and `GRU`: hls4ml's own, without the options that it drops."""

    handles = ("keras.src.layers.rnn.lstm.LSTM", "keras.src.layers.rnn.gru.GRU")

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> Any:
        """What hls4ml reads.

        Raises:
            LayerNotSupportedError: for an option that it would drop.
        """
        for option in ("go_backwards", "stateful", "return_state"):
            if getattr(layer, option):
                raise LayerNotSupportedError(f"layer {layer.name!r}: hls4ml has no {option}=True; leave it out")
        return self.before(layer)(layer, in_tensors, out_tensors)


def _kind(cell: Any) -> CellKind:
    match type(cell).__name__:
        case "QSimpleRNNCell":
            return "simple"
        case "QLSTMCell":
            return "lstm"
        case _:
            return "gru" if cell.reset_after else "gru_before"


def quantized_cell(layer: Any) -> RecurrentCell:
    """The cell with its weights on their grids.

    Raises:
        LayerNotSupportedError: for an activation with no exact table.
        QuantizerNotSupportedError: for a quantizer the firmware cannot equal, or a state without one.
    """
    cell, kind = layer.cell, _kind(layer.cell)
    kernel, kernel_type = quantized_values(layer, cell.kernel, cell.kernel_quantizer_internal, "kernel")
    recurrent, recurrent_type = quantized_values(
        layer, cell.recurrent_kernel, cell.recurrent_quantizer_internal, "recurrent kernel"
    )
    columns = cell.units * len(GATES[kind])
    biases, bias_type = np.zeros((2, columns)), ZERO
    if cell.use_bias:
        values, bias_type = quantized_values(layer, cell.bias, cell.bias_quantizer_internal, "bias")
        biases[: values.size // columns] = values.reshape(-1, columns)
    if cell.state_quantizer_internal is None:
        raise QuantizerNotSupportedError(
            f"layer {layer.name!r}: without a state_quantizer every step has more bits than the one before; give it"
            " one, such as quantized_bits(8, 0, alpha=1)"
        )
    gate = getattr(cell, "recurrent_activation", None)
    return RecurrentCell(
        kind,
        kernel_type.from_float(kernel),
        recurrent_type.from_float(recurrent),
        bias_type.from_float(biases[0]),
        bias_type.from_float(biases[1]),
        kernel_type,
        recurrent_type,
        bias_type,
        quantizer_type(cell.state_quantizer_internal),
        _function(cell.activation, f"layer {layer.name!r}, activation"),
        _function(gate, f"layer {layer.name!r}, recurrent_activation"),
    )


def _function(activation: Any, where: str) -> CellFunction:
    import keras
    from qkeras.quantizers import quantized_sigmoid, quantized_tanh

    from netloom.quantize.layers import QuantizedFunction

    if activation is None or activation is keras.activations.linear:
        return CellFunction("nothing")
    if isinstance(activation, QuantizedFunction):
        if activation.index.width > TABLE_BITS:
            raise LayerNotSupportedError(
                f"{where}: its table would have 2**{activation.index.width} entries; at most 2**{TABLE_BITS} are made"
            )
        entries = tuple(int(entry) for entry in activation.entries())
        return CellFunction("table", activation.result, activation.index, entries)
    if isinstance(activation, quantized_sigmoid | quantized_tanh) and is_table(activation):
        name = "tanh" if isinstance(activation, quantized_tanh) else "sigmoid"
        raise QuantizerNotSupportedError(
            f"{where}: {activation} takes a sum as wide as it comes, and a table needs an index of at most {TABLE_BITS}"
            f" bits: give netloom.quantize.layers.QuantizedFunction({name!r}, 'quantized_bits(10, 3, alpha=1)',"
            f" 'quantized_bits({activation.bits}, 0, alpha=1)'), whose first quantizer makes it, or the hard form"
        )
    if isinstance(activation, quantized_sigmoid):
        return CellFunction("hard_sigmoid", hard_type(activation))
    if isinstance(activation, quantized_tanh):
        return CellFunction("cast", hard_type(activation))
    if not hasattr(activation, "bits"):
        name = getattr(activation, "__name__", type(activation).__name__)
        raise LayerNotSupportedError(
            f"{where}: {name!r} has no quantizer; give a netloom.quantize.layers.QuantizedFunction({name!r}, ...), or"
            " quantize the float layer with netloom.quantize"
        )
    return CellFunction("cast", quantizer_type(activation))
