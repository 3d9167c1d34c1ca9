"""The grid a QKeras quantizer puts weights on, known from what the quantizer is and never from how its values look.

float32 values always lie on some grid: 24 bits of mantissa pass for one. So a quantizer is admitted by its kind and its
scale, which must be an exact power of two, and its values are then held to the grid that follows from these.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from netloom.errors import QuantizerNotSupportedError
from netloom.quantize.quantizer_types import FLOAT32_BITS, check_bits, check_common, quantizer_refusal


def weight_step(quantizer: Any) -> np.ndarray | None:
    """The step of the values that a quantizer last gave: a scalar, or an array that broadcasts against them.

    Args:
        quantizer: a QKeras object that has just been called: scales found from the data are read off it.

    Returns:
        Powers of two; None for the quantizers whose values are powers of two themselves.

    Raises:
        QuantizerNotSupportedError: if its kind, an argument or its scale admits no fixed-point grid.
    """
    step = _STEPS.get(type(quantizer).__name__)
    if step is None or not type(quantizer).__module__.startswith("qkeras."):
        raise quantizer_refusal(
            quantizer, "puts weights on no fixed-point grid", f"one of {', '.join(sorted(_STEPS))} for weights"
        )
    return step(quantizer)


def check_weights(values: np.ndarray, quantizer: Any, where: str) -> None:
    """Hold quantized weights to their quantizer's grid.

    Args:
        values: what the quantizer has just made of the stored weights; finite.
        quantizer: the QKeras object.
        where: names the weights in errors.

    Raises:
        QuantizerNotSupportedError: if the quantizer has no grid, or a value is not on it.
    """
    try:
        step = weight_step(quantizer)
    except QuantizerNotSupportedError as error:
        raise QuantizerNotSupportedError(f"{where}: {error}") from None
    if step is None:
        on_grid = np.frexp(np.abs(values))[0] == 0.5
    else:
        whole = values / step
        on_grid = (whole == np.round(whole)) & (np.abs(whole) <= 2.0**FLOAT32_BITS)
    if not on_grid.all():
        worst = values[~on_grid][0]
        raise QuantizerNotSupportedError(
            f"{where}: {float(worst)!r} is not on the grid of its quantizer {quantizer}: float32 lost the last bits; "
            "clip the stored weights to the quantizer's range"
        )


def _scaled(quantizer: Any, step: float) -> np.ndarray:
    """A step times the quantizer's scale, which must be a power of two, and meant to be one."""
    alpha = quantizer.alpha
    fixed = getattr(quantizer, "post_training_scale", None) is not None
    if isinstance(alpha, str) and alpha != "auto_po2" and not fixed:
        raise quantizer_refusal(
            quantizer,
            f"has alpha={alpha!r}, a scale that is no power of two",
            "alpha=1 or alpha='auto_po2'",
        )
    # A scale that was given stands in the quantizer; one that was found from the data is left there by the call.
    scale = quantizer.scale if isinstance(alpha, str) else 1.0 if alpha is None else alpha
    scale = np.asarray(scale, dtype=np.float64)
    if not (np.frexp(scale)[0] == 0.5).all():
        shown = float(scale[np.frexp(scale)[0] != 0.5].flat[0]) if scale.ndim else float(scale)
        raise quantizer_refusal(
            quantizer,
            f"has a scale of {shown!r}, which is no power of two",
            "alpha=1, another power of two, or alpha='auto_po2'",
        )
    return scale * step


def _linear_step(quantizer: Any) -> np.ndarray:
    check_common(quantizer)
    integer, unsigned = int(quantizer.integer), int(quantizer.bits) - int(quantizer.keep_negative)
    if unsigned == 0:
        # One bit is a sign; quantized_linear has half its step on either side of zero.
        return _scaled(quantizer, 1.0 if type(quantizer).__name__ == "quantized_bits" else 2.0 ** (integer - 1))
    return _scaled(quantizer, 2.0 ** (integer - unsigned))


def _relu_step(quantizer: Any) -> np.ndarray:
    check_common(quantizer)
    for name in ("use_sigmoid", "negative_slope"):
        if getattr(quantizer, name):
            raise quantizer_refusal(quantizer, f"has {name}={getattr(quantizer, name)!r}", f"{name}=0")
    if quantizer.relu_upper_bound is not None:
        raise quantizer_refusal(quantizer, f"has relu_upper_bound={quantizer.relu_upper_bound!r}", "None")
    return np.asarray(2.0 ** (int(quantizer.integer) - int(quantizer.bits)))


def _sign_step(quantizer: Any) -> np.ndarray:
    if quantizer.use_stochastic_rounding:
        raise quantizer_refusal(quantizer, "rounds at random", "use_stochastic_rounding=False")
    return _scaled(quantizer, 1.0)


def _power_step(quantizer: Any) -> None:
    check_bits(quantizer)
    if quantizer.use_stochastic_rounding:
        raise quantizer_refusal(quantizer, "rounds at random", "use_stochastic_rounding=False")
    if quantizer.qnoise_factor != 1:
        raise quantizer_refusal(quantizer, "mixes in the unquantized value", "qnoise_factor=1.0")


def _hard_step(quantizer: Any) -> np.ndarray:
    check_bits(quantizer)
    if quantizer.use_stochastic_rounding:
        raise quantizer_refusal(quantizer, "rounds at random", "use_stochastic_rounding=False")
    signed = type(quantizer).__name__ == "quantized_tanh"
    return np.asarray(2.0 ** (signed - int(quantizer.bits)))


_STEPS: dict[str, Callable[[Any], np.ndarray | None]] = {
    "quantized_bits": _linear_step,
    "quantized_linear": _linear_step,
    "quantized_relu": _relu_step,
    "binary": _sign_step,
    "ternary": _sign_step,
    "quantized_po2": _power_step,
    "quantized_relu_po2": _power_step,
    "quantized_tanh": _hard_step,
    "quantized_sigmoid": _hard_step,
}
