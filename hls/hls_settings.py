"""Settings of the conversion."""

from typing import Literal

from pydantic import Field, field_validator

from netloom.errors import PrecisionError
from netloom.fixed_point import FixedPoint
from netloom.quantize.base_settings import Settings


class HlsSettings(Settings):
    """How a quantized network is converted.

    Attributes:
        io_type: 'io_parallel' (whole tensors side by side) or 'io_stream' (one pixel after the other).
        strategy: hls4ml's 'Latency' or 'Resource'; depthwise convolution with io_parallel has only the former.
        reuse_factor: how many multiplications share one multiplier.
        clock_period: ns, for the vendor's tool.
        part: FPGA part number, for the vendor's tool.
        precision: types to use instead of the proven ones, {layer: {role: type}}; roles are 'result', 'accum', and the
            table types of activations. A type that is too narrow wraps or saturates, as the hardware would.

    Raises:
        SettingsError: if a value is out of range, or a type cannot be read.
    """

    io_type: Literal["io_parallel", "io_stream"] = "io_parallel"
    strategy: Literal["Latency", "Resource"] = "Latency"
    reuse_factor: int = Field(default=1, ge=1, le=2**20)
    clock_period: float = Field(default=5.0, gt=0, le=1000)
    part: str = Field(default="xcvu13p-flga2577-2-e", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    precision: dict[str, dict[str, str]] = Field(default_factory=dict)

    @field_validator("precision")
    @classmethod
    def _types_parse(cls, precision: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        for roles in precision.values():
            for type_ in roles.values():
                try:
                    FixedPoint.parse(type_)
                except PrecisionError as error:
                    raise ValueError(str(error)) from None
        return precision

    def types(self) -> dict[str, dict[str, FixedPoint]]:
        """`precision`, parsed."""
        return {
            layer: {role: FixedPoint.parse(type_) for role, type_ in roles.items()}
            for layer, roles in self.precision.items()
        }
