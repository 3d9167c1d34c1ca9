"""`Target`: which primitives of a device family the library instantiates by name."""

from enum import StrEnum


class Target(StrEnum):
    """`GENERIC` leaves everything to the synthesizer; the others name their DSP blocks."""

    GENERIC = "generic"
    ECP5 = "ecp5"
    ICE40 = "ice40"
