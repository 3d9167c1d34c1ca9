"""A scale by a power of two between an input and its quantizer: the quantizer comes first, of the unscaled numbers."""

from typing import Any

import numpy as np

from netloom.errors import QuantizerNotSupportedError
from netloom.fixed_point import FixedPoint
from netloom.quantize.flat.equal.affine import EXACT_EPSILON
from netloom.quantize.quantizer_types import quantizer_type, relu_quantizer, type_quantizer


def is_scaled_input(layer: Any, tensor: Any) -> bool:
    """Whether a `QActivation` reads an input that was multiplied by a power of two, and by nothing else."""
    from qkeras import get_quantizer

    exponent = _exponent(tensor)
    try:
        return exponent not in (None, 0) and quantizer_type(get_quantizer(layer.activation)) is not None
    except QuantizerNotSupportedError:
        return False


def quantized_first(layer: Any, cloner: Any, tensor: Any, name: str) -> Any:
    """The same numbers: the input through a quantizer of a step and range so many times larger, then the scale."""
    from qkeras import QActivation, get_quantizer

    before = get_quantizer(layer.activation)
    type_, exponent = quantizer_type(before), _exponent(tensor)
    assert exponent is not None
    scale = tensor._keras_history.operation
    larger = FixedPoint(type_.width, type_.integer - exponent, type_.signed, type_.rounding, type_.overflow)
    relu = type(before).__name__ == "quantized_relu"
    quantizer = relu_quantizer(larger.width, larger.integer) if relu else type_quantizer(larger)
    first = QActivation(quantizer, name=cloner.names.of(name))(scale.input)
    return cloner.clone(scale, f"{name}_scale")(first)


def _exponent(tensor: Any) -> int | None:
    """Of the power of two by which an input was multiplied to give a tensor; None if that was not all."""
    import keras

    scale = tensor._keras_history.operation
    if type(scale).__name__ != "BatchNormalization" or scale.epsilon != EXACT_EPSILON:
        return None
    if not isinstance(scale.input._keras_history.operation, keras.layers.InputLayer):
        return None
    gamma, beta = (keras.ops.convert_to_numpy(one) for one in (scale.gamma, scale.beta))
    mantissas, exponents = np.frexp(gamma)
    if beta.any() or (mantissas != 0.5).any() or (exponents != exponents[0]).any():
        return None
    return int(exponents[0]) - 1
