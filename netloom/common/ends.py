"""`Ends`: what the host does to numbers before the network's hardware, and after it.

Hardware counts in powers of two. A scale of another size at an end of the network is left to the host: it sends the
whole numbers that a quantizer makes of its samples, and scales what comes out.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from netloom.common.reading import FixedModel, Number

InputRounding = Literal["ROUND", "HALF_EVEN", "FLOOR", "CEIL", "UP", "DOWN", "HALF_UP", "HALF_DOWN", "BIPOLAR"]
"""ONNX's (QONNX's `Quant`); BIPOLAR gives 1 for what is not negative, else -1."""

LEAST_SCALE = float(np.finfo(np.float32).tiny)
"""Of an input: below it float32 is no longer computed with alike everywhere."""
FARTHEST_ZERO = 2**24
"""Whole numbers: a zero point farther away moves every value to one end."""

_Scale = Annotated[float, Field(ge=LEAST_SCALE, allow_inf_nan=False)]
_Zero = Annotated[float, Field(ge=-FARTHEST_ZERO, le=FARTHEST_ZERO, allow_inf_nan=False)]
_Whole24 = Annotated[int, Field(ge=-(2**24), le=2**24)]
_Row = Annotated[tuple[Number, ...], Field(min_length=1, max_length=2**24)]


class InputScale(FixedModel):
    """How an input becomes whole numbers: `clip(x / scale + zero_point, low, high)`, rounded; in float32, as in ONNX.

    `scale` and `zero_point` are exact in float32; `low` and `high` are the least and the greatest whole number.
    """

    scale: _Scale
    zero_point: _Zero = 0.0
    low: _Whole24
    high: _Whole24
    rounding: InputRounding = "ROUND"

    @model_validator(mode="after")
    def _is_a_quantizer(self) -> "InputScale":
        if self.low >= self.high or float(np.float32(self.scale)) != self.scale:
            raise ValueError("it must have a scale of float32, and more than one whole number")
        return self

    def raws(self, x: Any, ops: Any = np) -> Any:
        """The whole numbers, float32.

        Args:
            x: float32, of any shape: an array, or a tensor of what has NumPy's functions.
            ops: NumPy, or `keras.ops`.
        """
        y = x / np.float32(self.scale) + np.float32(self.zero_point)
        if self.rounding == "BIPOLAR":
            return ops.where(y >= 0, ops.ones_like(y), -ops.ones_like(y))
        y = ops.clip(y, np.float32(self.low), np.float32(self.high))
        half = np.float32(0.5 if self.rounding.startswith("HALF_") else 0)
        match self.rounding:
            case "FLOOR" | "CEIL":
                return getattr(ops, self.rounding.lower())(y)
            case "DOWN" | "HALF_UP":
                return ops.sign(y) * ops.floor(ops.abs(y) + half)
            case "UP" | "HALF_DOWN":
                return ops.sign(y) * ops.ceil(ops.abs(y) - half)
        return ops.round(y)

    def outside(self, x: np.ndarray) -> int:
        """How many values are clipped by more than rounding would move them."""
        y = x.astype(np.float32) / np.float32(self.scale) + np.float32(self.zero_point)
        limits = (-np.inf, np.inf) if self.rounding == "BIPOLAR" else (self.low - 0.5, self.high + 0.5)
        return int(((y < limits[0]) | (y > limits[1])).sum())

    def __str__(self) -> str:
        zero = f" + {self.zero_point:g}" if self.zero_point else ""
        how = "" if self.rounding in ("ROUND", "HALF_EVEN") else f", {self.rounding}"
        return f"round(x / {self.scale:g}{zero}), {self.low} to {self.high}{how}"


class OutputScale(FixedModel):
    """What an output stands for: `y * scale + shift`, held between `floor` and `ceiling`; in float64.

    `scale` and `shift` have one number, or as many as there are places along `axis` of a sample.
    """

    scale: _Row
    shift: _Row
    axis: Annotated[int, Field(ge=0, le=7)] = 0
    floor: Number | None = None
    ceiling: Number | None = None

    @model_validator(mode="after")
    def _is_a_scale(self) -> "OutputScale":
        if len(self.scale) != len(self.shift):
            raise ValueError("it must have as many scales as shifts")
        return self

    def check(self, shape: Sequence[int]) -> None:
        """Hold it against the output's shape, without the batch.

        Raises:
            ValueError: if it has another number of places.
        """
        if self.axis >= len(shape) or len(self.scale) not in (1, shape[self.axis]):
            raise ValueError(f"{len(self.scale)} scales along axis {self.axis} are none of the shape {tuple(shape)}")

    def rows(self, rank: int) -> tuple[np.ndarray, np.ndarray]:
        """Scales and shifts, float64, as they broadcast against samples of `rank` axes."""
        shape = [1] * rank
        shape[self.axis] = len(self.scale)
        return np.reshape(self.scale, shape).astype(np.float64), np.reshape(self.shift, shape).astype(np.float64)

    def values(self, y: np.ndarray) -> np.ndarray:
        """What hardware's values, (samples, *shape), stand for: float64."""
        scale, shift = self.rows(y.ndim - 1)
        result = y.astype(np.float64) * scale + shift
        if self.floor is None and self.ceiling is None:
            return result
        return np.clip(result, self.floor, self.ceiling)

    def __str__(self) -> str:
        def several(values: tuple[float, ...]) -> str:
            low, high = min(values), max(values)
            return f"{low:g}" if low == high else f"{low:g} to {high:g}"

        shift = f" + {several(self.shift)}" if any(self.shift) else ""
        floor = "" if self.floor is None else f", at least {self.floor:g}"
        ceiling = "" if self.ceiling is None else f", at most {self.ceiling:g}"
        return f"y * {several(self.scale)}{shift}{floor}{ceiling}"


class Ends(FixedModel):
    """The host's part at each input and output, None where it has none; an empty tuple is none at all."""

    inputs: tuple[InputScale | None, ...] = ()
    outputs: tuple[OutputScale | None, ...] = ()

    def __bool__(self) -> bool:
        return any(one is not None for one in (*self.inputs, *self.outputs))

    def sent(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """What the host sends: float arrays, (samples, *shape), those that have a scale as whole numbers, float32."""
        scales = self.inputs or (None,) * len(inputs)
        return [x if one is None else one.raws(x.astype(np.float32)) for one, x in zip(scales, inputs, strict=True)]

    def received(self, outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """What the host makes of the hardware's outputs, (samples, *shape)."""
        scales = self.outputs or (None,) * len(outputs)
        return [y if one is None else one.values(y) for one, y in zip(scales, outputs, strict=True)]

    def told(self, inputs: Sequence[str], outputs: Sequence[str]) -> list[str]:
        """A line for each of them, for people; the names are of all inputs and outputs."""
        sent = zip(inputs, self.inputs, strict=True) if self.inputs else ()
        received = zip(outputs, self.outputs, strict=True) if self.outputs else ()
        return [
            *(f"input {name!r}: the host sends {one}" for name, one in sent if one is not None),
            *(f"output {name!r}: the host takes hardware's y for {one}" for name, one in received if one is not None),
        ]
