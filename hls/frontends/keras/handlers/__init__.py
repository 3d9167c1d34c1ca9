"""Keras-3 layer handlers that hls4ml lacks. Importing this registers them; `handler` says for whom they answer."""

from netloom.hls.frontends.keras.handlers import (
    activation,
    batch_norm,
    decoder,
    embedding,
    function,
    linear,
    merge,
    norm,
    pooling,
    recurrent,
    shape,
    softmax,
    spatial,
)

__all__ = [
    "activation",
    "batch_norm",
    "decoder",
    "embedding",
    "function",
    "linear",
    "merge",
    "norm",
    "pooling",
    "recurrent",
    "shape",
    "softmax",
    "spatial",
]
