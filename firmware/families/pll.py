"""Settings of a phase-locked loop."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pll:
    """Settings of a loop.

    Attributes:
        mhz: what comes out.
        parameters: of the primitive, dividers and the like.
    """

    mhz: float
    parameters: dict[str, int | str]
