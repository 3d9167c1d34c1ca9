"""What the hardware stages found, as the report has it."""

from collections.abc import Mapping

import numpy as np

from netloom.common.files import sha256, storage_errors
from netloom.common.reading import read_json
from netloom.firmware.board.boards import find_board
from netloom.firmware.board.devices import Device
from netloom.firmware.build.bitstream import FLOORPLAN_FILE, Build
from netloom.firmware.build.build_file import FloorplanFile
from netloom.firmware.families.family import Family
from netloom.pipeline import rundir
from netloom.pipeline.hardware import HardwareResults
from netloom.pipeline.stages.synthesize import load_netlist
from netloom.report.evidence import FloorPlan
from netloom.report.schema import FidelityRecord, HardwareRecord, ProductRecord, ResourceRecord

_KINDS = ("lut", "ff", "dsp", "bram")
_DRAWN = {"lut": 0, "ff": 0, "dsp": 1, "bram": 2, "spram": 2}
_SHELL = "host link"


def hardware_record(results: HardwareResults) -> HardwareRecord:
    """The record of a network on a board, as far as the stages have come."""
    design, build, rtl = results.design, results.build, results.rtl
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
        predicted_latency=design["latency"],
        predicted_interval=design["interval"],
        latency_microseconds=rtl.latency / clock if rtl and rtl.latency else None,
        samples_per_second=1e6 * clock / rtl.interval if rtl and rtl.interval else None,
        multipliers=design["multipliers"],
        resources=_resources(results, board.device),
        products=tuple(
            ProductRecord.model_validate({name: product[name] for name in ProductRecord.model_fields})
            for product in design["products"]
        ),
        runs=tuple(run.run for run in results.runs),
        seed=build.report["seed"] if build else None,
        bitstream=f"{rundir.BITSTREAM}/{build.report['bitstream']}" if build else None,
        bitstream_digest=_digest(build) if build else None,
    )


def hardware_fidelity(results: HardwareResults) -> list[FidelityRecord]:
    """How the simulations compare with `fixed`; one under stalls is shown where only that one differs."""
    records = []
    for run in results.runs:
        wrong = run.stalled is not None and run.stalled.mismatches and not run.fidelity.mismatches
        records.append(run.stalled if wrong and run.stalled is not None else run.fidelity)
    return records


def floor_plan(results: HardwareResults) -> FloorPlan | None:
    """Where the cells are, grouped by layer; None if nothing is routed, or the build has no such file."""
    path = results.build.folder / FLOORPLAN_FILE if results.build else None
    if path is None or not path.exists():
        return None
    content = read_json(path, FloorplanFile, "build the bitstream again")
    layers = {unit["name"]: str(unit["layer"]) for unit in results.design["units"]}
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
    x, y, group, kind, count = np.array(rows, dtype=np.int64).T
    return FloorPlan(tuple(groups), content.width, content.height, x, y, group, kind, count)


def _resources(results: HardwareResults, device: Device) -> tuple[ResourceRecord, ...]:
    """By kind; where flip-flops are not counted, each belongs to a logic cell."""
    assert device.family is not None  # other boards have no runs
    network = _network(results, device.family)
    routed = results.build.report["resources"] if results.build else {}
    return tuple(
        ResourceRecord.model_validate(
            {
                "name": kind.upper(),
                "estimated": results.design["area"][kind],
                "network": None if network is None else network.get(kind, 0),
                "available": getattr(device, kind),
                **routed.get(kind, {}),
            }
        )
        for kind in _KINDS
        if kind in (routed or device.family.kinds.values())
    )


def _network(results: HardwareResults, family: Family) -> Mapping[str, int] | None:
    """What the network alone takes after synthesis; None before that."""
    if results.build is not None:
        return results.build.report["network"]
    if results.synthesized is None:
        return None
    return load_netlist(results.synthesized, results.design["top"]).used(family)


def _digest(build: Build) -> str:
    with storage_errors(f"cannot read {build.bitstream}"):
        return sha256(build.bitstream)
