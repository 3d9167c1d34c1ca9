"""The clock that comes closest to the one asked for."""

from netloom.errors import SettingsError
from netloom.firmware.families.family import Family
from netloom.firmware.families.pll import Pll


def plan_pll(family: Family, source_mhz: float, wanted_mhz: float) -> Pll | None:
    """The loop from one frequency to another, as close as it comes: within 2 %. None if no loop is needed.

    Raises:
        SettingsError: for a frequency out of the loop's range, or of a family without one.
    """
    if abs(source_mhz - wanted_mhz) < 1e-6:
        return None
    if family.loop is None:
        raise SettingsError(f"this family has no PLL: the clock is the board's own, {source_mhz:g} MHz")
    least, most = family.loop.range
    if not least <= wanted_mhz <= most:
        raise SettingsError(
            f"the PLL of this family gives {least:g} to {most:g} MHz, not {wanted_mhz:g}"
            f" (and {source_mhz:g} MHz, the board's own clock, goes without one)"
        )
    best = family.loop.search(source_mhz, wanted_mhz)
    if best is None:
        raise SettingsError(f"the PLL cannot make {wanted_mhz:g} MHz from the board's {source_mhz:g} MHz")
    return best
