"""The phase-locked loop of ECP5, `LOOP`."""

from typing import Any

from netloom.firmware.families.pll import Loop, Pll


def _parameters(divide_in: int, feedback: int, divide_loop: int, divide_out: int, _: float) -> dict[str, int | str]:
    return {
        "CLKI_DIV": divide_in,
        "CLKFB_DIV": feedback,
        "CLKOP_ENABLE": "ENABLED",
        "CLKOP_DIV": divide_loop,
        "CLKOP_CPHASE": divide_loop // 2,
        "CLKOS_ENABLE": "ENABLED",
        "CLKOS_DIV": divide_out,
        "CLKOS_CPHASE": divide_out // 2,
        "FEEDBK_PATH": "CLKOP",
    }


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
        **{f"i_{pin}": Const(0) for pin in ("RST", "STDBY", "PHASESEL0", "PHASESEL1")},
        **{f"i_{pin}": Const(1) for pin in ("PHASEDIR", "PHASESTEP", "PHASELOADREG")},
        **{f"i_{pin}": Const(0) for pin in ("PLLWAKESYNC", "ENCLKOP")},
        o_CLKOP=loop,
        o_CLKOS=clock,
        o_LOCK=locked,
    )


LOOP = Loop(
    range=(3.125, 400.0),
    detector=(10.0, 400.0),
    oscillator=(400.0, 800.0),
    # CLKOP closes the loop, CLKOS is the clock: so two dividers are free, and the phase detector can run fast.
    fed_back=(3.125, 400.0),
    dividers=(range(1, 129), range(1, 81), range(1, 129)),
    out=lambda times: [round(times)] if 1 <= round(times) <= 128 else [],
    fast=True,
    parameters=_parameters,
    instance=_instance,
)
