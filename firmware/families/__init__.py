"""What is particular to a family of FPGAs, a room a family: its record and modules; `FAMILIES`, all of them by name."""

from netloom.errors import SettingsError
from netloom.firmware.families.ecp5 import ECP5
from netloom.firmware.families.family import Family
from netloom.firmware.families.generic import GENERIC
from netloom.firmware.families.ice40 import ICE40

__all__ = ["ECP5", "FAMILIES", "GENERIC", "ICE40", "Family", "find_family"]

FAMILIES = {family.name: family for family in (GENERIC, ECP5, ICE40)}
"""By name; a family from outside joins here."""


def find_family(name: str) -> Family:
    """The family that a design names.

    Raises:
        SettingsError: if there is none of that name.
    """
    if name not in FAMILIES:
        raise SettingsError(f"there is no device family {name!r}; there are {', '.join(FAMILIES)}")
    return FAMILIES[name]
