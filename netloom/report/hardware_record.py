"""What the finished hardware stages of a run made, and the report's record of it."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from netloom.common.files import sha256, storage_errors
from netloom.common.reading import read_json
from netloom.firmware.board.boards import find_board
from netloom.firmware.build.bitstream import FLOORPLAN_FILE, Build
from netloom.firmware.build.build_file import FloorplanFile
from netloom.firmware.emit.design_file import DESIGN_FILE, WholeDesign, read_whole_design
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.hardware_run import HardwareRun
from netloom.pipeline.stages.synthesize import load_netlist
from netloom.report.evidence import FloorPlan
from netloom.report.schema import FidelityRecord, HardwareRecord, ProductRecord, ResourceRecord
from netloom.settings import HardwareSettings

_KINDS = ("lut", "ff", "dsp", "bram")
_DRAWN = {"lut": 0, "ff": 0, "dsp": 1, "bram": 2, "spram": 2}
_SHELL = "host link"


@dataclass(frozen=True, eq=False)
class HardwareResults:
    """What the finished hardware stages of a run made.

    Attributes:
        settings: board and clock asked for.
        design: what `design.json` says.
        runs: the simulations that have been done, by engine: `rtl`, then `netlist`.
        synthesized: the folder of the netlist; None if there is none yet.
        build: the bitstream; None if there is none yet for this board and clock.
    """

    settings: HardwareSettings
    design: WholeDesign
    runs: dict[str, HardwareRun]
    synthesized: Path | None
    build: Build | None

    @classmethod
    def load(cls, directory: Path, settings: HardwareSettings, stages: Container[str]) -> Self:
        """Read what the finished stages of these names made, `design` among them.

        Raises:
            StorageError: if any of it is missing or damaged.
        """
        build = Build.read(directory / rundir.BITSTREAM) if "bitstream" in stages else None
        # Another board or clock may have the same design.
        asked = (settings.board, settings.clock)
        if build is not None and (build.report["board"], build.report["timing"]["asked_mhz"]) != asked:
            build = None
        runs = {"rtl": rundir.RTL, "netlist": rundir.NETLIST_RUN}
        return cls(
            settings=settings,
            design=read_whole_design(directory / rundir.DESIGN / DESIGN_FILE),
            runs={name: HardwareRun.load(directory / file) for name, file in runs.items() if name in stages},
            synthesized=directory / rundir.NETLIST if "synthesize" in stages else None,
            build=build,
        )

    @property
    def fidelity(self) -> list[FidelityRecord]:
        """How the simulations compare with `fixed`; one under stalls is shown where only that one differs."""
        return [
            run.stalled if run.stalled and run.stalled.mismatches and not run.fidelity.mismatches else run.fidelity
            for run in self.runs.values()
        ]


def hardware_record(results: HardwareResults) -> HardwareRecord:
    """The record of a network on a board, as far as the stages have come."""
    design, build, rtl = results.design, results.build, results.runs.get("rtl")
    board = find_board(results.settings.board)
    timing = build.report["timing"] if build else None
    clock = timing["clock_mhz"] if timing else results.settings.clock
    return HardwareRecord(
        board=board.name,
        device=board.device.name,
        clock_mhz=clock,
        clock_limit_mhz=timing["fmax_mhz"] if timing else None,
        timing_met=timing["met"] if timing else None,
        latency=rtl.latency if rtl else None,
        interval=rtl.interval if rtl else None,
        predicted_latency=design.latency,
        predicted_interval=design.interval,
        latency_microseconds=rtl.latency / clock if rtl and rtl.latency else None,
        samples_per_second=1e6 * clock / rtl.interval if rtl and rtl.interval else None,
        multipliers=design.multipliers,
        resources=_resources(results),
        products=tuple(ProductRecord.model_validate(one, from_attributes=True) for one in design.products),
        runs=tuple(run.run for run in results.runs.values()),
        seed=build.report["seed"] if build else None,
        bitstream=f"{rundir.BITSTREAM}/{build.report['bitstream']}" if build else None,
        bitstream_digest=_digest(build) if build else None,
    )


def floor_plan(results: HardwareResults) -> FloorPlan | None:
    """Where the cells are, grouped by layer; None if nothing is routed, or the build has no such file."""
    path = results.build.folder / FLOORPLAN_FILE if results.build else None
    if path is None or not path.exists():
        return None
    content = read_json(path, FloorplanFile, "build the bitstream again")
    layers = {unit.name: unit.layer for unit in results.design.units}
    groups = [*dict.fromkeys(layers.values()), _SHELL]
    places = {group: number for number, group in enumerate(groups)}
    rows = [
        (x, y, places[layers.get(unit, _SHELL)], _DRAWN[kind], count)
        for unit, kinds in content.units.items()
        for kind, tiles in kinds.items()
        if kind in _DRAWN
        for x, y, count in tiles
    ]
    if not rows:
        return None
    return FloorPlan(tuple(groups), content.width, content.height, np.array(rows, dtype=np.int64))


def _resources(results: HardwareResults) -> tuple[ResourceRecord, ...]:
    """By kind; where flip-flops are not counted, each belongs to a logic cell."""
    device = find_board(results.settings.board).device
    assert device.family is not None  # other boards have no runs
    network: Mapping[str, int] | None = None
    if results.build is not None:
        network = results.build.report["network"]
    elif results.synthesized is not None:
        network = load_netlist(results.synthesized, results.design.top).used(device.family)
    routed = results.build.report["resources"] if results.build else {}
    return tuple(
        ResourceRecord.model_validate(
            {
                "name": kind.upper(),
                "estimated": getattr(results.design.area, kind),
                "network": None if network is None else network.get(kind, 0),
                "available": getattr(device, kind),
                **routed.get(kind, {}),
            }
        )
        for kind in _KINDS
        if kind in (routed or device.family.kinds.values())
    )


def _digest(build: Build) -> str:
    with storage_errors(f"cannot read {build.bitstream}"):
        return sha256(build.bitstream)
