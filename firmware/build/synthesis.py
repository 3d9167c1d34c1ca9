"""SystemVerilog to a netlist of the device's cells, with Yosys."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netloom.common.files import put_in_place, scratch, storage_errors
from netloom.errors import StorageError, ToolFailedError
from netloom.firmware.build.tools import PREPARING, find_tool, run_tool, silent, tool_version
from netloom.firmware.families.family import Family

Shown = Callable[[str], None]
"""Takes one line of what a tool is doing, for a progress display."""

_PASS = re.compile(r"\d+(?:\.\d+)*\. Executing ([A-Z0-9_]+)")


@dataclass(frozen=True)
class Netlist:
    """A synthesized module.

    Attributes:
        top: name of the module.
        json: Yosys's JSON, flat; the name of a cell begins with the instance of the top that it was in: `dense1.`.
        verilog: the same as Verilog.
        log: what Yosys said.
        cells: {instance of the top ("" for the top itself): {cell: how many}}.
        seconds: Yosys took.
        version: of Yosys.
    """

    top: str
    json: Path
    verilog: Path
    log: Path
    cells: dict[str, dict[str, int]] = field(repr=False)
    seconds: float
    version: str

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
    keep_units: bool = True,
    timeout: float | None = None,
    on_line: Shown = silent,
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
        keep_units: optimize every instance of the top on its own, so that each cell belongs to one of them; else across
            their borders, where there is little to gain.
        timeout: seconds.
        on_line: gets a line now and then.

    Raises:
        ToolFailedError: if Yosys fails, with its first error; the log is then `TOP-failed.log` beside `out`.
        ToolMissingError: if there is no Yosys.
        StorageError: if a source is missing, or the results cannot be written.
    """
    out = out.absolute()
    with storage_errors(f"cannot write {out}"):
        out.parent.mkdir(parents=True, exist_ok=True)
        with scratch(out.parent) as place:
            work, result = place / "work", place / "result"
            result.mkdir()
            copy_sources(sources, [*files, *memories], work)
            script = _script(files, top, family, parameters or {}, keep_units)
            (work / "synthesis.ys").write_text(script, encoding="utf-8")
            log = result / "synthesis.log"
            try:
                seconds = run_yosys(work, "synthesis.ys", log, timeout=timeout, on_line=on_line)
                change_netlist(work / f"{top}.json", top, *family.network_passes)
                (work / "write.ys").write_text(_write(top, family), encoding="utf-8")
                seconds += run_yosys(work, "write.ys", work / "write.log", timeout=timeout)
            except ToolFailedError as error:
                failed = out.with_name(f"{top}-failed.log")
                put_in_place(log, failed)
                raise ToolFailedError(str(error).replace(str(log), str(failed))) from None
            for suffix in (".json", ".v"):
                (work / f"{top}{suffix}").replace(result / f"{top}{suffix}")
            netlist = json.loads((result / f"{top}.json").read_text(encoding="utf-8"))
            put_in_place(result, out)
    return Netlist(
        top=top,
        json=out / f"{top}.json",
        verilog=out / f"{top}.v",
        log=out / "synthesis.log",
        cells=count_cells(netlist["modules"][top]["cells"]),
        seconds=seconds,
        version=tool_version(find_tool("yosys")),
    )


def copy_sources(sources: Mapping[str, str] | Path, names: Iterable[str], target: Path) -> None:
    """Put the named sources under `target`, where a tool that sees nothing else can read them."""
    for name in names:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(sources, Path):
            if not (sources / name).is_file() or (sources / name).is_symlink():
                raise StorageError(f"{sources / name} is missing; write the design again")
            shutil.copyfile(sources / name, path)
        else:
            path.write_text(sources[name], encoding="utf-8")


def stub(netlist: Path, top: str) -> str:
    """The top of a JSON netlist as an empty Verilog module, for what instantiates it."""
    ports = json.loads(netlist.read_text(encoding="utf-8"))["modules"][top]["ports"]
    lines = [f"  {port['direction']} wire [{len(port['bits']) - 1}:0] {name}" for name, port in ports.items()]
    return f"(* blackbox *)\nmodule {top} (\n" + ",\n".join(lines) + "\n);\nendmodule\n"


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


def _script(files: Sequence[str], top: str, family: Family, parameters: Mapping[str, int], keep_units: bool) -> str:
    chosen = "".join(f" -chparam {name} {value}" for name, value in parameters.items())
    keep = [f"setattr -mod -set keep_hierarchy 1 {top}/t:* %M"] if keep_units else []
    return "\n".join(
        [
            # Deferred, as no module is meant to be elaborated with its default parameters.
            *(f"read_verilog -sv -defer {file}" for file in files),
            f"hierarchy -top {top}{chosen}",
            *([f"rename -top {top}"] if chosen else []),
            *keep,
            f"{family.synth} -top {top}",
            "setattr -mod -unset keep_hierarchy *",
            "flatten",
            "opt_clean -purge",
            "check -assert",
            "stat",
            # Without the descriptions of the family's cells, which whoever reads the netlist has too.
            f"select {top}",
            f"write_json -selected {top}.json",
            "",
        ]
    )


def _write(top: str, family: Family) -> str:
    """Write the finished netlist in both forms."""
    return "\n".join(
        [
            *(f"read_verilog -lib -specify +/{path}" for path in family.library),
            f"read_json {top}.json",
            f"select {top}",
            "opt_clean -purge",
            f"write_json -selected {top}.json",
            f"write_verilog -selected -noattr {top}.v",
            "",
        ]
    )


def change_netlist(path: Path, top: str, *changes: Callable[[dict[str, Any]], int]) -> None:
    """Apply changes to the module `top` of a JSON netlist."""
    netlist = json.loads(path.read_text(encoding="utf-8"))
    for change in changes:
        change(netlist["modules"][top])
    path.write_text(json.dumps(netlist), encoding="utf-8")


def run_yosys(folder: Path, script: str, log: Path, *, timeout: float | None = None, on_line: Shown = silent) -> float:
    """Run a Yosys script to its end.

    Args:
        folder: working directory, which holds the script.
        script: its name.
        log: what Yosys says.
        timeout: seconds.
        on_line: gets the name of every pass.

    Returns:
        Seconds it took.

    Raises:
        ToolFailedError: if it fails; names the log.
    """
    # Yosys writes its log itself: the WebAssembly build prints nothing any more once it has called ABC.
    own = f"{script}.log"
    arguments = ["-Q", "-l", own, script]
    return run_tool(find_tool("yosys"), arguments, folder, log, own_log=own, timeout=timeout, on_line=_passes(on_line))


def _passes(on_line: Shown) -> Shown:
    def show(line: str) -> None:
        if found := _PASS.match(line):
            on_line(found[1].lower())
        elif line.startswith(PREPARING):
            on_line("preparing Yosys, once")

    return show


def _by_kind(counts: Iterable[Mapping[str, int]], family: Family) -> dict[str, int]:
    used: Counter[str] = Counter()
    for cells in counts:
        for cell, count in cells.items():
            if cell in family.cells:
                kind, weight = family.cells[cell]
                used[kind] += weight * count
    return dict(used)
