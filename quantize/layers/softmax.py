"""`QSoftmax`: the softmax that the firmware computes, as a Keras layer."""

from typing import Any

import keras
import numpy as np

from netloom.errors import LayerNotSupportedError, SettingsError
from netloom.fixed_point import FixedPoint
from netloom.quantize.functions.softmax_tables import SoftmaxTypes, exp_table, inverse_table, masked_type
from netloom.quantize.quantizer_types import quantizer_type

_NOTHING = -1e9
"""Its exponential is zero in any float type; Keras adds as much where a mask says no."""


def _checked(mask: Any, name: str) -> np.ndarray:
    """A mask as booleans, (rows, columns).

    Raises:
        SettingsError: if it is none, or leaves nothing of a row.
    """
    found = np.asarray(mask, dtype=bool)
    if found.ndim != 2 or not found.any(axis=1).all():
        raise SettingsError(f"layer {name!r}: mask must be rows of booleans, each with a True at least")
    return found


@keras.saving.register_keras_serializable("netloom")
class MaskedSoftmax(keras.layers.Layer):
    """Softmax of the last axis, in which some elements count for nothing: the same ones in every sample.

    Args:
        mask: (rows, columns), whether an element counts, of the last two axes.

    Raises:
        SettingsError: if it is no such mask, or leaves nothing of a row.
    """

    def __init__(self, mask: Any, **options: Any) -> None:
        super().__init__(**options)
        self.mask = _checked(mask, self.name)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's."""
        return shape

    def call(self, x: Any) -> Any:
        """Of what counts."""
        return keras.ops.softmax(keras.ops.where(self.mask, x, _NOTHING))

    def get_config(self) -> dict[str, Any]:
        """The mask, as lists."""
        return {**super().get_config(), "mask": self.mask.tolist()}


@keras.saving.register_keras_serializable("netloom")
class QSoftmax(keras.layers.Layer):
    """Softmax by the firmware's tables of exp and 1/x, on a quantized input; its gradient is the true softmax's.

    In float64 the results are the firmware's to the bit. In float32 a product of two entries (36 bits) is rounded once
    more: results may differ by a step of 2**-17.

    Args:
        quantizer: a `quantized_bits` of the input, or its text.
        axis: over which the outputs sum to about 1; the last with a mask.
        mask: (rows, columns), whether an element counts, of the last two axes; all do if None. One that does not is
            taken as the least value of `element`, so far below the others that its exponential is zero.

    Raises:
        QuantizerNotSupportedError: if no fixed-point type equals the quantizer.
        SettingsError: if a mask is none, or leaves nothing of a row.
    """

    def __init__(self, quantizer: Any, axis: int = -1, mask: Any = None, **options: Any) -> None:
        super().__init__(**options)
        import qkeras

        self.quantizer = qkeras.get_quantizer(quantizer)
        self.axis = axis if isinstance(axis, int) else axis[0]
        self.element = quantizer_type(self.quantizer)
        self.mask = None if mask is None else _checked(mask, self.name)
        if self.mask is not None:
            if self.axis != -1:
                raise SettingsError(f"layer {self.name!r}: axis must be -1 with a mask, not {self.axis}")
            self.element = masked_type(self.element)
        self.supports_masking = False

    def build(self, shape: tuple[int | None, ...]) -> None:
        """The tables for so many classes."""
        classes = shape[self.axis]
        if classes is None:
            raise LayerNotSupportedError(f"layer {self.name!r}: the size of axis {self.axis} must be fixed")
        self.types = types = SoftmaxTypes.of(self.element, classes)
        self._exponentials = exp_table(2**types.distance.width, types.distance, types.table, negative=True)
        self._reciprocals = inverse_table(2**types.index.width, types.index, types.table)
        self.built = True

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's."""
        return shape

    def call(self, x: Any) -> Any:
        """The tables forward, softmax backward."""

        @keras.ops.custom_gradient
        def computed(x: Any) -> Any:
            def gradient(*upstreams: Any, upstream: Any = None) -> Any:
                given = upstreams[0] if upstream is None else upstream
                counting = x if self.mask is None else keras.ops.where(self.mask, x, _NOTHING)
                share = keras.ops.softmax(counting, axis=self.axis)
                return share * (given - keras.ops.sum(given * share, axis=self.axis, keepdims=True))

            return self._by_tables(x), gradient

        return computed(self.quantizer(x))

    def _by_tables(self, x: Any) -> Any:
        """On raws: whole numbers in the layer's own float type."""
        ops, types = keras.ops, self.types
        raw = x * 2.0**self.element.fraction
        if self.mask is not None:
            raw = ops.where(self.mask, raw, float(self.element.raw_min))
        distance = ops.max(raw, axis=self.axis, keepdims=True) - raw
        distance = _cast(distance, self.element.fraction, types.distance)
        exponentials = self._entries(self._exponentials, distance)
        total = ops.sum(exponentials, axis=self.axis, keepdims=True)
        total = _cast(total, types.table.fraction, types.index)
        product = exponentials * self._entries(self._reciprocals, total)
        return _cast(product, 2 * types.table.fraction, types.table) * types.table.step

    def _entries(self, table: np.ndarray, index: Any) -> Any:
        values = keras.ops.convert_to_tensor(table.astype(self.compute_dtype), dtype=self.compute_dtype)
        return keras.ops.take(values, keras.ops.cast(index, "int32"), axis=0)

    def get_config(self) -> dict[str, Any]:
        """The arguments, the quantizer as text."""
        mask = None if self.mask is None else self.mask.tolist()
        return {**super().get_config(), "quantizer": str(self.quantizer), "axis": self.axis, "mask": mask}


def _cast(raw: Any, fraction: int, to: FixedPoint) -> Any:
    """Raws with `fraction` fraction bits as raws of `to`, which rounds (RND) and saturates."""
    return keras.ops.clip(keras.ops.floor(raw * 2.0 ** (to.fraction - fraction) + 0.5), to.raw_min, to.raw_max)
