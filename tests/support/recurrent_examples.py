"""Examples of recurrent layers with their options, and of those that are QKeras's own and quantized already."""

from collections.abc import Callable
from typing import Any

import keras
import qkeras
from layer_examples import STEPS, Example
from qkeras import QActivation, quantized_bits, quantized_sigmoid, quantized_tanh

L = keras.layers


def _of(layer: Callable[[], Any]) -> Example:
    return Example(lambda x: layer()(x), (STEPS,))


def _again(x: Any) -> Any:
    """An encoder gives its states to a decoder."""
    _, *states = L.LSTM(3, return_state=True)(x)
    return L.LSTM(3, return_sequences=True)(x, initial_state=states)


RECURRENT: dict[str, Example] = {
    "`GRU(return_sequences=True, return_state=True)`": _of(lambda: L.GRU(3, return_sequences=True, return_state=True)),
    "`GRU(reset_after=False)`": _of(lambda: L.GRU(3, reset_after=False)),
    "`LSTM` with `initial_state`, of one with `return_state`": Example(_again, (STEPS,)),
    "`LSTM(go_backwards=True)`": _of(lambda: L.LSTM(3, return_sequences=True, go_backwards=True)),
    "`LSTM` on a `GRU`": Example(lambda x: L.LSTM(2)(L.GRU(3, return_sequences=True)(x)), (STEPS,)),
    "`Bidirectional(GRU, merge_mode='sum')`": _of(lambda: L.Bidirectional(L.GRU(3), merge_mode="sum")),
    "`GRU` behind `Masking`": Example(lambda x: L.GRU(3)(L.Masking()(x)), ((8, 1),), whole=3),
}
"""By what they are, of Keras."""


def _bits(width: int = 6, integer: int = 1) -> Any:
    return quantized_bits(width, integer, alpha=1)


def _quantized(layer: Any, gated: bool = True, **options: Any) -> Any:
    functions = {"activation": quantized_tanh(6)} | ({"recurrent_activation": quantized_sigmoid(6)} if gated else {})
    quantizers = {f"{name}_quantizer": _bits() for name in ("kernel", "recurrent", "bias", "state")}
    return layer(3, **functions, **quantizers, **options)


def _on_grid(layer: Callable[[], Any]) -> Example:
    return Example(lambda x: layer()(QActivation(_bits(6, 2))(x)), (STEPS,))


QUANTIZED: dict[str, Example] = {
    "`QSimpleRNN`": _on_grid(lambda: _quantized(qkeras.QSimpleRNN, gated=False)),
    "`QLSTM(return_sequences=True)`": _on_grid(lambda: _quantized(qkeras.QLSTM, return_sequences=True)),
    "`QGRU`": _on_grid(lambda: _quantized(qkeras.QGRU, reset_after=True)),
    "`RNN(QLSTMCell)`": _on_grid(lambda: L.RNN(_quantized(qkeras.QLSTMCell))),
    "`QBidirectional(QLSTM)`": _on_grid(lambda: qkeras.QBidirectional(_quantized(qkeras.QLSTM))),
}
"""By what they are, of QKeras: models that are quantized already."""
