"""Arithmetic on tensors, which Keras keeps as operations: each as the layers that equal it."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.quantize.flat.affine import affine
from netloom.quantize.flat.distributed import sliced

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


class Call:
    """One call of an operation that is no layer.

    Attributes:
        operation: what was called, an instance of a class of `keras.src.ops`.
        kind: the name of its class.
        values: its arguments in order, tensors and constants.
        tensors: those that are symbolic tensors.
        name: for the layer it becomes.
    """

    def __init__(self, operation: Any, args: Sequence[Any], kwargs: Mapping[str, Any], name: str) -> None:
        import keras

        self.operation, self.kind, self.name = operation, type(operation).__name__, name
        self.values = [*args, *kwargs.values()]
        flat = keras.tree.flatten(self.values)
        self.tensors = [value for value in flat if isinstance(value, keras.KerasTensor)]

    @property
    def shape(self) -> tuple[Any, ...]:
        """Of the first tensor, with its batch."""
        return tuple(self.tensors[0].shape)

    def layer(self, class_name: str, *args: Any, **options: Any) -> list[Any]:
        """The result of a Keras layer on the tensors."""
        import keras

        layer = getattr(keras.layers, class_name)(*args, **options, name=self.name)
        return [layer(self.tensors if len(self.tensors) > 1 else self.tensors[0])]

    def scaled(self, scale: Any, shift: Any) -> list[Any]:
        """The first tensor times a constant plus another."""
        return [affine(self.tensors[0], scale, shift, self.name, f"operation {self.name!r} ({self.kind})")]

    def constant(self) -> np.ndarray | None:
        """The argument that is no symbolic tensor, in float64; None if all are."""
        import keras

        for value in self.values:
            if not isinstance(value, keras.KerasTensor):
                return keras.ops.convert_to_numpy(value).astype(np.float64)
        return None

    def refuse(self, reason: str) -> NoReturn:
        """Say that there is no layer that equals this call."""
        raise LayerNotSupportedError(f"operation {self.name!r} (keras.ops, {self.kind}) is not supported: {reason}")


def apply_operation(operation: Any, args: Sequence[Any], kwargs: Mapping[str, Any], name: str, times: int) -> list[Any]:
    """Call the layers that equal an operation.

    Args:
        operation: the operation that was called; `args` and `kwargs` are what with.
        name: of the layer; several get names that begin with it.
        times: axes between the batch and those that the operation knows of.

    Raises:
        LayerNotSupportedError: if there are none.
    """
    call = Call(operation, args, kwargs, name)
    kind = call.kind
    if kind in _ACTIVATIONS:
        return call.layer("Activation", _ACTIVATIONS[kind])
    if kind in _MERGES or kind in _ARITHMETIC:
        return _arithmetic(call)
    if kind in _SAME or (kind == "Cast" and str(call.operation.dtype).startswith(("float", "bfloat"))):
        return call.layer("Activation", "linear")
    if kind not in _OTHERS:
        call.refuse("no layer of netloom's equals it: write it with keras layers")
    if times:
        call.refuse("it is called within TimeDistributed: use a layer there")
    return _OTHERS[kind](call)


def _arithmetic(call: Call) -> list[Any]:
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
        call.refuse("a tensor is no divisor in firmware: divide by a constant, or multiply by what a layer computes")
    first = call.values[0] is call.tensors[0]
    if call.kind == "Add":
        return call.scaled(1.0, constant)
    if call.kind == "Subtract":
        return call.scaled(1.0, -constant) if first else call.scaled(-1.0, constant)
    if call.kind == "Multiply":
        return call.scaled(constant, 0.0)
    if call.kind in ("Divide", "TrueDivide") and first and (constant != 0).all():
        return call.scaled(1 / constant, 0.0)
    if call.kind == "Maximum" and not constant.any():
        return call.layer("Activation", "relu")
    return call.refuse("this is not defined with a constant there: use a layer, or bring the constant into the weights")


def _leaky_relu(call: Call) -> list[Any]:
    return call.layer("LeakyReLU", negative_slope=call.operation.negative_slope)


def _elu(call: Call) -> list[Any]:
    return call.layer("ELU", alpha=call.operation.alpha)


def _relu(call: Call) -> list[Any]:
    one = call.operation
    return call.layer("ReLU", one.max_value, one.negative_slope, one.threshold)


def _gelu(call: Call) -> list[Any]:
    if call.operation.approximate:
        call.refuse("use keras.layers.Activation('gelu')")
    return call.layer("Activation", "gelu")


def _softmax(call: Call) -> list[Any]:
    axis = call.operation.axis
    if not isinstance(axis, int):
        call.refuse(f"it must run over one axis, not {axis}")
    return call.layer("Softmax", axis=axis)


def _concatenate(call: Call) -> list[Any]:
    if call.operation.axis % len(call.shape) == 0:
        call.refuse("it joins samples: a network computes each on its own")
    return call.layer("Concatenate", axis=call.operation.axis)


def _reshape(call: Call) -> list[Any]:
    target = tuple(call.operation.newshape)
    return _to_shape(call, tuple(call.operation.compute_output_spec(call.tensors[0]).shape), target[0])


def _moved(call: Call) -> list[Any]:
    """`expand_dims`, `squeeze`: the same values under another shape."""
    return _to_shape(call, tuple(call.operation.compute_output_spec(call.tensors[0]).shape), None)


def _to_shape(call: Call, shape: tuple[Any, ...], batch: int | None) -> list[Any]:
    if batch not in (None, -1) or None in shape[1:] or math.prod(shape[1:]) != math.prod(call.shape[1:]):
        call.refuse(f"it must keep the batch axis: {call.shape} to {shape}; use keras.layers.Reshape")
    return call.layer("Reshape", shape[1:])


def _transpose(call: Call) -> list[Any]:
    axes = call.operation.axes
    if axes is None or axes[0] % len(call.shape) != 0:
        call.refuse("it must leave the batch axis first: use keras.layers.Permute")
    return call.layer("Permute", tuple(axis % len(call.shape) for axis in axes[1:]))


def _pooled(call: Call) -> list[Any]:
    """`mean` and `max` over all axes between the batch and the channels."""
    axis = call.operation.axis
    axes = sorted(one % len(call.shape) for one in (axis if isinstance(axis, list | tuple) else [axis]))
    rank = len(call.shape) - 2
    if rank not in (1, 2) or axes != list(range(1, rank + 1)):
        call.refuse("it must run over every axis but the batch and the last: use a pooling layer")
    options = {"keepdims": True} if call.operation.keepdims else {}
    kind = "Average" if call.kind == "Mean" else "Max"
    return call.layer(f"Global{kind}Pooling{rank}D", **options)


def _absolute(call: Call) -> list[Any]:
    """The greater of the tensor and its negative."""
    import keras

    negative = affine(call.tensors[0], -1, 0, f"{call.name}_negative", f"operation {call.name!r} ({call.kind})")
    return [keras.layers.Maximum(name=call.name)([call.tensors[0], negative])]


def _item(call: Call) -> list[Any]:
    """`x[:, a:b]`: neighbours along the axes."""
    key = call.values[1]
    # A model that was saved and loaded has a list.
    key = tuple(key) if isinstance(key, tuple | list) else (key,)
    if Ellipsis in key:
        place = key.index(Ellipsis)
        missing = len(call.shape) - len(key) + 1
        key = (*key[:place], *[slice(None)] * missing, *key[place + 1 :])
    if key[0] != slice(None) or not all(isinstance(one, int | slice) for one in key):
        call.refuse("it must take all samples, and slices or numbers along the other axes")
    result, axis = call.tensors[0], 1
    for number, one in enumerate(key[1:]):
        size = result.shape[axis]
        if isinstance(one, int):
            start, stop = one % size, one % size + 1
        else:
            start, stop, step = one.indices(size)
            if step != 1 or stop <= start:
                call.refuse("slices must take neighbours, one at least: no steps")
        if (start, stop) != (0, size) or isinstance(one, int):
            result = sliced(result, axis, start, stop, f"{call.name}_{number}", drop=isinstance(one, int))
        axis += not isinstance(one, int)
    return [result]


_ARITHMETIC = frozenset({"Divide", "TrueDivide", "Negative", "Square"})

_OTHERS: dict[str, Callable[[Call], list[Any]]] = {
    "LeakyRelu": _leaky_relu,
    "Elu": _elu,
    "Gelu": _gelu,
    "ReLU": _relu,
    "Softmax": _softmax,
    "Concatenate": _concatenate,
    "Reshape": _reshape,
    "ExpandDims": _moved,
    "Squeeze": _moved,
    "Transpose": _transpose,
    "Mean": _pooled,
    "Max": _pooled,
    "GetItem": _item,
    "Absolute": _absolute,
    "Abs": _absolute,
}
"""Operations that are one layer or a few -> what calls them."""
