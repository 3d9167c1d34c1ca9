"""SystemVerilog to a netlist of the device's cells, with Yosys."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from netloom.common.files import put_in_place, scratch, storage_errors
from netloom.common.store import Store
from netloom.errors import StorageError, ToolFailedError
from netloom.firmware.build.runner import Runner
from netloom.firmware.build.scripts import SYNTHESIS_LOG, WRITE_LOG, network_plan, write_plan
from netloom.firmware.build.tools import OnLine, find_tool, silent, tool_version
from netloom.firmware.families.family import Family, Pass


@dataclass(frozen=True)
class Netlist:
    """A synthesized module.

    Attributes:
        folder: that holds its files.
        top: name of the module.
        cells: {instance of the top ("" for the top itself): {cell: how many}}.
        seconds: Yosys took.
        version: of Yosys.
    """

    folder: Path
    top: str
    cells: dict[str, dict[str, int]] = field(repr=False)
    seconds: float
    version: str

    @property
    def json(self) -> Path:
        """Yosys's JSON, flat; the name of a cell begins with the instance of the top that it was in: `dense1.`."""
        return self.folder / f"{self.top}.json"

    @property
    def verilog(self) -> Path:
        """The same as Verilog."""
        return self.folder / f"{self.top}.v"

    def used(self, family: Family) -> dict[str, int]:
        """What it takes altogether, by kind: "lut", "ff", "dsp", "bram", "spram"."""
        return _by_kind(self.cells.values(), family)

    def used_by_unit(self, family: Family) -> dict[str, dict[str, int]]:
        """What every instance takes, by kind."""
        return {unit: _by_kind([cells], family) for unit, cells in self.cells.items()}


def synthesize(
    sources: Mapping[str, str] | Path,
    files: Sequence[str],
    memories: Sequence[str],
    top: str,
    family: Family,
    out: Path,
    *,
    parameters: Mapping[str, int] | None = None,
    on_line: OnLine = silent,
    store: Store | None = None,
) -> Netlist:
    """Synthesize one module, out of its context.

    Args:
        sources: the folder that holds the files, or their texts by path.
        files: SystemVerilog files, paths relative to `sources`, in the order to read them.
        memories: files for `$readmemh`.
        top: the module.
        family: of the device.
        out: folder for `TOP.json`, `TOP.v` and `synthesis.log`; created, or replaced when all is done.
        parameters: of the top.
        on_line: gets a line now and then.
        store: has what was synthesized before.

    Raises:
        ToolFailedError: if Yosys fails, with its first error; the log is then `TOP-failed.log` beside `out`.
        ToolMissingError: if there is no Yosys.
        StorageError: if a source is missing, or the results cannot be written.
    """
    out = out.absolute()
    texts = read_sources(sources, [*files, *memories]) if isinstance(sources, Path) else sources
    plan = network_plan(texts, files, top, family, parameters or {})
    runner = Runner(on_line=on_line, store=store)
    with storage_errors(f"cannot write {out}"):
        out.parent.mkdir(parents=True, exist_ok=True)
        with scratch(out.parent) as place:
            result = place / "result"
            netlist = result / f"{top}.json"
            try:
                seconds = runner.run(plan, result)
                changed = change_netlist(netlist.read_text(encoding="utf-8"), top, *family.network_passes)
                seconds += replace(runner, on_line=silent).run(write_plan(changed, top, family), result)
            except ToolFailedError as error:
                log = next(log for log in (result / WRITE_LOG, result / SYNTHESIS_LOG) if log.exists())
                failed = out.with_name(f"{top}-failed.log")
                put_in_place(log, failed)
                raise ToolFailedError(str(error).replace(str(log), str(failed))) from None
            (result / WRITE_LOG).unlink()
            cells = json.loads(netlist.read_text(encoding="utf-8"))["modules"][top]["cells"]
            put_in_place(result, out)
    return Netlist(out, top, count_cells(cells), seconds, tool_version(find_tool("yosys")))


def read_sources(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The texts of files in a folder, by name.

    Raises:
        StorageError: if one is missing, a link, or no text.
    """
    texts = {}
    for name in names:
        path = folder / name
        if not path.is_file() or path.is_symlink():
            raise StorageError(f"{path} is missing; write the design again")
        try:
            texts[name] = path.read_bytes().decode()
        except UnicodeDecodeError:
            raise StorageError(f"{path} is no text; write the design again") from None
    return texts


def change_netlist(netlist: str, top: str, *changes: Pass) -> str:
    """Apply changes to the module `top` of Yosys's JSON."""
    content = json.loads(netlist)
    for change in changes:
        change(content["modules"][top])
    return json.dumps(content)


def unit_of(cell: str) -> str:
    """The instance of the top that a cell of a flattened netlist was in; "" if in the top itself."""
    head, dot, _ = re.sub(r"^\$flatten\\?", "", cell).lstrip("\\").partition(".")
    return head if dot and not head.startswith("$") else ""


def count_cells(cells: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, int]]:
    """Cells of a flattened netlist: {instance: {type: how many}}, sorted."""
    counts: dict[str, Counter[str]] = {}
    for name, cell in cells.items():
        counts.setdefault(unit_of(name), Counter())[cell["type"]] += 1
    return {unit: dict(sorted(counts[unit].items())) for unit in sorted(counts)}


def _by_kind(counts: Iterable[Mapping[str, int]], family: Family) -> dict[str, int]:
    used: Counter[str] = Counter()
    for cells in counts:
        for cell, count in cells.items():
            if cell in family.cells:
                kind, weight = family.cells[cell]
                used[kind] += weight * count
    return dict(used)
