"""Boards: `boards.csv`, a line a board. Pins and clocks come from `amaranth-boards`; all else stands there."""

import difflib
from dataclasses import dataclass, field

from netloom.errors import SettingsError
from netloom.firmware.board.devices import DEVICES, Device, read_table


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
        uart: where to attach a serial adapter; "" if the board has a serial port over USB. `CONNECTOR:NUMBER RX TX
            [ATTRIBUTE=VALUE ...]`: the connector as `amaranth-boards` has it, its pins on which the board listens and
            talks, and their attributes for the place-and-route tool, beside the family's `pins`.
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
    uart: str = field(default="", repr=False)
    vendor: str = ""
    note: str = ""

    @property
    def open(self) -> bool:
        """Whether a bitstream can be made with the open tools."""
        return not self.vendor


def _board(row: dict[str, str]) -> BoardSpec:
    device, mhz = DEVICES[row.pop("device")], row.pop("clock_mhz")
    return BoardSpec(device=device, clock_mhz=float(mhz) if "." in mhz else int(mhz), **row)


BOARDS = tuple(map(_board, read_table("boards.csv")))
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
