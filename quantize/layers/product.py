"""`MatrixProduct`: the product of two tensors that both change, as attention has."""

from collections.abc import Sequence
from typing import Any

import keras

from netloom.errors import LayerNotSupportedError


@keras.saving.register_keras_serializable("netloom")
class MatrixProduct(keras.layers.Layer):
    """(..., M, K) times (..., K, N), or (..., N, K) if `transposed`: (..., M, N), the leading axes equal.

    Args:
        transposed: whether rows of the second tensor, rather than its columns, meet rows of the first.
    """

    def __init__(self, transposed: bool = False, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.transposed = transposed

    def build(self, shapes: Sequence[tuple[int | None, ...]]) -> None:
        """Hold the axes against each other.

        Raises:
            LayerNotSupportedError: if they do not meet.
        """
        if len(shapes) != 2 or min(map(len, shapes)) < 3 or not self._meet(*shapes):
            raise LayerNotSupportedError(f"layer {self.name!r}: tensors of shapes {shapes} have no matrix product")
        self.built = True

    def _meet(self, first: Sequence[int | None], second: Sequence[int | None]) -> bool:
        return first[1:-2] == second[1:-2] and first[-1] == second[-1 if self.transposed else -2]

    def compute_output_shape(self, shapes: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """Rows of the first by columns of the second."""
        return (*shapes[0][:-1], shapes[1][-2 if self.transposed else -1])

    def call(self, inputs: Sequence[Any]) -> Any:
        """One product a sample."""
        first, second = inputs
        return keras.ops.matmul(first, keras.ops.swapaxes(second, -1, -2) if self.transposed else second)

    def get_config(self) -> dict[str, Any]:
        """What it was made with."""
        return {**super().get_config(), "transposed": self.transposed}
