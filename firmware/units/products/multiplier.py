"""What module `multiplier` costs."""

from netloom.errors import SettingsError
from netloom.firmware.families import Family
from netloom.firmware.units.unit import Resources, Unit

LATENCY = 3
"""Clocks through a multiplier, however it is built."""


def multiplier_resources(a_width: int, b_width: int, target: Family, dsp: bool) -> Resources:
    """One multiplier of operands of these widths, in a DSP block or in LUTs."""
    return Resources(dsp=1) if dsp else Resources(*target.multiplier(max(a_width, b_width), min(a_width, b_width)))


def check_dsps(unit: Unit, dsps: int) -> None:
    """Whether so many of a unit's multipliers can sit in DSP blocks.

    Raises:
        SettingsError: if it has not so many.
    """
    if not 0 <= dsps <= unit.multipliers:
        raise SettingsError(f"unit {unit.name!r}: dsps must be 0 to {unit.multipliers}, not {dsps}")
