"""What module `multiplier` costs."""

from netloom.firmware.families import Family
from netloom.firmware.units.unit import Resources

LATENCY = 3
"""Clocks through a multiplier, however it is built."""


def multiplier_resources(a_width: int, b_width: int, target: Family, dsp: bool) -> Resources:
    """One multiplier of operands of these widths, in a DSP block or in LUTs."""
    return Resources(dsp=1) if dsp else Resources(*target.multiplier(max(a_width, b_width), min(a_width, b_width)))
