"""`build`: from an emitted design to a routed bitstream for a board."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from netloom.common.files import put_in_place, scratch, storage_errors, write_text
from netloom.common.reading import read_json
from netloom.errors import SettingsError, StorageError, ToolFailedError
from netloom.firmware.board.boards import BoardSpec
from netloom.firmware.board.shell import BAUD, ShellSettings, emit_shell, request_samples
from netloom.firmware.board.top import TOP, BoardTop, board_clock, make_board_top
from netloom.firmware.build.build_file import BuildFile
from netloom.firmware.build.floorplan import floorplan
from netloom.firmware.build.place_route import Routed, check_fit, place_route
from netloom.firmware.build.synthesis import Netlist, Shown, change_netlist, run_yosys, stub, synthesize
from netloom.firmware.build.tools import find_tool, run_tool, silent, tool_version
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.families import GENERIC, Family

BUILD_FILE = "build.json"
FLOORPLAN_FILE = "floorplan.json"
SCHEMA_VERSION = "1.0"
SEEDS = (1, 2, 3, 4)
"""Tried in this order until the timing is met."""


@dataclass(frozen=True)
class BuildSettings:
    """How a bitstream is built.

    Attributes:
        clock_mhz: of the network; None for the board's own clock, without a PLL.
        baud: bits a second on the serial link.
        samples: inferences that a request may hold; None for as many as cost nothing.
        seeds: of the placement, tried in order until the timing is met; the best is kept if none does.
        timeout: seconds for a single run of a tool.
    """

    clock_mhz: float | None = None
    baud: int = BAUD
    samples: int | None = None
    seeds: Sequence[int] = SEEDS
    timeout: float | None = None


@dataclass(frozen=True)
class Build:
    """A finished bitstream.

    Attributes:
        folder: that holds it, with `build.json`, `floorplan.json`, the netlist of the network and the tools' logs.
        bitstream: its file.
        report: the content of `build.json`.
    """

    folder: Path
    bitstream: Path
    report: dict[str, Any]

    @property
    def met(self) -> bool:
        """Whether the clock asked for is met after routing."""
        return bool(self.report["timing"]["met"])

    @property
    def verdict(self) -> str:
        """One line on the timing: met, or by how much not."""
        timing = self.report["timing"]
        seed = f"seed {self.report['seed']}"
        if timing["met"]:
            return f"timing met: {timing['fmax_mhz']:.1f} MHz of {timing['clock_mhz']:.1f} MHz ({seed})"
        return (
            f"timing failed: {timing['fmax_mhz']:.1f} MHz of {timing['clock_mhz']:.1f} MHz, the slowest path is"
            f" {-timing['slack_ns']:.2f} ns too long ({seed}); ask for {int(timing['fmax_mhz'])} MHz or try other seeds"
        )

    @classmethod
    def read(cls, folder: Path | str) -> "Build":
        """Read a finished build back.

        Raises:
            StorageError: if there is none in the folder, or it is damaged.
        """
        path = Path(folder) / BUILD_FILE
        report = read_json(path, BuildFile, f"there is no finished build in {folder}: build it again").model_dump()
        bitstream = path.parent / report["bitstream"]
        if bitstream.is_symlink():
            raise StorageError(f"{bitstream} is a link; build it again")
        return cls(path.parent, bitstream, report)


def build(
    design: EmittedDesign | Path | str,
    board: BoardSpec,
    out: str | Path,
    settings: BuildSettings | None = None,
    *,
    netlist: Netlist | None = None,
    on_line: Shown = silent,
) -> Build:
    """Synthesize, place, route and pack.

    The netlist that is routed is the one that `synthesize` makes of the network alone, so what is simulated after
    synthesis is what goes on the board; shell and pins are synthesized around it.

    Args:
        design: emitted, or its folder. Its target must be the board's family, or "generic".
        board: to build for.
        out: folder for the results; replaced when everything is done, untouched if anything fails.
        settings: clock, seeds and so on.
        netlist: of the network for the same family, if there is one already.
        on_line: gets a line now and then, for a progress display: "synthesis: abc9", "seed 1: routing (1234)".

    Raises:
        FoldingError: if the design does not fit the board; says what overflows, by how much.
        SettingsError: for a clock or rate that cannot be had, or a design of another family.
        NotSupportedError: for a board that needs its vendor's tool.
        ToolMissingError: if a tool is not installed.
        ToolFailedError: if a tool fails, runs out of memory or of time; names the log, in `OUT-failed`.
        StorageError: if a file cannot be read or written.
    """
    settings = settings or BuildSettings()
    design = design if isinstance(design, EmittedDesign) else EmittedDesign.read(design)
    out = Path(out).absolute()
    mhz, _ = board_clock(board, settings.clock_mhz)
    family = board.device.family
    assert family is not None  # board_clock refuses others
    if design.target not in (family.name, GENERIC.name):
        raise SettingsError(
            f"the design is for {design.target}, and {board.name} has a {board.device.name} ({family});"
            " generate it for this board"
        )
    if not settings.seeds:
        raise SettingsError("seeds must name at least one seed")
    shell_settings = ShellSettings(mhz * 1e6, settings.baud, settings.samples)
    shell = emit_shell(design, shell_settings)
    top = make_board_top(board, settings.clock_mhz)
    with storage_errors(f"cannot write {out}"):
        out.parent.mkdir(parents=True, exist_ok=True)
        with scratch(out.parent) as place:
            work = _Work(place, settings, board, family, on_line)
            try:
                result = work.run(design, netlist, shell, top, request_samples(design, settings.samples))
            except ToolFailedError as error:
                failed = out.with_name(f"{out.name}-failed")
                put_in_place(work.logs, failed)
                raise ToolFailedError(str(error).replace(str(work.logs), str(failed))) from None
            put_in_place(result, out)
    return Build.read(out)


class _Work:
    """One build, in a scratch directory."""

    def __init__(
        self, scratch: Path, settings: BuildSettings, board: BoardSpec, family: Family, on_line: Shown
    ) -> None:
        self._result = scratch / "result"
        self.logs = self._result / "logs"
        self.logs.mkdir(parents=True)
        self._folder = scratch / "work"
        self._folder.mkdir()
        self._settings, self._board, self._family, self._on_line = settings, board, family, on_line
        self._seconds: dict[str, float] = {}

    def run(
        self, design: EmittedDesign, netlist: Netlist | None, shell: dict[str, str], top: BoardTop, samples: int
    ) -> Path:
        """Everything, to the folder of results."""
        netlist = self._network(design, netlist)
        check_fit(netlist.used(self._family), self._board.device, self._board.name)
        self._around(netlist, shell, top)
        attempts = self._attempts(f"{TOP}{top.constraints_suffix}")
        best = max(attempts, key=lambda routed: routed.fmax_mhz / routed.wanted_mhz)
        bitstream = self._pack(best)
        began = time.monotonic()
        plan = floorplan(best.placed, self._family, design.instances)
        write_text(self._result / FLOORPLAN_FILE, json.dumps(plan) + "\n")
        self._seconds["floorplan"] = time.monotonic() - began
        units = netlist.used_by_unit(self._family)
        report = {
            "schema_version": SCHEMA_VERSION,
            "design": design.name,
            "identity": f"{design.identity:016x}",
            "board": self._board.name,
            "device": self._board.device.name,
            "bitstream": bitstream,
            "link": {"baud": self._settings.baud, "samples": samples},
            "timing": _timing(best, top.mhz, self._settings.clock_mhz),
            "seed": best.seed,
            "attempts": [{"seed": one.seed, "fmax_mhz": round(one.fmax_mhz, 3)} for one in attempts],
            "resources": {kind: asdict(use) for kind, use in best.uses.items()},
            "network": netlist.used(self._family),
            "units": {design.instances.get(unit, unit): used for unit, used in units.items()},
            "tools": {name: tool_version(find_tool(name)) for name in ("yosys", self._family.place, self._family.pack)},
            "seconds": {step: round(seconds, 2) for step, seconds in self._seconds.items()},
        }
        write_text(self._result / BUILD_FILE, json.dumps(report, indent=1) + "\n")
        return self._result

    def _network(self, design: EmittedDesign, netlist: Netlist | None) -> Netlist:
        if netlist is not None:
            self._seconds["synthesis"] = netlist.seconds
            return netlist
        folder = self._result / "netlist"
        try:
            made = synthesize(
                design.folder, design.files, design.memories, design.top, self._family, folder,
                timeout=self._settings.timeout, on_line=self._said("synthesis"),
            )  # fmt: skip
        except ToolFailedError as error:
            failed = self._result / f"{design.top}-failed.log"
            if not failed.exists():
                raise
            failed.replace(self.logs / "synthesis.log")
            raise ToolFailedError(str(error).replace(str(failed), str(self.logs / "synthesis.log"))) from None
        made.log.replace(self.logs / "synthesis.log")
        self._seconds["synthesis"] = made.seconds
        return made

    def _around(self, netlist: Netlist, shell: dict[str, str], top: BoardTop) -> None:
        """Shell and pins, synthesized around the finished network."""
        files = {
            **shell,
            "network.json": netlist.json.read_text(encoding="utf-8"),
            "stub.v": stub(netlist.json, netlist.top),
            f"{TOP}.il": top.rtlil,
            f"{TOP}{top.constraints_suffix}": top.constraints,
        }
        script = [
            "read_verilog stub.v",
            *(f"read_verilog -sv -defer {name}" for name in shell),
            f"read_rtlil {TOP}.il",
            f"{self._family.synth} -top {TOP}",
            # The empty network goes, the finished one comes in its place.
            f"delete ={netlist.top}",
            "read_json network.json",
            f"hierarchy -check -top {TOP}",
            "flatten",
            "opt_clean -purge",
            "check -assert",
            f"select {TOP}",
            f"write_json -selected {TOP}.json",
        ]
        files["shell.ys"] = "\n".join([*script, ""])
        for name, text in files.items():
            (self._folder / name).write_text(text, encoding="utf-8")
        log = self.logs / "shell.log"
        self._seconds["shell"] = run_yosys(
            self._folder, "shell.ys", log, timeout=self._settings.timeout, on_line=self._said("shell")
        )
        change_netlist(self._folder / f"{TOP}.json", TOP, *self._family.top_passes)

    def _attempts(self, constraints: str) -> list[Routed]:
        attempts: list[Routed] = []
        for seed in self._settings.seeds:
            self._on_line(f"seed {seed}: packing")
            routed = place_route(
                self._folder, f"{TOP}.json", constraints, self._board, self._family, seed, self.logs,
                timeout=self._settings.timeout, on_line=self._said(f"seed {seed}"),
            )  # fmt: skip
            self._seconds["place_route"] = self._seconds.get("place_route", 0) + routed.seconds
            attempts.append(routed)
            if routed.met:
                break
        return attempts

    def _pack(self, routed: Routed) -> str:
        """The bitstream's name, in the folder of results."""
        name = f"bitstream{self._family.suffix}"
        self._on_line("packing the bitstream")
        self._seconds["pack"] = run_tool(
            find_tool(self._family.pack),
            self._family.pack_arguments(routed.config.name, name),
            self._folder,
            self.logs / "pack.log",
            timeout=self._settings.timeout,
        )
        (self._folder / name).replace(self._result / name)
        return name

    def _said(self, step: str) -> Shown:
        return lambda text: self._on_line(f"{step}: {text}")


def _timing(best: Routed, mhz: float, asked: float | None) -> dict[str, Any]:
    return {
        "asked_mhz": asked,
        "clock_mhz": round(mhz, 6),
        "fmax_mhz": round(best.fmax_mhz, 3),
        "met": best.met,
        "slack_ns": round(1000 / best.wanted_mhz - 1000 / best.fmax_mhz, 3),
    }
