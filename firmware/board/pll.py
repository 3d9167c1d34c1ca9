"""Settings of the phase-locked loops: the clock that comes closest to the one asked for."""

from dataclasses import dataclass
from itertools import product

from netloom.errors import SettingsError
from netloom.firmware.families.target import Target

_ECP5_PFD = (10.0, 400.0)
_ECP5_VCO = (400.0, 800.0)
_ICE40_PFD = (10.0, 133.0)
_ICE40_VCO = (533.0, 1066.0)
_ICE40_FILTERS = ((17, 1), (26, 2), (44, 3), (66, 4), (101, 5))
"""Upper end of the phase detector's frequency -> FILTER_RANGE, as the vendor's tool sets it."""
_RANGES = {Target.ECP5: (3.125, 400.0), Target.ICE40: (16.0, 275.0)}


@dataclass(frozen=True)
class Pll:
    """Settings of a loop.

    Attributes:
        mhz: what comes out.
        parameters: of the primitive, dividers and the like.
    """

    mhz: float
    parameters: dict[str, int | str]


def plan_pll(target: Target, source_mhz: float, wanted_mhz: float) -> Pll | None:
    """The loop from one frequency to another, as close as it comes: within 2 %. None if no loop is needed.

    Raises:
        SettingsError: for a frequency out of the loop's range.
    """
    if abs(source_mhz - wanted_mhz) < 1e-6:
        return None
    least, most = _RANGES[target]
    if not least <= wanted_mhz <= most:
        raise SettingsError(
            f"the PLL of this family gives {least:g} to {most:g} MHz, not {wanted_mhz:g}"
            f" (and {source_mhz:g} MHz, the board's own clock, goes without one)"
        )
    best = _ecp5(source_mhz, wanted_mhz) if target is Target.ECP5 else _ice40(source_mhz, wanted_mhz)
    if best is None:
        raise SettingsError(f"the PLL cannot make {wanted_mhz:g} MHz from the board's {source_mhz:g} MHz")
    return best


def _ecp5(source: float, wanted: float) -> Pll | None:
    """CLKOP closes the loop, CLKOS is the clock: so two dividers are free, and the phase detector can run fast."""
    found = []
    for divide_in, feedback, divide_loop in product(range(1, 129), range(1, 81), range(1, 129)):
        compared = source / divide_in
        oscillator = compared * feedback * divide_loop
        if compared < _ECP5_PFD[0]:
            break
        if compared > _ECP5_PFD[1] or not _ECP5_VCO[0] <= oscillator <= _ECP5_VCO[1]:
            continue
        loop = oscillator / divide_loop
        divide_out = round(oscillator / wanted)
        if not 1 <= divide_out <= 128 or not _RANGES[Target.ECP5][0] <= loop <= _RANGES[Target.ECP5][1]:
            continue
        mhz = oscillator / divide_out
        # Of equal results the one with the fastest phase detector, which follows the clock best.
        found.append((round(abs(mhz - wanted), 9), divide_in, -oscillator, divide_loop, feedback, divide_out, mhz))
    if not found:
        return None
    _, divide_in, _, divide_loop, feedback, divide_out, mhz = min(found)
    return Pll(
        mhz,
        {
            "CLKI_DIV": divide_in,
            "CLKFB_DIV": feedback,
            "CLKOP_ENABLE": "ENABLED",
            "CLKOP_DIV": divide_loop,
            "CLKOP_CPHASE": divide_loop // 2,
            "CLKOS_ENABLE": "ENABLED",
            "CLKOS_DIV": divide_out,
            "CLKOS_CPHASE": divide_out // 2,
            "FEEDBK_PATH": "CLKOP",
        },
    )


def _ice40(source: float, wanted: float) -> Pll | None:
    found = []
    for divide_in, feedback, shift in product(range(16), range(128), range(1, 7)):
        compared = source / (divide_in + 1)
        oscillator = compared * (feedback + 1)
        if compared < _ICE40_PFD[0]:
            break
        if compared > _ICE40_PFD[1] or not _ICE40_VCO[0] <= oscillator <= _ICE40_VCO[1]:
            continue
        mhz = oscillator / 2**shift
        found.append((round(abs(mhz - wanted), 9), divide_in, feedback, shift, mhz, compared))
    if not found:
        return None
    _, divide_in, feedback, shift, mhz, compared = min(found)
    band = next((value for end, value in _ICE40_FILTERS if compared < end), 6)
    return Pll(
        mhz,
        {
            "FEEDBACK_PATH": "SIMPLE",
            "DIVR": divide_in,
            "DIVF": feedback,
            "DIVQ": shift,
            "FILTER_RANGE": band,
        },
    )
