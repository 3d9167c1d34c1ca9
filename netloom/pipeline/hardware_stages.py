"""The stages from firmware to a bitstream. Each writes what it makes under the directory it is given."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from netloom.common.files import put_in_place, remove, write_text
from netloom.common.reading import read_json
from netloom.errors import StorageError, ToolFailedError
from netloom.firmware.board.boards import find_board
from netloom.firmware.build.bitstream import BuildSettings, build
from netloom.firmware.build.netlist_file import NetlistFile, SynthesisFile
from netloom.firmware.build.synthesis import Netlist, count_cells, synthesize
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.generate import Generated, generate_design
from netloom.firmware.map.effort import bitstream_minutes, minutes
from netloom.firmware.map.fitting import Search
from netloom.hls import Conversion
from netloom.models.data.examples import as_list
from netloom.pipeline import rundir
from netloom.pipeline.evaluation import Recorded, affordable, compare, joined, record_of, run_task
from netloom.pipeline.fidelity import merge
from netloom.pipeline.hardware import HardwareRun
from netloom.pipeline.testset import TestSet
from netloom.pipeline.versions import simulator_version
from netloom.progress import Progress
from netloom.report.schema import RunRecord
from netloom.settings import HardwareSettings
from netloom.sim import Fidelity
from netloom.sim.crosscheck import remembering
from netloom.sim.fixed import FixedEngine
from netloom.sim.hardware.netlist import NetlistEngine
from netloom.sim.hardware.rtl import RtlEngine
from netloom.sim.hardware.stream_engine import Speed, StreamEngine
from netloom.sim.hardware.verilator import Stalls

_STALLS = Stalls(seed=1, inputs=0.3, outputs=0.3)
_SYNTHESIS_FILE = "synthesis.json"


def make_design(directory: Path, name: str, settings: HardwareSettings, out: Path, progress: Progress) -> None:
    """`emit_design` of the firmware in a run directory."""
    emit_design(Conversion.load(directory / rundir.CONVERSION), name, settings, out, progress)


def emit_design(conversion: Conversion, name: str, settings: HardwareSettings, out: Path, progress: Progress) -> None:
    """Fold, plan and emit; makes `design/`.

    Raises:
        FoldingError: if the board does not hold the network at the pace asked for.
        LayerNotSupportedError: for an operation with no hardware unit.
        NotSupportedError: for a board that needs its vendor's tool.
    """
    progress.began("folding")
    device = find_board(settings.board).device
    search = Search(settings.design_seconds, progress.doing)
    generated = generate_design(
        conversion.dataflow, device=device, interval=settings.interval, title=name, search=search
    )
    progress.said(_prospect(generated, settings))
    (out / rundir.DESIGN).mkdir()
    generated.write(out / rundir.DESIGN)


def _prospect(generated: Generated, settings: HardwareSettings) -> str:
    """What is to come, in a line, before the tools start."""
    area, cycles, device = generated.area, generated.cycles, find_board(settings.board).device
    faster = "" if settings.interval else "; netloom plan shows others, --target-ii asks for one"
    return (
        f"a sample every {cycles.interval:,} cycles, latency {cycles.latency:,}; about {area.lut:,} of {device.lut:,}"
        f" LUT, {area.dsp:,} of {device.dsp:,} DSP, {area.bram:,} of {device.bram:,} block RAM; to the bitstream"
        f" {minutes(bitstream_minutes(area.lut, device.lut))}{faster}"
    )


def simulate_rtl(
    directory: Path, settings: HardwareSettings, trace_samples: int | None, out: Path, progress: Progress
) -> None:
    """Run the emitted files on the test set, back to back and with stalls; makes `rtl.json`.

    Raises:
        SimulationError: if the design gets stuck, or breaks a rule of its streams.
        ToolMissingError, ToolFailedError: of Verilator and the C++ compiler.
    """
    design = EmittedDesign.read(directory / rundir.DESIGN)
    progress.began("compiling the design")
    with RtlEngine(design) as engine:
        progress.began("counting cycles")
        measured = engine.count_cycles()
        engine.speed = Speed(compile_seconds=engine.speed.compile_seconds)
        fidelity, scores = _hold(engine, directory, settings.rtl_samples, trace_samples, progress)
    stalled = None
    if settings.stalled_samples:
        with RtlEngine(design, _STALLS) as pausing:
            stalled, _ = _hold(pausing, directory, settings.stalled_samples, 0, progress)
    found = HardwareRun(
        fidelity=record_of(fidelity, trace_samples),
        stalled=None if stalled is None else record_of(stalled, None),
        scores=scores,
        run=_run_record(engine, "rtl", fidelity, stalled),
        latency=measured.latency,
        interval=measured.interval,
        tool=simulator_version(),
    )
    write_text(out / rundir.RTL, found.model_dump_json(indent=2) + "\n")


def synthesize_network(directory: Path, settings: HardwareSettings, out: Path, progress: Progress) -> None:
    """Synthesize the network alone; makes `netlist/`, which is simulated and goes into the bitstream.

    Raises:
        ToolMissingError, ToolFailedError: of Yosys; its log is then `network-failed.log` in the run directory.
    """
    design = EmittedDesign.read(directory / rundir.DESIGN)
    family = find_board(settings.board).device.family
    assert family is not None  # make_design refuses others
    with _logs_kept(out, directory):
        netlist = synthesize(
            design.folder,
            design.files,
            design.memories,
            design.top,
            family,
            out / rundir.NETLIST,
            on_line=progress.doing,
        )
    kept = {"seconds": netlist.seconds, "version": netlist.version}
    write_text(out / rundir.NETLIST / _SYNTHESIS_FILE, json.dumps(kept) + "\n")


def simulate_netlist(directory: Path, settings: HardwareSettings, out: Path, progress: Progress) -> None:
    """Run what came out of the synthesis on a sample; makes `netlist.json`.

    Raises:
        SimulationError: if it gets stuck, or breaks a rule of its streams.
        ToolMissingError, ToolFailedError: of Verilator and the C++ compiler.
    """
    design = EmittedDesign.read(directory / rundir.DESIGN)
    netlist = load_netlist(directory / rundir.NETLIST, design.top)
    progress.began("compiling the netlist")
    with NetlistEngine(design, netlist.verilog) as engine:
        fidelity, _ = _hold(engine, directory, settings.netlist_samples, 0, progress)
        found = HardwareRun(
            fidelity=record_of(fidelity, None),
            run=_run_record(engine, "netlist", fidelity, None),
            tool=netlist.version,
        )
    write_text(out / rundir.NETLIST_RUN, found.model_dump_json(indent=2) + "\n")


def make_bitstream(directory: Path, settings: HardwareSettings, out: Path, progress: Progress) -> None:
    """Place, route and pack for the board; makes `bitstream/`. A missed clock is no failure: the result says so.

    Raises:
        FoldingError: if the design does not fit after all.
        SettingsError: for a clock that cannot be had.
        ToolMissingError, ToolFailedError: of the place-and-route tools; their logs are then in the run directory's
            `bitstream-failed`.
    """
    design = EmittedDesign.read(directory / rundir.DESIGN)
    with _logs_kept(out, directory):
        build(
            design,
            find_board(settings.board),
            out / rundir.BITSTREAM,
            BuildSettings(clock_mhz=settings.clock, seeds=settings.seeds),
            netlist=load_netlist(directory / rundir.NETLIST, design.top),
            on_line=progress.doing,
        )


def load_netlist(folder: Path, top: str) -> Netlist:
    """What `synthesize_network` kept of its synthesis.

    Raises:
        StorageError: if it is missing or damaged.
    """
    advice = "the same netloom run synthesizes again"
    kept = read_json(folder / _SYNTHESIS_FILE, SynthesisFile, advice)
    modules = read_json(folder / f"{top}.json", NetlistFile, advice).modules
    if top not in modules:
        raise StorageError(f"{folder / top}.json has no module {top!r}; {advice}")
    cells = {name: {"type": cell.type} for name, cell in modules[top].cells.items()}
    return Netlist(
        top=top,
        json=folder / f"{top}.json",
        verilog=folder / f"{top}.v",
        log=folder / "synthesis.log",
        cells=count_cells(cells),
        seconds=kept.seconds,
        version=kept.version,
    )


@contextmanager
def _logs_kept(out: Path, directory: Path) -> Iterator[None]:
    """When a tool fails, its logs go to the run directory, since `out` will vanish; and the message says so."""
    for name in rundir.FAILED:
        remove(directory / name)
    try:
        yield
    except ToolFailedError as error:
        for name in rundir.FAILED:
            if (out / name).exists():
                put_in_place(out / name, directory / name)
        raise ToolFailedError(str(error).replace(str(out.absolute()), str(directory))) from None


def _run_record(
    engine: StreamEngine, name: Literal["rtl", "netlist"], fidelity: Fidelity, stalled: Fidelity | None
) -> RunRecord:
    return RunRecord(
        engine=name,
        samples=fidelity.samples,
        stalled_samples=0 if stalled is None else stalled.samples,
        cycles=engine.speed.cycles,
        seconds=round(engine.speed.seconds, 4),
        compile_seconds=round(engine.speed.compile_seconds, 3),
    )


def _hold(
    engine: StreamEngine, directory: Path, samples: int | None, trace_samples: int | None, progress: Progress
) -> tuple[Fidelity, dict[str, dict[str, float]]]:
    """Hold an engine against `fixed` on the first samples of the test set, chunk by chunk.

    The scores of both are there only if it was the whole test set, and that has targets.
    """
    conversion = Conversion.load(directory / rundir.CONVERSION)
    whole = TestSet.load(directory / rundir.DATA)
    tests, task = whole.part(0, samples), run_task(whole, conversion)
    fixed, chunk = FixedEngine(conversion), affordable(conversion)
    comparisons = []
    outputs: dict[str, list[list[np.ndarray]]] = {fixed.name: [], engine.name: []}
    for start in range(0, len(tests), chunk):
        part = tests.part(start, start + chunk)
        traced = len(part) if trace_samples is None else max(0, min(trace_samples - start, len(part)))
        advanced = partial(_advanced, progress, engine.name, start, len(tests))
        recorded = {one.name: Recorded(one, as_list(part.x), traced, advanced) for one in (fixed, engine)}
        comparisons += compare(recorded, part, conversion)
        for name, one in recorded.items():
            outputs[name].append(one.outputs)
    scores = {
        one.name: task.evaluate(remembering(one, tests.x, joined(outputs[one.name])), tests)
        for one in (fixed, engine)
        if len(tests) == len(whole)
    }
    return merge(comparisons), {name: one for name, one in scores.items() if one}


def _advanced(progress: Progress, name: str, before: int, total: int, done: int) -> None:
    progress.advanced(f"{name}, every layer", min(before + done, total), total)
