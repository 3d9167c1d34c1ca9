"""`ArgMax`: which element of the last axis is the largest."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("netloom")
class ArgMax(keras.layers.Layer):
    """The place of the first of the largest elements of the last axis, a whole number; one for each row, as an axis."""

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """One element a row."""
        return (*shape[:-1], 1)

    def call(self, x: Any) -> Any:
        """In the input's own float type."""
        return keras.ops.cast(keras.ops.argmax(x, axis=-1, keepdims=True), x.dtype)
