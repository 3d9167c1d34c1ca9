"""`TimeDistributed`: the layer itself where it takes every step as it is, or a copy of it for each step."""

from collections.abc import Sequence
from math import prod
from typing import Any, Protocol

from netloom.errors import LayerNotSupportedError
from netloom.quantize.flat.equal.functions import is_several

_ELEMENTS = frozenset(
    "Activation QActivation ReLU LeakyReLU ELU Identity Dropout AlphaDropout GaussianDropout GaussianNoise"
    " ActivityRegularization Add Subtract Multiply Maximum Minimum Average".split()
)
"""Layers to which all elements are alike."""

_LAST_AXIS = frozenset(
    "Dense QDense BatchNormalization QBatchNormalization Softmax LayerNormalization RMSNormalization"
    " UnitNormalization Concatenate".split()
)
"""Layers that see the last axis alone, if they have an `axis` and it says so."""


class Cloner(Protocol):
    """What makes the flat model's layer for a user's."""

    names: Any

    def clone(self, layer: Any, name: str, fresh: bool = False, shifted: int = 0, kind: type[Any] | None = None) -> Any:
        """As `flatten._Walker.clone`."""

    def called(self, layer: Any, tensors: Sequence[Any], name: str) -> Any:
        """As `flatten._Walker.called`."""


def call_on_steps(layer: Any, cloner: Cloner, tensors: Sequence[Any], name: str, times: int) -> Any:
    """A layer on each step of tensors, (batch, *steps, ...), with `times` axes of steps.

    Raises:
        LayerNotSupportedError: if a layer of several inputs is none that can take all steps at once.
    """
    import keras

    kind = type(layer).__name__
    axis = _axis(layer)
    rank = len(tensors[0].shape)
    alike = kind in _ELEMENTS or (kind in _LAST_AXIS and (axis is None or axis in (-1, rank - 1 - times)))
    if alike and not is_several(getattr(layer, "activation", None)):
        clone = cloner.clone(layer, name, shifted=times)
        clone.input_spec = None
        if len(tensors) == 1:  # what a saved model is built for when it loads
            clone._build_shapes_dict = {"input_shape": tuple(tensors[0].shape)}
        if axis is not None and axis > 0:
            clone.axis = -1
        return clone(tensors if len(tensors) > 1 else tensors[0])
    if len(tensors) != 1:
        raise LayerNotSupportedError(
            f"layer {name!r} ({kind}) joins several tensors within TimeDistributed: put it outside of it"
        )
    tensor = tensors[0]
    steps, inner = tuple(tensor.shape[1 : 1 + times]), tuple(tensor.shape[1 + times :])
    if kind in ("Flatten", "Reshape"):
        after = tuple(layer.compute_output_shape((None, *inner))[1:])
        return keras.layers.Reshape((*steps, *after), name=cloner.names.of(name))(tensor)
    if kind == "Permute":
        dims = (*range(1, times + 1), *(one + times for one in layer.dims))
        return keras.layers.Permute(dims, name=cloner.names.of(name))(tensor)
    return _copies(layer, cloner, tensor, name, steps, inner)


def _axis(layer: Any) -> int | None:
    axis = getattr(layer, "axis", None)
    if isinstance(axis, list | tuple) and len(axis) == 1:
        return int(axis[0])
    return axis if axis is None or isinstance(axis, int) else 0


def _copies(layer: Any, cloner: Cloner, tensor: Any, name: str, steps: tuple[int, ...], inner: tuple[int, ...]) -> Any:
    """A copy of a layer for each step, and their results side by side."""
    import keras

    count = prod(steps)

    def called(title: str, make: Any, *args: Any) -> Any:
        return make(*args, name=cloner.names.of(f"{name}_{title}"))

    flat = called("steps", keras.layers.Reshape, (count, prod(inner)))(tensor)
    results, after = [], ()
    for step in range(count):
        one = called("step", keras.layers.Cropping1D, (step, count - 1 - step))(flat) if count > 1 else flat
        result = cloner.called(layer, [called("in", keras.layers.Reshape, inner)(one)], name)
        after = tuple(result.shape[1:])
        results.append(called("out", keras.layers.Reshape, (prod(after),))(result) if len(after) > 1 else result)
    joined = results[0]
    for result in results[1:]:
        joined = called("joined", keras.layers.Concatenate)([joined, result])
    return called("result", keras.layers.Reshape, (*steps, *after))(joined)
