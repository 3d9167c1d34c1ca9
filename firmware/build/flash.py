"""`flash`: a bitstream into the board that is attached."""

from pathlib import Path

from netloom.errors import SettingsError, ToolFailedError, ToolMissingError
from netloom.firmware.board.boards import BoardSpec
from netloom.firmware.build.tools import find_tool, run_tool


def flash(bitstream: str | Path, board: BoardSpec, *, permanent: bool = False, log: str | Path | None = None) -> None:
    """Load a bitstream into a board with openFPGALoader.

    Args:
        bitstream: file.
        board: that is attached.
        permanent: write the flash memory, so that it survives power-off; else the part alone, where the board can.
        log: file for what the loader says; beside the bitstream if None.

    Raises:
        SettingsError: for a board that openFPGALoader does not know.
        ToolMissingError: if openFPGALoader is not installed.
        ToolFailedError: if it fails; names the log.
    """
    bitstream = Path(bitstream)
    if not board.loader:
        raise SettingsError(
            f"openFPGALoader does not know {board.name}: load {bitstream.name} with the board's own program"
            + (f" ({board.note})" if board.note else "")
        )
    log = Path(log or bitstream.with_name("flash.log"))
    tool = find_tool("openFPGALoader")
    arguments = ["-b", board.loader, *(("-f",) if permanent else ()), str(bitstream.absolute())]
    try:
        run_tool(tool, arguments, bitstream.absolute().parent, log, timeout=600)
    except ToolFailedError as error:
        said = log.read_text(encoding="utf-8", errors="replace")
        if "error while loading shared libraries" in said:
            library = said.split("libraries:")[1].split(":")[0].strip()
            raise ToolMissingError(
                f"openFPGALoader needs {library}, a library of the system (Debian, Ubuntu: apt install openfpgaloader)"
            ) from error
        first = next((line.strip() for line in said.splitlines() if line.strip()), "nothing said")
        raise ToolFailedError(f"openFPGALoader: {first}; is {board.name} attached? Its messages are in {log}") from None
