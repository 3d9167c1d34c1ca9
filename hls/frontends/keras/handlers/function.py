"""Functions of one value in netloom's own conversion: lines where numbers are short, else tables."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.hls.frontends.keras.handlers.handler import NetloomHandler
from netloom.hls.frontends.keras.handlers.quantizer import unquantized_grid
from netloom.hls.layers.function_values import describe
from netloom.hls.layers.lines import lines_of
from netloom.hls.layers.table import table_of
from netloom.quantize.functions.one_value import NOT_ELEMENTWISE, check_function_quantizer, function_name, lines


def function_layer(layer: Any, shape: Sequence[int]) -> dict[str, Any]:
    """hls4ml's description of a Keras layer that is a function of one value, without its tensors.

    Args:
        layer: without weights: `Activation`, `ReLU`, `LeakyReLU`, `ELU`, `Function`, `QActivation`.
        shape: of the input, without the batch.
    """
    found = lines(type(layer).__name__, layer.get_config())
    if found is None:
        return table_of([layer], layer.name, shape)
    return lines_of([found.slope], found.bound, layer.name, shape)


def own_activation(activation: Any, name: str, shape: Sequence[int], where: str) -> dict[str, Any]:
    """hls4ml's description of an activation function in netloom's own conversion, without its tensors.

    Sigmoid and tanh become tables where a quantizer stands before them (`fuse_tables`); hls4ml has one for what comes
    straight from an accumulator.

    Args:
        activation: of `keras.activations`.
        name: of the layer; `{}` in it is the function's.
        shape: of the input, without the batch.
        where: for messages.

    Raises:
        LayerNotSupportedError: if the activation is no function of one value of Keras's own.
    """
    import keras

    function = check_function(activation, where)
    layer = keras.layers.Activation(function, name=name.format(function))
    if function not in ("relu", "sigmoid", "tanh"):
        return function_layer(layer, shape)
    functions = {} if function == "relu" else {"functions": [describe(layer)]}
    return {"name": layer.name, "class_name": "Activation", "activation": function, "n_in": prod(shape), **functions}


def is_table(quantizer: Any) -> bool:
    """Whether an activation quantizer takes a table: it is neither a cast to a type nor QKeras's hard sigmoid or tanh.

    What is wrong with one that is neither, its arguments tell: see there.
    """
    from qkeras import quantizers as q

    if isinstance(quantizer, q.quantized_tanh):
        return bool(quantizer.use_real_tanh)
    if isinstance(quantizer, q.quantized_sigmoid):
        return bool(quantizer.use_real_sigmoid or quantizer.symmetric)
    if type(quantizer) is q.quantized_relu:
        return bool(quantizer.use_sigmoid or quantizer.negative_slope)
    if type(quantizer) is q.quantized_bits:
        return quantizer.bits == 1 and bool(quantizer.keep_negative)
    return True


def quantizer_table(quantizer: Any, name: str, shape: Sequence[int]) -> dict[str, Any]:
    """hls4ml's description of an activation quantizer as a table, without its tensors.

    Raises:
        QuantizerNotSupportedError: if it is no fixed function of one value.
    """
    from qkeras import QActivation

    check_function_quantizer(quantizer)
    return table_of([QActivation(quantizer, name=name)], name, shape, exact=True)


def check_function(activation: Any, where: str) -> str:
    """The name of an activation that is Keras's own and a function of one value.

    Raises:
        LayerNotSupportedError: if it is another.
    """
    name = function_name(activation)
    if name is None:
        shown = getattr(activation, "__name__", type(activation).__name__)
        reason = NOT_ELEMENTWISE.get(shown, "it is not one of keras.activations, and its code cannot be read")
        raise LayerNotSupportedError(f"{where}: activation {shown!r} is not supported: {reason}")
    return name


class FunctionHandler(NetloomHandler):
    """`LeakyReLU`, `ELU` and netloom's `Function`. In netloom's own conversion alone where hls4ml has them."""

    handles = (
        "keras.src.layers.activations.leaky_relu.LeakyReLU",
        "keras.src.layers.activations.elu.ELU",
        "netloom.quantize.layers.elements.Function",
    )
    own_only = True

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[dict[str, Any], ...]:
        """One `NetloomLines` or `NetloomTable`."""
        del out_tensors
        return ({**self.default_config, **function_layer(layer, in_tensors[0].shape[1:])},)


class PReluHandler(NetloomHandler):
    """`PReLU`."""

    handles = ("keras.src.layers.activations.prelu.PReLU",)
    own_only = True

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[dict[str, Any], ...]:
        """One `NetloomLines`, with a slope a channel where all positions share it, else one an element."""
        del out_tensors
        import keras

        shape = tuple(in_tensors[0].shape[1:])
        slopes = np.broadcast_to(keras.ops.convert_to_numpy(layer.alpha), shape).reshape(-1, shape[-1])
        unquantized_grid(slopes.astype(np.float64), f"layer {layer.name!r}, alpha")
        chosen = slopes[0] if (slopes == slopes[0]).all() else slopes.ravel()
        return ({**self.default_config, **lines_of(chosen, None, layer.name, shape)},)
