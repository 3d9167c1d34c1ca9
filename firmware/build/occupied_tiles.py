"""`occupied_tiles`: where the cells of a routed design lie, by the unit they belong to."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netloom.firmware.board.shell import CORE, SHELL_TOP
from netloom.firmware.build.synthesis import unit_of
from netloom.firmware.families.family import Family

_PLACE = re.compile(r"X(\d+)/Y(\d+)/")
_CORE = f"{SHELL_TOP}.{CORE}."


def occupied_tiles(placed: Path, family: Family, instances: Mapping[str, str]) -> dict[str, Any]:
    """Read a netlist with places.

    Args:
        placed: JSON that nextpnr wrote after routing.
        family: of the part.
        instances: instance in the network -> unit, where the names differ.

    Returns:
        `{"width", "height", "units": {unit: {kind: [[x, y, count], ...]}}}`: how many cells of every kind a unit has in
        each tile of the part. Units are the network's; its own logic is "network", "shell" is all around it.
    """
    modules = json.loads(placed.read_text(encoding="utf-8"))["modules"]
    cells = next(iter(modules.values()))["cells"]
    counts: dict[str, dict[str, Counter[tuple[int, int]]]] = {}
    width = height = 0
    for name, cell in cells.items():
        found = _PLACE.match(cell["attributes"].get("NEXTPNR_BEL", ""))
        kind = family.kinds.get(cell["type"])
        if found is None or kind is None:
            continue
        place = int(found[1]), int(found[2])
        width, height = max(width, place[0] + 1), max(height, place[1] + 1)
        counts.setdefault(_owner(name, instances), {}).setdefault(kind, Counter())[place] += 1
    return {
        "width": width,
        "height": height,
        "units": {
            unit: {kind: [[x, y, n] for (x, y), n in sorted(tiles.items())] for kind, tiles in sorted(kinds.items())}
            for unit, kinds in sorted(counts.items())
        },
    }


def _owner(cell: str, instances: Mapping[str, str]) -> str:
    """The unit that a cell of the whole design belongs to."""
    name = re.sub(r"^(\$flatten\\?)+", "", cell).lstrip("\\")
    if not name.startswith(_CORE):
        return SHELL_TOP
    unit = unit_of(name.removeprefix(_CORE))
    return instances.get(unit, unit) or "network"
