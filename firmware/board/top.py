"""What is outside the shell: pins, the PLL, the reset. Made with Amaranth, whose platforms know the boards."""

import importlib
import warnings
from dataclasses import dataclass
from typing import Any

from netloom.errors import INSTALL_HARDWARE, NotSupportedError, ToolMissingError
from netloom.firmware.board.boards import BoardSpec
from netloom.firmware.board.shell import SHELL_TOP
from netloom.firmware.families import Family
from netloom.firmware.families.pll import Pll, plan_pll

BOARD_TOP = "top"


@dataclass(frozen=True)
class BoardTop:
    """The top level for a board.

    Attributes:
        mhz: the clock that the shell gets.
        rtlil: the top, for Yosys; instantiates the module `shell`.
        constraints: pins and clocks, for the place-and-route tool.
    """

    mhz: float
    rtlil: str
    constraints: str


def board_clock(board: BoardSpec, clock_mhz: float | None) -> tuple[float, Pll | None]:
    """The clock that the board can give, and the PLL it takes; None asks for the board's own clock.

    Raises:
        SettingsError: for a clock that cannot be had.
        NotSupportedError: if the board needs its vendor's tool.
    """
    family = board.device.family
    if family is None:
        raise NotSupportedError(
            f"{board.name} needs {board.vendor}; netloom build DIR --board {board.name} writes the design for it"
        )
    pll = plan_pll(family.loop, board.clock_mhz, board.clock_mhz if clock_mhz is None else clock_mhz)
    return (board.clock_mhz if pll is None else pll.mhz), pll


def make_board_top(board: BoardSpec, clock_mhz: float | None) -> BoardTop:
    """The top level for a board, at the clock asked for.

    Raises:
        SettingsError: for a clock that cannot be had.
        NotSupportedError: if the board needs its vendor's tool.
        ToolMissingError: if Amaranth is not installed.
    """
    mhz, pll = board_clock(board, clock_mhz)
    family = board.device.family
    assert family is not None  # board_clock refuses others
    platform = open_platform(board)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan = platform.prepare(_elaboratable(board, family, pll), BOARD_TOP, emit_src=False, debug_verilog=False)
    return BoardTop(mhz, plan.files[f"{BOARD_TOP}.il"], plan.files[f"{BOARD_TOP}{family.constraints}"])


def open_platform(board: BoardSpec) -> Any:
    """Amaranth's platform of a board, its serial adapter's pins included.

    Raises:
        ToolMissingError: if Amaranth is not installed.
    """
    module, _, name = board.platform.partition(":")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            platform = getattr(importlib.import_module(f"amaranth_boards.{module}"), name)()
            from amaranth.build import Attrs
            from amaranth_boards.resources import UARTResource
    except ImportError as error:
        raise ToolMissingError(f"the Python package {error.name} is not installed: {INSTALL_HARDWARE}") from error
    if board.uart:
        connector, rx, tx, *attributes = board.uart.split()
        kind, number = connector.split(":")
        attrs = Attrs(**board.device.primitives.pins, **dict(attribute.split("=") for attribute in attributes))
        platform.add_resources([UARTResource(0, rx=rx, tx=tx, conn=(kind, int(number)), attrs=attrs)])
    return platform


def _elaboratable(board: BoardSpec, family: Family, pll: Pll | None) -> Any:
    """The top as Amaranth takes it; its class is made here since Amaranth may be missing."""
    from amaranth.hdl import ClockDomain, ClockSignal, Elaboratable, Instance, Module, Signal
    from amaranth.lib import io
    from amaranth.lib.cdc import FFSynchronizer

    class _Top(Elaboratable):
        def elaborate(self, platform: Any) -> Any:
            m = Module()
            m.domains.sync = ClockDomain("sync", reset_less=True)
            clock = platform.request(board.clock, 0, dir="-")
            locked = Signal()
            pins = set(getattr(platform.lookup(board.clock).ios[0], "names", ()))
            loop, cycles = family.loop, family.reset_cycles
            if pll is None or loop is None:
                m.submodules.clock_buffer = buffer = io.Buffer("i", clock)
                m.d.comb += [ClockSignal().eq(buffer.i), locked.eq(1)]
            elif loop.pad_instance and pins & loop.pads.get((board.device.name, board.package), frozenset()):
                m.submodules.pll = loop.pad_instance(pll, clock, ClockSignal(), locked)
            else:
                m.submodules.clock_buffer = buffer = io.Buffer("i", clock)
                m.submodules.pll = loop.instance(pll, buffer.i, ClockSignal(), locked)
            settled = Signal()
            m.submodules.lock_synchronizer = FFSynchronizer(locked, settled)
            waited = Signal(range(cycles + 1))
            reset = Signal(init=1)
            with m.If(~settled):
                m.d.sync += waited.eq(0)
            with m.Elif(waited != cycles):
                m.d.sync += waited.eq(waited + 1)
            m.d.sync += reset.eq(waited != cycles)

            serial = platform.request("uart", 0, dir={"rx": "-", "tx": "-"})
            m.submodules.rx_buffer = rx = io.Buffer("i", serial.rx)
            m.submodules.tx_buffer = tx = io.Buffer("o", serial.tx)
            m.submodules.shell = Instance(SHELL_TOP, i_clk=ClockSignal(), i_rst=reset, i_rx=rx.i, o_tx=tx.o)
            return m

    return _Top()
