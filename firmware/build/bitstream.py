"""`make_bitstream`: from a synthesized design to a routed bitstream for a board."""

import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from netloom.common.files import put_in_place, scratch, storage_errors, write_text
from netloom.common.reading import read_json
from netloom.common.store import Store
from netloom.errors import SettingsError, StorageError, ToolFailedError, ToolTimeoutError
from netloom.firmware.board.boards import BoardSpec
from netloom.firmware.board.shell import BAUD, ShellSettings, emit_shell, request_samples
from netloom.firmware.board.top import BOARD_TOP, BoardTop, board_clock, make_board_top
from netloom.firmware.build.build_file import SCHEMA_VERSION, BuildFile
from netloom.firmware.build.commands import Plan
from netloom.firmware.build.occupied_tiles import occupied_tiles
from netloom.firmware.build.place_route import Routed, check_fit, place_route, placement_check
from netloom.firmware.build.runner import Runner
from netloom.firmware.build.scripts import Placement, pack_plan, place_plan, shell_plan
from netloom.firmware.build.synthesis import Netlist, change_netlist
from netloom.firmware.build.tools import OnLine, find_tool, silent, tool_version
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.families import GENERIC, Family

BUILD_FILE = "build.json"
FLOORPLAN_FILE = "floorplan.json"
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
        placers: of the place-and-route tool, the next where one fails; those of the family if there are none.
    """

    clock_mhz: float | None = None
    baud: int = BAUD
    samples: int | None = None
    seeds: Sequence[int] = SEEDS
    timeout: float | None = None
    placers: Sequence[str] = ()


@dataclass(frozen=True)
class Build:
    """A finished bitstream.

    Attributes:
        folder: that holds it, with `build.json`, `floorplan.json` and the tools' logs.
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


def make_bitstream(
    design: EmittedDesign | Path | str,
    netlist: Netlist,
    board: BoardSpec,
    out: str | Path,
    settings: BuildSettings | None = None,
    *,
    on_line: OnLine = silent,
    store: Store | None = None,
) -> Build:
    """Synthesize shell and pins around the network; place, route and pack.

    The netlist that is routed is the one that `synthesize` makes of the network alone, so what is simulated after
    synthesis is what goes on the board.

    Args:
        design: emitted, or its folder. Its target must be the board's family, or "generic".
        netlist: of the network, for that family.
        board: to build for.
        out: folder for the results; replaced when everything is done, untouched if anything fails.
        settings: clock, seeds and so on.
        on_line: gets a line now and then, for a progress display: "shell: abc9", "seed 1: routing (1234)".
        store: has the results of the steps that were done before.

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
    family = family_of(design, board)
    if not settings.seeds:
        raise SettingsError("seeds must name at least one seed")
    shell = emit_shell(design, ShellSettings(mhz * 1e6, settings.baud, settings.samples))
    top = make_board_top(board, settings.clock_mhz)
    with storage_errors(f"cannot write {out}"):
        out.parent.mkdir(parents=True, exist_ok=True)
        with scratch(out.parent) as place:
            work = _Work(place, settings, board, family, Runner(settings.timeout, on_line, store))
            try:
                work.run(design, netlist, shell, top)
            except ToolFailedError as error:
                failed, told = place / "failed", str(error)
                for log in work.gather_logs(failed):
                    told = told.replace(str(log), str(out.with_name(f"{out.name}-failed") / log.name))
                put_in_place(failed, out.with_name(f"{out.name}-failed"))
                raise ToolFailedError(told) from None
            put_in_place(work.result, out)
    return Build.read(out)


def family_of(design: EmittedDesign, board: BoardSpec) -> Family:
    """The family of a board's part, whose primitives a design may name.

    Raises:
        SettingsError: if the design names another's.
    """
    family = board.device.family
    if family is None or design.target not in (family.name, GENERIC.name):
        raise SettingsError(
            f"the design is for {design.target}, and {board.name} has a {board.device.name} ({family});"
            " generate it for this board"
        )
    return family


class _Work:
    """One build, in a scratch directory: every step in a folder of its own, what is to stay in `result`."""

    def __init__(self, place: Path, settings: BuildSettings, board: BoardSpec, family: Family, runner: Runner) -> None:
        self.result, self._steps = place / "result", place / "steps"
        self._settings, self._board, self._family, self._runner = settings, board, family, runner
        self._seconds: dict[str, float] = defaultdict(float)

    def run(self, design: EmittedDesign, netlist: Netlist, shell: Mapping[str, str], top: BoardTop) -> None:
        """Everything, to the folder of results."""
        self.result.mkdir()
        self._seconds["synthesis"] = netlist.seconds
        check_fit(netlist.used(self._family), self._board.device, self._board.name)
        network = netlist.json.read_text(encoding="utf-8")
        around = self._do(shell_plan(network, netlist.top, shell, top, self._family))
        whole = change_netlist(
            (around / f"{BOARD_TOP}.json").read_text(encoding="utf-8"), BOARD_TOP, *self._family.top_passes
        )
        attempts = self._attempts(whole, top.constraints)
        best = max(attempts, key=lambda routed: routed.fmax_mhz / routed.wanted_mhz)
        self._runner.on_line("packing the bitstream")
        plan = pack_plan(best.config.read_text(encoding="utf-8"), best.config.name, self._family)
        bitstream = plan.results[0]
        put_in_place(self._do(plan) / bitstream, self.result / bitstream)
        began = time.monotonic()
        tiles = occupied_tiles(best.placed, self._family, design.instances)
        write_text(self.result / FLOORPLAN_FILE, json.dumps(tiles) + "\n")
        self._seconds["floorplan"] = time.monotonic() - began
        units = netlist.used_by_unit(self._family)
        report = {
            "schema_version": SCHEMA_VERSION,
            "design": design.name,
            "identity": f"{design.identity:016x}",
            "board": self._board.name,
            "device": self._board.device.name,
            "bitstream": bitstream,
            "link": {"baud": self._settings.baud, "samples": request_samples(design, self._settings.samples)},
            "timing": {
                "asked_mhz": self._settings.clock_mhz,
                "clock_mhz": round(top.mhz, 6),
                "fmax_mhz": round(best.fmax_mhz, 3),
                "met": best.met,
                "slack_ns": round(1000 / best.wanted_mhz - 1000 / best.fmax_mhz, 3),
            },
            "seed": best.placement.seed,
            "attempts": [{**asdict(one.placement), "fmax_mhz": round(one.fmax_mhz, 3)} for one in attempts],
            "resources": {kind: use.model_dump() for kind, use in best.uses.items()},
            "network": netlist.used(self._family),
            "units": {design.instances.get(unit, unit): used for unit, used in units.items()},
            "tools": {name: tool_version(find_tool(name)) for name in ("yosys", self._family.place, self._family.pack)},
            "seconds": {step: round(seconds, 2) for step, seconds in self._seconds.items()},
        }
        write_text(self.result / BUILD_FILE, json.dumps(report, indent=1) + "\n")
        self.gather_logs(self.result / "logs")

    def gather_logs(self, folder: Path) -> list[Path]:
        """Move the logs of the steps that were begun into a folder; where they were."""
        folder.mkdir()
        logs = sorted(self._steps.glob("*/*.log"))
        for log in logs:
            log.replace(folder / log.name)
        return logs

    def _attempts(self, netlist: str, constraints: str) -> list[Routed]:
        attempts: list[Routed] = []
        placers = list(self._settings.placers or self._family.placers)
        for seed in self._settings.seeds:
            while True:
                # Another router is there for long wires.
                check = silent if "+" in placers[0] or len(placers) == 1 else placement_check(self._family.wires)
                try:
                    attempts.append(self._attempt(netlist, constraints, Placement(seed, placers[0]), check))
                    break
                except ToolFailedError as error:
                    if len(placers) == 1 or isinstance(error, ToolTimeoutError):
                        raise
                    failed = placers.pop(0)
                    self._runner.on_line(f"seed {seed}: placer {placers[0]!r} after {failed!r} ({error})")
            if attempts[-1].met:
                break
        return attempts

    def _attempt(self, netlist: str, constraints: str, placement: Placement, check: OnLine) -> Routed:
        name = f"seed {placement.seed}"
        self._runner.on_line(f"{name}: packing")
        plan = place_plan(netlist, constraints, self._board, self._family, placement)
        folder = self._steps / f"{name} {placement.placer}"
        runner = replace(self._runner.named(name), on_output=check)
        began = time.monotonic()
        try:
            routed = place_route(plan, self._board, self._family, placement, folder, runner)
        except ToolFailedError:
            self._seconds["place_route"] += time.monotonic() - began
            raise
        self._seconds["place_route"] += routed.seconds
        return routed

    def _do(self, plan: Plan) -> Path:
        """Carry out a plan; the folder of what it makes."""
        folder = self._steps / plan.name
        self._seconds[plan.name] = self._runner.named(plan.name).run(plan, folder)
        return folder
