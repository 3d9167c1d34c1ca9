"""The phase-locked loop of iCE40, `LOOP`."""

from typing import Any

from netloom.firmware.families.pll import Loop, Pll

_FILTERS = ((17, 1), (26, 2), (44, 3), (66, 4), (101, 5))
"""Upper end of the phase detector's frequency -> FILTER_RANGE, as the vendor's tool sets it."""


def _parameters(divide_in: int, feedback: int, _: int, divide_out: int, compared: float) -> dict[str, int | str]:
    return {
        "FEEDBACK_PATH": "SIMPLE",
        "DIVR": divide_in - 1,
        "DIVF": feedback - 1,
        "DIVQ": divide_out.bit_length() - 1,
        "FILTER_RANGE": next((band for end, band in _FILTERS if compared < end), 6),
    }


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


LOOP = Loop(
    range=(16.0, 275.0),
    detector=(10.0, 133.0),
    oscillator=(533.0, 1066.0),
    dividers=(range(1, 17), range(1, 129), (1,)),
    out=lambda _: (2, 4, 8, 16, 32, 64),
    parameters=_parameters,
    instance=lambda pll, source, *out: _instance("SB_PLL40_CORE", pll, *out, i_REFERENCECLK=source),
    pad_instance=lambda pll, pad, *out: _instance("SB_PLL40_PAD", pll, *out, io_PACKAGEPIN=pad.io),
    pads={("iCE40UP5K", "sg48"): frozenset({"35"})},
)
