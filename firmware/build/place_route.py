"""From a netlist to a placed and routed design, with nextpnr: one attempt with one seed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from netloom.errors import FoldingError, StorageError, ToolFailedError
from netloom.firmware.board.boards import BoardSpec
from netloom.firmware.board.devices import Device
from netloom.firmware.build.build_file import UsePart
from netloom.firmware.build.commands import Plan
from netloom.firmware.build.runner import Runner
from netloom.firmware.build.scripts import Placement
from netloom.firmware.build.tools import OnLine
from netloom.firmware.families.family import Family

_USE = re.compile(r"Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%")
_LENGTH = re.compile(r"Info:\s+at iteration #\d+: temp = .* wirelen = (\d+)")
_CONNECTIONS = re.compile(r"Info: Routing (\d+) arcs")
_NAMES = {
    "lut": "look-up table",
    "ff": "flip-flop",
    "dsp": "DSP block",
    "bram": "block RAM",
    "spram": "single-port RAM",
}


@dataclass(frozen=True)
class Routed:
    """An attempt that went through, whether or not its timing is met.

    Attributes:
        placement: how the cells found their places.
        fmax_mhz: post-route, of the slowest clock in terms of what was asked of it.
        wanted_mhz: of that clock.
        uses: by kind: "lut", "ff", "dsp", "bram", "spram"; where "ff" is missing, "lut" counts logic
            cells, each a LUT with a flip-flop.
        seconds: nextpnr took.
        config: what the packer takes.
        placed: the netlist with the place of every cell, as JSON.
    """

    placement: Placement
    fmax_mhz: float
    wanted_mhz: float
    uses: Mapping[str, UsePart]
    seconds: float
    config: Path
    placed: Path

    @property
    def met(self) -> bool:
        """Whether the clock is fast enough."""
        return self.fmax_mhz >= self.wanted_mhz


def placement_check(longest: float) -> OnLine:
    """What takes the lines that nextpnr prints, and stops it before it routes wires that are too long.

    Args:
        longest: tiles a connection, of halves of perimeters of nets' bounding boxes, that are not too long.

    Returns:
        Raises a `ToolFailedError` at the first line of routing, if they are.
    """
    length = 0

    def check(line: str) -> None:
        nonlocal length
        if found := _LENGTH.match(line):
            length = int(found[1])
        elif (found := _CONNECTIONS.match(line)) and length > longest * int(found[1]):
            raise ToolFailedError(f"wires of {length / int(found[1]):.1f} tiles a connection are too long to route")

    return check


def place_route(
    plan: Plan, board: BoardSpec, family: Family, placement: Placement, folder: Path, runner: Runner
) -> Routed:
    """Carry out a `place_plan` in a folder, and read what came of it.

    Raises:
        FoldingError: if it does not fit the part; says what overflows, and by how much.
        ToolFailedError: if nextpnr fails, stops without a result, or is stopped by `Runner.on_output`.
        ToolMissingError: if there is no nextpnr for the family.
    """
    config, report_file, placed, log = (folder / name for name in plan.results)
    try:
        seconds = runner.run(plan, folder)
    except ToolFailedError:
        check_fit(_counts(log, family), board.device, board.name)
        raise
    report = _read(report_file)
    try:
        clocks = report["fmax"].values()
        slowest = min(clocks, key=lambda clock: clock["achieved"] / clock["constraint"])
        use = report["utilization"]
        uses = {
            kind: UsePart(used=int(use[cell]["used"]), available=int(use[cell]["available"]))
            for cell, kind in family.kinds.items()
            if cell in use
        }
        fmax, wanted = float(slowest["achieved"]), float(slowest["constraint"])
    except (KeyError, TypeError, ValueError) as error:
        raise ToolFailedError(f"the report of {family.place} is not as expected ({error!r}); see {log}") from None
    return Routed(placement, fmax, wanted, uses, seconds, config, placed)


def check_fit(used: Mapping[str, int], device: Device, board: str) -> None:
    """Compare what a design takes with what a part has.

    Raises:
        FoldingError: if anything overflows; says what, and by how much.
    """
    available: dict[str, int] = {kind: getattr(device, kind) for kind in _NAMES}
    over = [
        f"{used[kind]} {name}{'s' * (used[kind] != 1)} of {available[kind]} ({used[kind] - available[kind]} too many)"
        for kind, name in _NAMES.items()
        if used.get(kind, 0) > available[kind]
    ]
    if over:
        raise FoldingError(
            f"the design does not fit {board} ({device.name}): it takes {' and '.join(over)};"
            " choose a longer interval, fewer bits, or a larger board"
        )


def _counts(log: Path, family: Family) -> dict[str, int]:
    """What nextpnr had counted before it failed."""
    found = _USE.findall(log.read_text(encoding="utf-8", errors="replace"))
    return {family.kinds[cell]: int(used) for cell, used, _ in found if cell in family.kinds}


def _read(path: Path) -> dict[str, dict[str, dict[str, float]]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StorageError(f"{path} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise StorageError(f"{path} is not a report of nextpnr")
    return content
