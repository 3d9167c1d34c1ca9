"""`Call`: one call of an operation of `keras.ops`, and the layers that its tensors are given to."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from netloom.quantize.flat.equal import functions
from netloom.quantize.flat.equal.parts import Parts
from netloom.quantize.flat.names import Names


class Call:
    """One call of an operation that is no layer.

    Attributes:
        operation: what was called, an instance of a class of `keras.src.ops`.
        kind: the name of its class.
        values: its arguments in order, tensors and constants.
        tensors: those that are symbolic tensors.
        parts: makes the layers it becomes.
    """

    def __init__(self, operation: Any, args: Sequence[Any], kwargs: Mapping[str, Any], names: Names, name: str) -> None:
        import keras

        self.operation, self.kind = operation, type(operation).__name__
        self.values = [*args, *kwargs.values()]
        flat = keras.tree.flatten(self.values)
        self.tensors = [value for value in flat if isinstance(value, keras.KerasTensor)]
        self.parts = Parts(names, name, f"operation {name!r} (keras.ops, {self.kind})")

    @property
    def shape(self) -> tuple[Any, ...]:
        """Of the first tensor, with its batch."""
        return tuple(self.tensors[0].shape)

    def layer(self, class_name: str, *args: Any, **options: Any) -> Any:
        """The result of a Keras layer on the tensors."""
        return self.parts.layer(
            class_name, self.tensors if len(self.tensors) > 1 else self.tensors[0], *args, **options
        )

    def scaled(self, scale: Any, shift: Any) -> Any:
        """The first tensor times a constant plus another."""
        return self.parts.affine(self.tensors[0], scale, shift)

    def function(self, *, options: Mapping[str, Any] | None = None, argument: str = "x") -> Any:
        """The function of `keras.ops` of the first tensor's elements."""
        return self.parts.function(self.tensors[0], functions.function_called(self.kind), options, argument)

    def constant(self) -> np.ndarray | None:
        """The argument that is no symbolic tensor, in float64; None if all are."""
        import keras

        for value in self.values:
            if not isinstance(value, keras.KerasTensor):
                return keras.ops.convert_to_numpy(value).astype(np.float64)
        return None

    def refuse(self, reason: str) -> NoReturn:
        """Say that there is no layer that equals this call."""
        self.parts.refuse(reason)
        raise AssertionError
