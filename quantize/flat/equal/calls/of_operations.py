"""Arithmetic on tensors, which Keras keeps as operations: each as the layers that equal it."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from netloom.quantize.flat.equal import functions, products
from netloom.quantize.flat.equal.calls import choices, of_layers, reductions
from netloom.quantize.flat.equal.calls.call import Call
from netloom.quantize.flat.equal.layouts import axes_of
from netloom.quantize.flat.equal.moves import MOVING_CALLS, orders
from netloom.quantize.flat.names import Names

_MERGES = {"Add": "Add", "Subtract": "Subtract", "Multiply": "Multiply", "Maximum": "Maximum", "Minimum": "Minimum"}

_ACTIVATIONS = {
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Silu": "silu",
    "LogSigmoid": "log_sigmoid",
    "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_silu",
    "HardTanh": "hard_tanh",
    "Selu": "selu",
    "Exp": "exponential",
    "Mish": "mish",
    "TanhShrink": "tanh_shrink",
}
"""Operations of one tensor and no option -> their name in `keras.activations`."""

_SAME = frozenset({"StopGradient", "Copy", "Identity"})


def apply_operation(
    operation: Any, args: Sequence[Any], kwargs: Mapping[str, Any], names: Names, name: str, times: int
) -> list[Any]:
    """Call the layers that equal an operation.

    Args:
        operation: the operation that was called; `args` and `kwargs` are what with.
        names: of the flat model.
        name: of the operation; the last of its layers gets it, the others names that begin with it.
        times: axes between the batch and those that the operation knows of.

    Raises:
        LayerNotSupportedError: if there are none.
    """
    call = Call(operation, args, kwargs, names, name)
    result = _result(call, times)
    return [call.parts.done(one) for one in result] if isinstance(result, list) else [call.parts.done(result)]


def _check_options(call: Call) -> None:
    """What an operation is asked to give must be dense, and floats: whole numbers would be cut, and nothing says so."""
    asked = vars(call.operation)
    if asked.get("sparse"):
        call.refuse("its result is sparse: leave sparse out")
    dtype = str(asked.get("dtype") or "float32")
    if call.kind != "Cast" and not dtype.startswith(("float", "bfloat")):
        call.refuse(f"with dtype={dtype!r} it cuts what it gives: leave dtype out, and cast behind it")


def _result(call: Call, times: int) -> Any:
    kind = call.kind
    _check_options(call)
    if kind in _ACTIVATIONS:
        return call.layer("Activation", _ACTIVATIONS[kind])
    if kind in _MERGES or kind in _ARITHMETIC:
        return _arithmetic(call)
    if kind in _SAME or (kind == "Cast" and choices.keeps_values(call)):
        return call.layer("Activation", "linear")
    if kind in choices.COMPARISONS:
        return choices.compared(call)
    if kind in _FUNCTIONS:
        return call.function(options=_options(call.operation))
    if kind not in _OTHERS and kind not in MOVING_CALLS:
        call.refuse("no layer of netloom's equals it: write it with keras layers")
    if times:
        call.refuse("it is called within TimeDistributed: use a layer there")
    return _OTHERS[kind](call) if kind in _OTHERS else _moved(call)


def _options(operation: Any) -> dict[str, Any]:
    """What an operation was made with."""
    made = {name: value for name, value in vars(operation).items() if not name.startswith("_") and name != "name"}
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in made.items()}


def _arithmetic(call: Call) -> Any:
    constant = call.constant()
    if constant is None:
        if call.kind in _MERGES:
            ranks = {len(tensor.shape) for tensor in call.tensors}
            if len(ranks) > 1:
                call.refuse("its tensors have different numbers of axes: reshape the smaller one first")
            return call.layer(_MERGES[call.kind])
        if call.kind == "Square":
            call.tensors *= 2
            return call.layer("Multiply")
        if call.kind == "Negative":
            return call.scaled(-1.0, 0.0)
        if call.kind == "Power":
            call.refuse("a tensor as its exponent takes two: take the exponential of a product")
        inverse = call.parts.function(call.tensors[1], "reciprocal")
        return call.parts.layer("Multiply", [call.tensors[0], inverse])
    first = call.values[0] is call.tensors[0]
    if call.kind == "Add":
        return call.scaled(1.0, constant)
    if call.kind == "Subtract":
        return call.scaled(1.0, -constant) if first else call.scaled(-1.0, constant)
    if call.kind == "Multiply":
        return call.scaled(constant, 0.0)
    if call.kind in ("Divide", "TrueDivide"):
        if first and (constant != 0).all():
            return call.scaled(1 / constant, 0.0)
        if not first:
            return call.parts.affine(call.parts.function(call.tensors[0], "reciprocal"), constant, 0.0)
        call.refuse("it divides by zero: give it another number")
    if constant.size != 1:
        call.refuse("its constant must be one number: use a layer")
    number = float(constant.ravel()[0])
    if call.kind == "Maximum" and number == 0:
        return call.layer("Activation", "relu")
    if call.kind == "Power" and first and number == 2:
        call.tensors *= 2
        return call.layer("Multiply")
    return call.function(options={"x2" if first else "x1": number}, argument="x1" if first else "x2")


def _leaky_relu(call: Call) -> Any:
    return call.layer("LeakyReLU", negative_slope=call.operation.negative_slope)


def _elu(call: Call) -> Any:
    return call.layer("ELU", alpha=call.operation.alpha)


def _relu(call: Call) -> Any:
    one = call.operation
    return call.layer("ReLU", one.max_value, one.negative_slope, one.threshold)


def _softmax(call: Call) -> Any:
    axis = call.operation.axis
    if isinstance(axis, int):
        return call.layer("Softmax", axis=axis)
    axes = axes_of(axis, len(call.shape))
    return call.parts.gathered(call.tensors[0], axes, lambda flat: call.parts.layer("Softmax", flat))


def _glu(call: Call) -> Any:
    return functions.gated(call.tensors[0], call.operation.axis, call.parts)


def _log_softmax(call: Call) -> Any:
    return functions.log_softmax(call.tensors[0], call.operation.axis, call.parts)


def _concatenate(call: Call) -> Any:
    if call.operation.axis % len(call.shape) == 0:
        call.refuse("it joins samples: a network computes each on its own")
    return call.layer("Concatenate", axis=call.operation.axis)


def _stack(call: Call) -> Any:
    axis = call.operation.axis % (len(call.shape) + 1)
    if axis == 0:
        call.refuse("it joins samples: a network computes each on its own")
    shape = (*call.shape[1:axis], 1, *call.shape[axis:])
    return call.parts.layer("Concatenate", [call.parts.reshape(one, shape) for one in call.tensors], axis=axis)


def _absolute(call: Call) -> Any:
    """The greater of the tensor and its negative."""
    return call.parts.layer("Maximum", [call.tensors[0], call.scaled(-1, 0)])


def _matmul(call: Call) -> Any:
    return products.matmul(call.values[:2], call.parts)


def _einsum(call: Call) -> Any:
    return products.einsum(call.operation.subscripts, call.values, call.parts)


def _moved(call: Call) -> Any:
    """Elements moved: where to, the operation itself says."""
    import keras

    if call.kind == "Pad" and call.values[-1] not in (None, 0):
        call.refuse("it pads with another number than 0: add that to the tensor after padding it less that")
    if len(call.tensors) != 1:
        call.refuse("where elements go must be constant: use numbers, not tensors")

    def compute(x: Any) -> Any:
        values = keras.tree.map_structure(lambda value: x if value is call.tensors[0] else value, call.values)
        return call.operation.call(*values)

    fixed = _with_batch(call)
    found = orders(fixed or compute, call.shape[1:])
    if found is None:
        call.refuse(f"it must keep the batch axis: {call.shape}; leave that as the first, and every sample whole")
    return [call.parts.rearrange(call.tensors[0], order) for order in found]


def _with_batch(call: Call) -> Callable[[Any], Any] | None:
    """A reshape or broadcast to a shape whose batch was unknown."""
    shape = getattr(call.operation, "newshape", getattr(call.operation, "shape", None))
    if call.kind not in ("Reshape", "BroadcastTo") or shape is None:
        return None
    import keras

    after = tuple(call.operation.compute_output_spec(call.tensors[0]).shape[1:])
    whole = call.kind != "Reshape" or (None not in after and math.prod(after) == math.prod(call.shape[1:]))
    if shape[0] not in (None, -1) or not whole:
        call.refuse(f"it must keep the batch axis: {call.shape} to {tuple(shape)}; use keras.layers.Reshape")
    change = keras.ops.reshape if call.kind == "Reshape" else keras.ops.broadcast_to
    return lambda x: change(x, (len(x), *after))


_ARITHMETIC = frozenset({"Divide", "TrueDivide", "Negative", "Square", "Power"})

_FUNCTIONS = frozenset(
    "Arccos Arccosh Arcsin Arcsinh Arctan Arctanh Cbrt Ceil Celu Clip Cos Cosh Digitize Erf Exp2 Expm1 Floor Gelu "
    "HardShrink Log Log10 Log1p Log2 Reciprocal Round Rsqrt Sign Sin Sinc Sinh SoftShrink SparsePlus SparseSigmoid "
    "Sqrt Squareplus Tan Threshold Trunc".split()
)
"""Operations that are functions of one value, with what they were made with."""

_OTHERS: dict[str, Callable[[Call], Any]] = {
    "LeakyRelu": _leaky_relu,
    "Elu": _elu,
    "ReLU": _relu,
    "Glu": _glu,
    "Softmax": _softmax,
    "LogSoftmax": _log_softmax,
    "Concatenate": _concatenate,
    "Stack": _stack,
    "Absolute": _absolute,
    "Abs": _absolute,
    "Matmul": _matmul,
    "Einsum": _einsum,
    **reductions.CALLS,
    **choices.CALLS,
    **of_layers.CALLS,
}
"""Operations that are one layer or a few -> what calls them."""
