"""How a QKeras quantizer reaches hls4ml: as values already on their grid, and the grid's type."""

from typing import Any

import numpy as np
from hls4ml.model.quantizers import Quantizer

from netloom.errors import QuantizerNotSupportedError
from netloom.fixed_point import FixedPoint
from netloom.hls.hls4ml_types import precision_type
from netloom.quantize.quantizer_types import quantizer_type
from netloom.quantize.smallest_grid import smallest_grid
from netloom.quantize.weight_grid import check_weights

MAX_UNQUANTIZED_BITS = 16
"""Of weights without a quantizer: a float32 that nobody put on a grid has 24."""


class GridQuantizer(Quantizer):
    """For hls4ml: the data is quantized already, `hls_type` holds it exactly."""

    def __init__(self, grid: FixedPoint) -> None:
        super().__init__(grid.width, precision_type(grid))
        self.grid = grid

    def __call__(self, data: np.ndarray) -> np.ndarray:
        """The data itself."""
        return data

    def serialize_state(self) -> dict[str, str]:
        """For hls4ml's `save`: the type as text."""
        return {"grid": str(self.grid)}

    @classmethod
    def deserialize(cls, state: dict[str, str]) -> "GridQuantizer":
        """For hls4ml's `deserialize_model`."""
        return cls(FixedPoint.parse(state["grid"]))


def quantized_values(layer: Any, weight: Any, quantizer: Any, where: str) -> tuple[np.ndarray, FixedPoint]:
    """What a QKeras layer computes with in place of a stored weight, and the type that holds it.

    Args:
        layer: the Keras layer, for messages.
        weight: the stored variable.
        quantizer: the layer's own quantizer object for it, or None.
        where: what the weight is called.

    Raises:
        QuantizerNotSupportedError: if the quantizer has no power-of-two grid, or there is none and the values need one.
    """
    import keras

    name = f"layer {layer.name!r}, {where}"
    values = keras.ops.convert_to_numpy(weight if quantizer is None else quantizer(weight)).astype(np.float64)
    if not np.isfinite(values).all():
        raise QuantizerNotSupportedError(f"{name}: weights must be finite; found NaN or infinity")
    if quantizer is None:
        return values, unquantized_grid(values, name)
    check_weights(values, quantizer, name)
    if type(quantizer).__name__ in ("quantized_bits", "quantized_relu") and is_plain(quantizer):
        return values, quantizer_type(quantizer).with_modes()
    # Scaled, or no range of its own (ternary, powers of two): as wide as its values need.
    return values, smallest_grid(values, name)


def is_plain(quantizer: Any) -> bool:
    """Whether a linear quantizer has no scale and more than a sign, so that it is a fixed-point type."""
    alpha = getattr(quantizer, "alpha", None)
    unscaled = alpha is None or (isinstance(alpha, int | float) and alpha == 1)
    return unscaled and int(quantizer.bits) > int(getattr(quantizer, "keep_negative", 0))


def unquantized_grid(values: np.ndarray, where: str) -> FixedPoint:
    """The grid of weights that no quantizer put on one: few bits, for every float32 lies on a grid of many.

    Raises:
        QuantizerNotSupportedError: if they need more than `MAX_UNQUANTIZED_BITS`.
    """
    grid = smallest_grid(values, where)
    if grid.width > MAX_UNQUANTIZED_BITS:
        raise QuantizerNotSupportedError(
            f"{where}: it has no quantizer, and its values need {grid.width} bits; give the layer a quantizer for it, "
            f"or values of at most {MAX_UNQUANTIZED_BITS} bits"
        )
    return grid
