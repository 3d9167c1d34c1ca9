"""Boards are data, and the data agrees with amaranth-boards."""

import re

import pytest

from netloom.errors import NotSupportedError, SettingsError
from netloom.firmware.board.boards import BOARDS, BoardSpec, find_board
from netloom.firmware.board.devices import DEVICES
from netloom.firmware.board.top import board_clock, make_board_top, open_platform
from netloom.firmware.families import ECP5

OPEN = [board for board in BOARDS if board.open]
PACKAGES = {"BG256": "CABGA256", "MG285": "CSFBGA285", "BG381": "CABGA381", "BG554": "CABGA554"}


def ids(board: BoardSpec) -> str:
    return board.name


def test_no_name_stands_twice() -> None:
    keys = [re.sub(r"[^a-z0-9]", "", board.name.lower()) for board in BOARDS]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    "name",
    [f"ULX3S-{size}" for size in ("12F", "25F", "45F", "85F")]
    + ["OrangeCrab-25F", "OrangeCrab-85F", "Colorlight-5A-75B", "iCESugar-Pro", "iCEBreaker", "UPduino-v3"],
)
def test_boards_that_must_be_there(name: str) -> None:
    assert find_board(name).open


@pytest.mark.parametrize("board", BOARDS, ids=ids)
def test_data_agrees_with_amaranth(board: BoardSpec) -> None:
    platform = open_platform(board)
    if board.vendor == "Gowin EDA":
        assert platform.part == f"GW1NR-LV9{board.package}{board.speed}"
        return
    device = platform.device.lower().removesuffix("i") if board.vendor else platform.device
    assert device.lower() == board.device.name.lower()
    assert PACKAGES.get(platform.package, platform.package).lower() == board.package.lower()
    assert (getattr(platform, "speed", "") or "") == board.speed
    assert platform.lookup(board.clock).clock.frequency == pytest.approx(board.clock_mhz * 1e6)
    assert ("uart", 0) in platform.resources


@pytest.mark.parametrize("board", OPEN, ids=ids)
def test_top_for_every_open_board(board: BoardSpec) -> None:
    wanted = 60.0 if board.device.family is ECP5 else 30.0
    top = make_board_top(board, wanted)
    assert top.mhz == pytest.approx(wanted, rel=0.02)
    assert "cell \\shell" in top.rtlil
    assert re.search("EHXPLLL|SB_PLL40_(CORE|PAD)", top.rtlil)
    pins = re.findall(r"(?:LOCATE COMP|set_io)\s+\"?(\w+)", top.constraints)
    assert any("rx" in pin for pin in pins) and any("tx" in pin for pin in pins) and any("cl" in pin for pin in pins)
    assert top == make_board_top(board, wanted)


def test_clock_on_the_pin_of_the_pll_goes_straight_into_it() -> None:
    assert "SB_PLL40_PAD" in make_board_top(find_board("iCEBreaker"), 24).rtlil
    assert "SB_PLL40_CORE" in make_board_top(find_board("UPduino-v3"), 24).rtlil


def test_no_pll_for_the_boards_own_clock() -> None:
    for wanted in (None, 12.0):
        top = make_board_top(find_board("iCEBreaker"), wanted)
        assert top.mhz == 12 and "PLL" not in top.rtlil


@pytest.mark.parametrize("name", ["ulx3s-25f", "ULX3S_25F", "ulx3s 25f", "Ulx3s25F"])
def test_names_are_forgiving(name: str) -> None:
    assert find_board(name).name == "ULX3S-25F"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ULX3S-26F", "did you mean .*ULX3S-25F"),
        ("icebraker", "did you mean iCEBreaker"),
        ("crab", "did you mean OrangeCrab"),
        ("zybo", "boards that the open tools serve: ULX3S-12F, "),
        ("", "boards that the open tools serve"),
    ],
)
def test_unknown_board(name: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        find_board(name)


def test_vendor_boards_say_what_they_need() -> None:
    with pytest.raises(NotSupportedError, match="Arty-A7-35 needs Vivado"):
        board_clock(find_board("Arty-A7-35"), 100)


def test_the_smallest_ulx3s_has_the_die_of_the_next() -> None:
    small, large = DEVICES["LFE5U-12F"], DEVICES["LFE5U-25F"]
    assert (small.lut, small.dsp, small.bram) == (large.lut, large.dsp, large.bram)
    assert small.options != large.options
    assert (large.lut, large.dsp, large.memory_kbit) == (24288, 28, 1008)
