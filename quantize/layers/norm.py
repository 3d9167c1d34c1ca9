"""`QNormalization`: the normalization that the firmware computes, as a Keras layer."""

from typing import Any, get_args

import keras
import numpy as np

from netloom.errors import LayerNotSupportedError, SettingsError
from netloom.quantize.functions.norm_tables import Norm, NormMode, grouped
from netloom.quantize.quantizer_types import quantizer_type


@keras.saving.register_keras_serializable("netloom")
class QNormalization(keras.layers.Layer):
    """Normalization by the firmware's table of 1/sqrt, on a quantized input; its gradient is the true function's.

    It has no scale and no shift: a `QBatchNormalization` after it has. In float64 the results are the firmware's to the
    bit. In float32 sums of squares beyond 24 bits are rounded: a neighbouring entry may be taken.

    Args:
        quantizer: a `quantized_bits` of the input, or its text.
        mode: `layer`, `rms` or `unit`.
        epsilon: as in Keras.
        groups: of channels, each normalized over all positions; None: every position over its channels.

    Raises:
        QuantizerNotSupportedError: if no fixed-point type equals the quantizer.
        SettingsError: if there is no such mode.
    """

    def __init__(
        self, quantizer: Any, mode: NormMode = "layer", epsilon: float = 1e-3, groups: int | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        import qkeras

        if mode not in get_args(NormMode):
            raise SettingsError(
                f"layer {self.name!r}: mode must be one of {', '.join(get_args(NormMode))}, not {mode!r}"
            )
        self.quantizer = qkeras.get_quantizer(quantizer)
        self.mode, self.epsilon, self.groups = mode, epsilon, groups
        self.element = quantizer_type(self.quantizer)
        self.supports_masking = False

    def build(self, shape: tuple[int | None, ...]) -> None:
        """The table for so many elements."""
        inner = tuple(size for size in shape[1:] if size is not None)
        if len(inner) < len(shape) - 1:
            raise LayerNotSupportedError(f"layer {self.name!r}: the sizes of its input must be fixed, not {shape[1:]}")
        if self.groups is not None and (self.groups < 1 or inner[-1] % self.groups):
            raise LayerNotSupportedError(
                f"layer {self.name!r}: {inner[-1]} channels do not divide into {self.groups} groups"
            )
        self._order = grouped(inner, self.groups)
        self.norm = Norm(self.element, self._order.shape[-1], self.mode, self.epsilon)
        self.norm.check(f"layer {self.name!r}")
        self._table = np.concatenate([segment.entries for segment in self.norm.segments])
        self.built = True

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's."""
        return shape

    def call(self, x: Any) -> Any:
        """The table forward, the true function backward."""
        ops = keras.ops

        @ops.custom_gradient
        def computed(x: Any) -> Any:
            def gradient(*upstreams: Any, upstream: Any = None) -> Any:
                return self._gradient(x, upstreams[0] if upstream is None else upstream)

            return self._by_table(x), gradient

        x = self.quantizer(x)
        if self.groups is None:
            return computed(x)
        shape = (-1, *x.shape[1:])
        moved = ops.take(ops.reshape(x, (-1, self._order.size)), self._order.ravel(), axis=1)
        result = ops.reshape(computed(ops.reshape(moved, (-1, *self._order.shape))), (-1, self._order.size))
        return ops.reshape(ops.take(result, np.argsort(self._order.ravel()), axis=1), shape)

    def _by_table(self, x: Any) -> Any:
        """On raws: whole numbers in the layer's own float type."""
        ops, norm = keras.ops, self.norm
        d = x * 2.0**self.element.fraction
        if norm.centred:
            d = norm.size * d - ops.sum(d, axis=-1, keepdims=True)
        v = ops.sum(d * d, axis=-1, keepdims=True)
        index, first = ops.zeros_like(v), 0
        for segment in norm.segments:
            inside = ops.floor((v - float(segment.start)) * 2.0**-segment.shift)
            inside = ops.minimum(inside, segment.entries.size - 1)
            index = ops.where(v >= float(segment.start), first + inside, index)
            first += segment.entries.size
        table = ops.convert_to_tensor(self._table.astype(self.compute_dtype), dtype=self.compute_dtype)
        product = d * ops.take(table, ops.cast(index, "int32"), axis=0)
        result = norm.result
        shift = result.fraction - self.element.fraction - norm.entry.fraction
        return ops.clip(ops.floor(product * 2.0**shift + 0.5), result.raw_min, result.raw_max) * result.step

    def _gradient(self, x: Any, upstream: Any) -> Any:
        ops, norm = keras.ops, self.norm
        if norm.centred:
            x = x - ops.mean(x, axis=-1, keepdims=True)
        if self.mode == "unit":
            power = ops.sum(x * x, axis=-1, keepdims=True)
            root, share = ops.rsqrt(ops.maximum(power, self.epsilon)), ops.cast(power > self.epsilon, x.dtype)
        else:
            root, share = ops.rsqrt(ops.mean(x * x, axis=-1, keepdims=True) + self.epsilon), 1 / norm.size
        y = x * root
        if norm.centred:
            upstream = upstream - ops.mean(upstream, axis=-1, keepdims=True)
        return root * (upstream - y * share * ops.sum(y * upstream, axis=-1, keepdims=True))

    def get_config(self) -> dict[str, Any]:
        """The arguments, the quantizer as text."""
        own = {"quantizer": str(self.quantizer), "mode": self.mode, "epsilon": self.epsilon, "groups": self.groups}
        return {**super().get_config(), **own}
