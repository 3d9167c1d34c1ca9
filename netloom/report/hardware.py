"""What the hardware stages found, as the report has it."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from netloom import rundir
from netloom.errors import StorageError
from netloom.files import storage_errors
from netloom.firmware.bitstream import FLOORPLAN_FILE, Build
from netloom.firmware.build_file import FloorplanFile
from netloom.hardware import HardwareResults
from netloom.reading import read_json
from netloom.report.evidence import FloorPlan
from netloom.report.schema import FidelityRecord, HardwareRecord, ProductRecord, ResourceRecord

_KINDS = ("lut", "ff", "dsp", "bram")
_DRAWN = {"lut": 0, "ff": 0, "dsp": 1, "bram": 2, "spram": 2}
_SHELL = "host link"


def hardware_record(results: HardwareResults) -> HardwareRecord:
    """The record of a network on a board."""
    design, build = results.design, results.build.report
    rtl = results.runs[0]
    if rtl.latency is None or rtl.interval is None:
        raise StorageError(f"{rundir.RTL} has no cycles that were counted; delete it and run again")
    clock = build["timing"]["clock_mhz"]
    return HardwareRecord(
        board=build["board"],
        device=build["device"],
        clock_mhz=clock,
        clock_limit_mhz=build["timing"]["fmax_mhz"],
        timing_met=build["timing"]["met"],
        latency=rtl.latency,
        interval=rtl.interval,
        predicted_latency=design["latency"],
        predicted_interval=design["interval"],
        latency_microseconds=rtl.latency / clock,
        samples_per_second=1e6 * clock / rtl.interval,
        multipliers=design["multipliers"],
        resources=_resources(design, build),
        products=tuple(
            ProductRecord.model_validate({name: product[name] for name in ProductRecord.model_fields})
            for product in design["products"]
        ),
        runs=tuple(run.run for run in results.runs),
        seed=build["seed"],
        bitstream=f"{rundir.BITSTREAM}/{build['bitstream']}",
        bitstream_digest=_digest(results.build),
    )


def hardware_fidelity(results: HardwareResults) -> list[FidelityRecord]:
    """How the simulations compare with `fixed`; one under stalls is shown where only that one differs."""
    records = []
    for run in results.runs:
        wrong = run.stalled is not None and run.stalled.mismatches and not run.fidelity.mismatches
        records.append(run.stalled if wrong and run.stalled is not None else run.fidelity)
    return records


def floor_plan(results: HardwareResults) -> FloorPlan | None:
    """Where the cells are, grouped by layer; None if the build has no such file."""
    path = results.build.folder / FLOORPLAN_FILE
    if not path.exists():
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


def _resources(design: Mapping[str, Any], build: Mapping[str, Any]) -> tuple[ResourceRecord, ...]:
    """By kind; iCE40 counts no flip-flops of their own, each belongs to a logic cell."""
    return tuple(
        ResourceRecord.model_validate(
            {
                "name": kind.upper(),
                "estimated": design["area"][kind],
                "network": build["network"].get(kind, 0),
                **build["resources"][kind],
            }
        )
        for kind in _KINDS
        if kind in build["resources"]
    )


def _digest(build: Build) -> str:
    with storage_errors(f"cannot read {build.bitstream}"), build.bitstream.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
