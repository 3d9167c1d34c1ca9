"""Dividers of the PLLs, held against the rules of the parts."""

import pytest

from netloom.errors import SettingsError
from netloom.firmware.families import ECP5, ICE40, Family
from netloom.firmware.families.pll import plan_pll


@pytest.mark.parametrize("source", [12.0, 25.0, 48.0, 50.0, 100.0])
@pytest.mark.parametrize("wanted", [10.0, 33.3, 62.5, 80.0, 100.0, 133.0, 150.0, 200.0])
def test_ecp5(source: float, wanted: float) -> None:
    pll = plan_pll(ECP5.loop, source, wanted)
    if source == wanted:
        assert pll is None
        return
    assert pll is not None
    p = {name: value for name, value in pll.parameters.items() if isinstance(value, int)}
    compared = source / p["CLKI_DIV"]
    oscillator = compared * p["CLKFB_DIV"] * p["CLKOP_DIV"]
    assert 10 <= compared <= 400
    assert 400 <= oscillator <= 800
    assert pll.mhz == pytest.approx(oscillator / p["CLKOS_DIV"])
    assert pll.mhz == pytest.approx(wanted, rel=0.02)
    assert all(1 <= p[name] <= 128 for name in ("CLKI_DIV", "CLKOP_DIV", "CLKOS_DIV"))
    assert 1 <= p["CLKFB_DIV"] <= 80


@pytest.mark.parametrize("source", [12.0, 16.0, 100.0])
@pytest.mark.parametrize("wanted", [16.5, 24.0, 30.0, 36.0, 48.0, 60.0, 96.0])
def test_ice40(source: float, wanted: float) -> None:
    pll = plan_pll(ICE40.loop, source, wanted)
    assert pll is not None
    p = {name: value for name, value in pll.parameters.items() if isinstance(value, int)}
    compared = source / (p["DIVR"] + 1)
    oscillator = compared * (p["DIVF"] + 1)
    assert 10 <= compared <= 133
    assert 533 <= oscillator <= 1066
    assert pll.mhz == pytest.approx(oscillator / 2 ** p["DIVQ"])
    assert pll.mhz == pytest.approx(wanted, rel=0.02)
    assert p["DIVR"] < 16 and p["DIVF"] < 128 and 1 <= p["DIVQ"] <= 6


def test_filter_of_the_vendors_own_example() -> None:
    """12 MHz in, 39.75 MHz out, as the settings of icepll have it."""
    pll = plan_pll(ICE40.loop, 12, 40)
    assert pll is not None and pll.mhz == 39.75
    assert pll.parameters == {"FEEDBACK_PATH": "SIMPLE", "DIVR": 0, "DIVF": 52, "DIVQ": 4, "FILTER_RANGE": 1}


@pytest.mark.parametrize(("target", "wanted"), [(ECP5, 3), (ECP5, 500), (ICE40, 8)])
def test_impossible(target: Family, wanted: float) -> None:
    with pytest.raises(SettingsError, match=r"the PLL .* gives .* MHz, not"):
        plan_pll(target.loop, 25, wanted)


def test_source_too_slow() -> None:
    with pytest.raises(SettingsError, match="cannot make 100 MHz from the board's 8 MHz"):
        plan_pll(ECP5.loop, 8, 100)
