"""Boards, as data. Pins and clocks come from `amaranth-boards`; here is what is in the part, and how it is reached."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from netloom.errors import SettingsError
from netloom.firmware.board.devices import DEVICES, Device


@dataclass(frozen=True)
class Uart:
    """Pins for a USB-serial adapter, on boards whose own USB is no serial port.

    Attributes:
        connector: name and number of a connector, as `amaranth-boards` has them.
        rx: pin of the connector on which the board listens.
        tx: pin on which it talks.
        attributes: of the pins, for the place-and-route tool, beside the family's `pins`.
    """

    connector: tuple[str, int]
    rx: str
    tx: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BoardSpec:
    """What is known of a board: data, of which there is one for each that one can buy.

    Attributes:
        name: as one writes it: `ULX3S-25F`.
        platform: `module:class` in `amaranth_boards`.
        device: what is in its part.
        package: of the part, as the place-and-route tool calls it.
        speed: grade of the part; "" where there is but one.
        clock: name of the clock resource.
        clock_mhz: its frequency.
        loader: the board's name in openFPGALoader; "" if it has none there.
        uart: where to attach a serial adapter; None if the board has a serial port over USB.
        vendor: the vendor's tool that it needs; "" if the open tools serve it.
        note: what its user should know.
    """

    name: str
    platform: str
    device: Device
    package: str
    speed: str
    clock: str
    clock_mhz: float
    loader: str = ""
    uart: Uart | None = field(default=None, repr=False)
    vendor: str = ""
    note: str = ""

    @property
    def open(self) -> bool:
        """Whether a bitstream can be made with the open tools."""
        return not self.vendor


_FEATHER = Uart(("io", 0), rx="0", tx="1", attributes={"PULLMODE": "UP"})
_UPDUINO_2 = Uart(("j", 0), rx="3", tx="4")
_UPDUINO_3 = Uart(("j", 0), rx="7", tx="8")
_TINYFPGA = Uart(("gpio", 0), rx="1", tx="2")


def _board(
    name: str, platform: str, device: str, package: str, clock: str, mhz: float, *,
    speed: str = "", loader: str = "", uart: Uart | None = None, note: str = "",
) -> BoardSpec:  # fmt: skip
    return BoardSpec(name, platform, DEVICES[device], package, speed, clock, mhz, loader, uart, "", note)


def _vendor(name: str, platform: str, device: str, package: str, speed: str, clock: str, mhz: float) -> BoardSpec:
    vendor = "Vivado" if device.startswith("xc7") else "Gowin EDA" if device.startswith("GW") else "Quartus"
    return BoardSpec(name, platform, DEVICES[device], package, speed, clock, mhz, vendor=vendor)


_UPDUINO_NOTE = (
    "close the jumper that brings the 12 MHz oscillator to its pin;"
    " serial adapter: header pins 23 (to the board) and 25 (from it)"
)
_ORANGECRAB_NOTE = "revision 0.2; serial adapter: pins 0 (to the board) and 1 (from it)"
BOARDS = (
    *(
        _board(
            f"ULX3S-{size}", f"ulx3s:ULX3S_{size}_Platform", f"LFE5U-{size}", "CABGA381", "clk25", 25,
            speed="6", loader="ulx3s",
        )
        for size in ("12F", "25F", "45F", "85F")
    ),
    *(
        _board(
            f"OrangeCrab-{size}", f"orangecrab_r0_2:OrangeCrabR0_2_{size}Platform", f"LFE5U-{size}", "CSFBGA285",
            "clk", 48, speed="8", loader="orangeCrab", uart=_FEATHER, note=_ORANGECRAB_NOTE,
        )
        for size in ("25F", "85F")
    ),
    _board(
        "Colorlight-5A-75B", "colorlight_5a75b_r7_0:Colorlight_5A75B_R70Platform", "LFE5U-25F", "CABGA256",
        "clk25", 25, speed="6", loader="colorlight",
        note="revision 7.0; serial adapter: J19, KEY+ (to the board) and DATA_LED- (from it)",
    ),
    _board(
        "iCESugar-Pro", "icesugar_pro:ICESugarProPlatform", "LFE5U-25F", "CABGA256", "clk25", 25, speed="6",
        note="written by copying the bitstream to its USB drive",
    ),
    _board(
        "IcePi-Zero", "icepi_zero:IcepiZero1_3Platform", "LFE5U-25F", "CABGA256", "clk50", 50,
        speed="6", loader="icepi-zero",
    ),
    _board(
        "ECP5-5G-EVN", "ecp5_5g_evn:ECP55GEVNPlatform", "LFE5UM5G-85F", "CABGA381", "clk12", 12,
        speed="8", loader="ecp5_evn",
    ),
    *(
        _board(
            f"ECPIX-5-{size}", f"ecpix5:ECPIX5{size}Platform", f"LFE5UM5G-{size}F", "CABGA554", "clk100", 100,
            speed="8", loader="ecpix5",
        )
        for size in ("45", "85")
    ),
    _board("Versa-ECP5", "versa_ecp5:VersaECP5Platform", "LFE5UM-45F", "CABGA381", "clk100", 100, speed="8"),
    _board("Versa-ECP5-5G", "versa_ecp5_5g:VersaECP55GPlatform", "LFE5UM5G-45F", "CABGA381", "clk100", 100, speed="8"),
    _board("iCEBreaker", "icebreaker:ICEBreakerPlatform", "iCE40UP5K", "sg48", "clk12", 12, loader="ice40_generic"),
    _board(
        "iCESugar", "icesugar:ICESugarPlatform", "iCE40UP5K", "sg48", "clk12", 12,
        note="written by copying the bitstream to its USB drive",
    ),
    _board(
        "UPduino-v2", "upduino_v2:UpduinoV2Platform", "iCE40UP5K", "sg48", "clk12", 12,
        loader="ice40_generic", uart=_UPDUINO_2, note=_UPDUINO_NOTE,
    ),
    _board(
        "UPduino-v3", "upduino_v3:UpduinoV3Platform", "iCE40UP5K", "sg48", "clk12", 12,
        loader="ice40_generic", uart=_UPDUINO_3, note=_UPDUINO_NOTE,
    ),
    _board(
        "iCE40-HX8K-EVN", "ice40_hx8k_b_evn:ICE40HX8KBEVNPlatform", "iCE40HX8K", "ct256", "clk12", 12,
        loader="ice40_generic",
    ),
    _board("BlackIce-II", "blackice_ii:BlackIceIIPlatform", "iCE40HX4K", "tq144", "clk100", 100),
    _board(
        "TinyFPGA-BX", "tinyfpga_bx:TinyFPGABXPlatform", "iCE40LP8K", "cm81", "clk16", 16, uart=_TINYFPGA,
        note="serial adapter: pins 1 (to the board) and 2 (from it)",
    ),
    _vendor("Arty-A7-35", "arty_a7:ArtyA7_35Platform", "xc7a35t", "csg324", "1L", "clk100", 100),
    _vendor("Arty-A7-100", "arty_a7:ArtyA7_100Platform", "xc7a100t", "csg324", "1L", "clk100", 100),
    _vendor("Arty-S7-25", "arty_s7:ArtyS7_25Platform", "xc7s25", "csga324", "1", "clk100", 100),
    _vendor("Arty-S7-50", "arty_s7:ArtyS7_50Platform", "xc7s50", "csga324", "1", "clk100", 100),
    _vendor("Cmod-A7-15", "cmod_a7:CmodA7_15Platform", "xc7a15t", "cpg236", "1", "clk12", 12),
    _vendor("Cmod-A7-35", "cmod_a7:CmodA7_35Platform", "xc7a35t", "cpg236", "1", "clk12", 12),
    _vendor("Nexys-4-DDR", "nexys4ddr:Nexys4DDRPlatform", "xc7a100t", "csg324", "1", "clk100", 100),
    _vendor("Genesys-2", "genesys2:Genesys2Platform", "xc7k325t", "ffg900", "2", "clk", 200),
    _vendor("DE0", "de0:DE0Platform", "EP3C16", "F484", "C6", "clk50", 50),
    _vendor("DE10-Lite", "de10_lite:DE10LitePlatform", "10M50DA", "F484", "C7", "clk50", 50),
    _vendor("DE10-Nano", "de10_nano:DE10NanoPlatform", "5CSEBA6", "U23", "I7", "clk50", 50),
    _vendor("Tang-Nano-9K", "tang_nano_9k:TangNano9kPlatform", "GW1NR-9", "QN88P", "C6/I5", "clk27", 27),
)  # fmt: skip
"""All boards; those that the open tools serve first."""


def find_board(name: str) -> BoardSpec:
    """The board of that name, however it is capitalized and with or without its dashes.

    Raises:
        SettingsError: if there is none; names the closest ones.
    """
    boards = {_key(board.name): board for board in BOARDS}
    if (board := boards.get(_key(name))) is not None:
        return board
    close = [boards[key].name for key in difflib.get_close_matches(_key(name), boards, n=4, cutoff=0.5)]
    close = close or [board.name for key, board in boards.items() if _key(name) and _key(name) in key]
    if close:
        raise SettingsError(f"no board {name!r}; did you mean {' or '.join(close)}? (netloom boards lists them all)")
    known = ", ".join(board.name for board in BOARDS if board.open)
    raise SettingsError(f"no board {name!r}; boards that the open tools serve: {known}")


def _key(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
