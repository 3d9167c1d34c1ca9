"""Layers that say of every element what it becomes: a function of its value, or another place."""

from collections.abc import Mapping
from math import prod
from typing import Any

import keras
import numpy as np

from netloom.errors import LayerNotSupportedError, SettingsError

FUNCTIONS = frozenset(
    "add arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil celu clip cos cosh digitize equal erf exp2 expm1 "
    "floor floor_divide gelu greater greater_equal hard_shrink less less_equal log log10 log1p log2 maximum "
    "minimum mod not_equal power reciprocal round rsqrt sign sin sinc sinh soft_shrink sparse_plus sparse_sigmoid "
    "sqrt squareplus take tan threshold trunc".split()
)
"""Functions of `keras.ops` that a `Function` may be: of one value each, once their options are numbers."""


@keras.saving.register_keras_serializable("netloom")
class Function(keras.layers.Layer):
    """A function of `keras.ops` on every element; the firmware has it as a table.

    Args:
        function: its name, one of `FUNCTIONS`.
        options: its other arguments, numbers or lists of them.
        argument: the name of the one that is the element.

    Raises:
        SettingsError: if there is no such function.
    """

    def __init__(
        self, function: str, options: Mapping[str, Any] | None = None, argument: str = "x", **keywords: Any
    ) -> None:
        super().__init__(**keywords)
        if function not in FUNCTIONS:
            raise SettingsError(f"layer {self.name!r}: function must be one of {', '.join(sorted(FUNCTIONS))}")
        self.function, self.options, self.argument = function, dict(options or {}), argument

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's."""
        return shape

    def call(self, x: Any) -> Any:
        """In the input's own float type."""
        given = keras.ops.cast(x, "int32") if self.function == "take" else x
        result = getattr(keras.ops, self.function)(**{self.argument: given}, **self.options)
        return keras.ops.cast(result, x.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        own = {"function": self.function, "options": self.options, "argument": self.argument}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("netloom")
class Rearrange(keras.layers.Layer):
    """Elements of one sample moved, repeated or left out: result[i] is element `order[i]`, flattened; -1 is a zero.

    Args:
        order: whole numbers, nested as the result is.

    Raises:
        SettingsError: if `order` is anything else.
    """

    def __init__(self, order: Any, **keywords: Any) -> None:
        super().__init__(**keywords)
        found = np.asarray(order)
        if found.dtype.kind not in "iu" or not found.size or found.min() < -1:
            raise SettingsError(f"layer {self.name!r}: order must be numbers of elements, or -1")
        self.order = found.astype(np.int64)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Hold the order against the input's size."""
        if None in shape[1:] or self.order.max() >= prod(size or 0 for size in shape[1:]):
            raise LayerNotSupportedError(f"layer {self.name!r}: its order is not of inputs of shape {shape[1:]}")
        self.built = True

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """That of the order."""
        return (shape[0], *self.order.shape)

    def call(self, x: Any) -> Any:
        """One reading of them all."""
        ops, order = keras.ops, self.order.ravel()
        taken = ops.take(ops.reshape(x, (-1, prod(x.shape[1:]))), np.maximum(order, 0), axis=1)
        if (order < 0).any():
            taken = taken * ops.cast(ops.convert_to_tensor(order >= 0), taken.dtype)
        return ops.reshape(taken, (-1, *self.order.shape))

    def get_config(self) -> dict[str, Any]:
        """The order, as lists."""
        return {**super().get_config(), "order": self.order.tolist()}
