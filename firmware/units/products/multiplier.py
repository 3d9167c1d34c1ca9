"""What module `multiplier` costs."""

from netloom.firmware.families import Family
from netloom.firmware.units.unit import Resources

LATENCY = 3
"""Clocks through a multiplier, however it is built."""


def multiplier_resources(a_width: int, b_width: int, target: Family, in_luts: int = 1, in_dsps: int = 0) -> Resources:
    """Multipliers of operands of these widths: so many in LUTs, and so many DSP blocks."""
    lut, ff = target.multiplier(max(a_width, b_width), min(a_width, b_width))
    return Resources(in_luts * lut, in_luts * ff, in_dsps)
