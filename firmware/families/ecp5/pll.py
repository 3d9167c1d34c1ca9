"""The phase-locked loop of ECP5, `LOOP`."""

from itertools import product
from typing import Any

from netloom.firmware.families.family import Loop
from netloom.firmware.families.pll import Pll

_PFD = (10.0, 400.0)
_VCO = (400.0, 800.0)
_RANGE = (3.125, 400.0)


def _search(source: float, wanted: float) -> Pll | None:
    """CLKOP closes the loop, CLKOS is the clock: so two dividers are free, and the phase detector can run fast."""
    found = []
    for divide_in, feedback, divide_loop in product(range(1, 129), range(1, 81), range(1, 129)):
        compared = source / divide_in
        oscillator = compared * feedback * divide_loop
        if compared < _PFD[0]:
            break
        if compared > _PFD[1] or not _VCO[0] <= oscillator <= _VCO[1]:
            continue
        loop = oscillator / divide_loop
        divide_out = round(oscillator / wanted)
        if not 1 <= divide_out <= 128 or not _RANGE[0] <= loop <= _RANGE[1]:
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


def _instance(pll: Pll, source: Any, clock: Any, locked: Any) -> Any:
    from amaranth.hdl import Const, Instance, Signal

    loop = Signal()
    return Instance(
        "EHXPLLL",
        *(("p", name, value) for name, value in pll.parameters.items()),
        # What the vendor's tools write for such frequencies; the bitstream tools take them from the cell.
        ("a", "ICP_CURRENT", "12"),
        ("a", "LPF_RESISTOR", "8"),
        ("a", "MFG_ENABLE_FILTEROPAMP", "1"),
        ("a", "MFG_GMCREF_SEL", "2"),
        i_CLKI=source,
        i_CLKFB=loop,
        i_RST=Const(0),
        i_STDBY=Const(0),
        i_PHASESEL0=Const(0),
        i_PHASESEL1=Const(0),
        i_PHASEDIR=Const(1),
        i_PHASESTEP=Const(1),
        i_PHASELOADREG=Const(1),
        i_PLLWAKESYNC=Const(0),
        i_ENCLKOP=Const(0),
        o_CLKOP=loop,
        o_CLKOS=clock,
        o_LOCK=locked,
    )


LOOP = Loop(_RANGE, _search, _instance)
