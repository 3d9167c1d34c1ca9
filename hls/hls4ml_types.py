"""netloom's types as hls4ml's objects; `hls.lower.fixed_point` is the way back."""

from hls4ml.model.types import FixedPrecisionType, RoundingMode, SaturationMode

from netloom.fixed_point import FixedPoint


def precision_type(type_: FixedPoint) -> FixedPrecisionType:
    """A fixed-point type as hls4ml's object."""
    return FixedPrecisionType(
        type_.width,
        type_.integer,
        type_.signed,
        RoundingMode.from_string(type_.rounding.value),
        SaturationMode.from_string(type_.overflow.value),
    )
