"""The phase-locked loop of iCE40, `LOOP`."""

from itertools import product
from typing import Any

from netloom.firmware.families.family import Loop
from netloom.firmware.families.pll import Pll

_PFD = (10.0, 133.0)
_VCO = (533.0, 1066.0)
_FILTERS = ((17, 1), (26, 2), (44, 3), (66, 4), (101, 5))
"""Upper end of the phase detector's frequency -> FILTER_RANGE, as the vendor's tool sets it."""


def _search(source: float, wanted: float) -> Pll | None:
    found = []
    for divide_in, feedback, shift in product(range(16), range(128), range(1, 7)):
        compared = source / (divide_in + 1)
        oscillator = compared * (feedback + 1)
        if compared < _PFD[0]:
            break
        if compared > _PFD[1] or not _VCO[0] <= oscillator <= _VCO[1]:
            continue
        mhz = oscillator / 2**shift
        found.append((round(abs(mhz - wanted), 9), divide_in, feedback, shift, mhz, compared))
    if not found:
        return None
    _, divide_in, feedback, shift, mhz, compared = min(found)
    band = next((value for end, value in _FILTERS if compared < end), 6)
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


def _core(pll: Pll, source: Any, clock: Any, locked: Any) -> Any:
    return _instance("SB_PLL40_CORE", pll, clock, locked, i_REFERENCECLK=source)


def _pad(pll: Pll, source: Any, clock: Any, locked: Any) -> Any:
    return _instance("SB_PLL40_PAD", pll, clock, locked, io_PACKAGEPIN=source.io)


def _instance(primitive: str, pll: Pll, clock: Any, locked: Any, **source: Any) -> Any:
    from amaranth.hdl import Const, Instance

    return Instance(
        primitive,
        *(("p", name, value) for name, value in pll.parameters.items()),
        i_RESETB=Const(1),
        i_BYPASS=Const(0),
        o_PLLOUTGLOBAL=clock,
        o_LOCK=locked,
        **source,
    )


LOOP = Loop((16.0, 275.0), _search, _core, _pad, {("iCE40UP5K", "sg48"): frozenset({"35"})})
