"""`Parts`: the layers that together equal one of the user's, or one operation."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.quantize.flat.equal.affine import affine
from netloom.quantize.flat.names import SEPARATOR, Names


class Parts:
    """Makes layers whose names begin with that of the one they equal; all tensors are symbolic, with their batch.

    Args:
        names: of the flat model.
        name: of the layer or operation.
        owner: what to call it in messages.
    """

    def __init__(self, names: Names, name: str, owner: str) -> None:
        self.names, self.name, self.owner = names, name, owner

    def at(self, part: str) -> "Parts":
        """Makes the layers of a part that has a name of its own."""
        return Parts(self.names, f"{self.name}{SEPARATOR}{part}", self.owner)

    def layer(self, kind: str, tensors: Any, *args: Any, **options: Any) -> Any:
        """The result of one of Keras's layers."""
        import keras

        return getattr(keras.layers, kind)(*args, **options, name=self._part(kind))(tensors)

    def _part(self, kind: str) -> str:
        return self.names.of(f"{self.name}_{kind.lower()}")

    def reshape(self, tensor: Any, shape: Sequence[int]) -> Any:
        """Another shape, without the batch; at least one axis."""
        shape = tuple(shape) or (1,)
        return tensor if tuple(tensor.shape[1:]) == shape else self.layer("Reshape", tensor, shape)

    def permute(self, tensor: Any, order: Sequence[int]) -> Any:
        """The axes in another order; the first after the batch is 1."""
        order = tuple(order)
        return tensor if order == tuple(range(1, len(order) + 1)) else self.layer("Permute", tensor, order)

    def back(self, tensor: Any, order: Sequence[int]) -> Any:
        """The axes as they were before `permute`."""
        return self.permute(tensor, tuple(int(axis) + 1 for axis in np.argsort(order)))

    def rearrange(self, tensor: Any, order: np.ndarray) -> Any:
        """Elements by their places; -1 is a zero."""
        from netloom.quantize.layers import Rearrange

        if order.size == prod(tensor.shape[1:]) and (order.ravel() == np.arange(order.size)).all():
            return self.reshape(tensor, order.shape)
        return Rearrange(order.tolist(), name=self._part("Rearrange"))(tensor)

    def affine(self, tensor: Any, scale: Any, shift: Any) -> Any:
        """`tensor * scale + shift`, of constants."""
        return affine(tensor, scale, shift, self._part("scale"), self.owner)

    def function(
        self, tensor: Any, function: str, options: Mapping[str, Any] | None = None, argument: str = "x"
    ) -> Any:
        """A function of `keras.ops` of every element."""
        from netloom.quantize.layers import Function

        return Function(function, options, argument, name=self._part(function))(tensor)

    def dense(self, tensor: Any, kernel: np.ndarray, bias: np.ndarray | None = None) -> Any:
        """The last axis times a constant matrix, (inputs, outputs)."""
        import keras

        size = kernel.shape[-1]
        rows = self.reshape(tensor, (prod(tensor.shape[1:-1]), tensor.shape[-1])) if len(tensor.shape) > 2 else tensor
        layer = keras.layers.Dense(size, use_bias=bias is not None, name=self._part("Dense"))
        result = layer(rows)
        layer.set_weights([kernel] if bias is None else [kernel, bias])
        return self.reshape(result, (*tensor.shape[1:-1], size))

    def grouped(self, tensor: Any, kernels: np.ndarray) -> Any:
        """A matrix of its own for each of the groups of the last axis: (rows, groups * inputs) by (groups, inputs,
        outputs) to (rows, groups * outputs)."""
        import keras

        groups, inputs, outputs = kernels.shape
        layer = keras.layers.Conv1D(groups * outputs, 1, groups=groups, use_bias=False, name=self._part("Conv1D"))
        result = layer(tensor)
        layer.set_weights([kernels.transpose(1, 0, 2).reshape(1, inputs, groups * outputs)])
        return result

    def along(self, tensor: Any, axis: int, matrix: np.ndarray) -> Any:
        """A constant matrix, (outputs, inputs), by an axis; the first after the batch is 1."""
        order = (*(one for one in range(1, len(tensor.shape)) if one != axis), axis)
        return self.back(self.dense(self.permute(tensor, order), matrix.T), order)

    def sum(self, tensor: Any) -> Any:
        """Over the last axis, which stays as one."""
        return self.dense(tensor, np.ones((tensor.shape[-1], 1)))

    def product(self, one: Any, other: Any, transposed: bool) -> Any:
        """Matrices times matrices, as `MatrixProduct` has them."""
        from netloom.quantize.layers import MatrixProduct

        return MatrixProduct(transposed, name=self._part("product"))([one, other])

    def gathered(self, tensor: Any, axes: Sequence[int], compute: Callable[[Any], Any]) -> Any:
        """What `compute` makes of a tensor with some axes moved to the end and made one, and put back if they stay."""
        kept = tuple(axis for axis in range(1, len(tensor.shape)) if axis not in axes)
        order = (*kept, *axes)
        last = self.permute(tensor, order)
        flat = self.reshape(last, (*last.shape[1 : 1 + len(kept)], prod(last.shape[1 + len(kept) :])))
        result = compute(flat)
        if result.shape[-1] != flat.shape[-1]:
            return result
        return self.back(self.reshape(result, last.shape[1:]), order)

    def done(self, tensor: Any) -> Any:
        """The result, by a layer of the user's name."""
        import keras

        operation = tensor._keras_history.operation
        if not operation.name.startswith(f"{self.name}_"):
            return keras.layers.Activation("linear", name=self.names.of(self.name))(tensor)
        operation.__dict__.update(name=self.names.of(self.name))
        return tensor

    def refuse(self, reason: str) -> Any:
        """Say that nothing equals it.

        Raises:
            LayerNotSupportedError: always.
        """
        raise LayerNotSupportedError(f"{self.owner} is not supported: {reason}")
