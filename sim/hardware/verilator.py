"""`build` a module into a simulation with Verilator, and `run` it: beats in, beats and their clock cycles out."""

import hashlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from netloom.common.compiled import cache_folder
from netloom.common.made_once import forget_oldest, made_once
from netloom.common.process import end, run_logged, start
from netloom.errors import InputError, SettingsError, SimulationError, ToolFailedError
from netloom.sim.csim.csim_build import compiler
from netloom.sim.hardware.verilator_bench import WRAPPER, Probe, StreamPort, ports_source, wrapper
from netloom.sim.hardware.verilator_stalls import FLOWING, Stalls
from netloom.sim.hardware.verilator_tool import (
    MODEL_LEVEL,
    Runtime,
    bench_sources,
    compiler_identity,
    runtime,
    verilator,
)

_PORTS = "ports.cpp"
_SOURCES = (".sv", ".v", ".svh", ".vh")
_LINT = ("-Wall",)
_NO_LINT = ("-Wno-lint", "-Wno-style", "-Wno-SPECIFYIGN", "-Wno-fatal")
_FLAGS = (
    *("--cc", "--no-timing", "--assert", "--x-initial", "unique", "--x-assign", "unique", "-O3"),
    # g++ takes more than linear time over long functions, of which netlists have some.
    *("--output-split-cfuncs", "500"),
)
_LIBRARIES = ("-latomic", "-s")
PATIENCE = 100_000
"""Clock cycles without a transfer after which a module is stuck, unless told otherwise."""
DRAIN = 64
"""Clock cycles that go on after the last expected beat, in which nothing more may come."""
_MOST_MODELS = 1000

BeatsDone = Callable[[int], None]
"""Called with the number of beats the first output has given."""


@dataclass(frozen=True)
class Result:
    """What a run gave. Cycle 0 is the first after reset.

    Attributes:
        outputs: beats of every output: uint8 (beats, bytes), little-endian.
        taken: of every input, the cycle each beat was transferred in: int64 (beats,).
        given: of every output, the cycle each beat was transferred in: int64 (beats,).
        cycles: until the last transfer, and one more.
        probes: {path: beats}, uint8 (beats, bytes), of every probe.
        probe_cycles: {path: cycles}, int64 (beats,).
        seconds: the run took.
    """

    outputs: list[np.ndarray]
    taken: list[np.ndarray]
    given: list[np.ndarray]
    cycles: int
    probes: dict[str, np.ndarray] = field(default_factory=dict)
    probe_cycles: dict[str, np.ndarray] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class CompiledModule:
    """A compiled module.

    Attributes:
        executable: the program.
        top: name of the module.
        inputs: its input streams.
        outputs: its output streams.
        probes: streams inside it that every run records.
        memories: {path: text}, files the design reads when it starts.
        compile_seconds: what compiling it took, when it was compiled.
    """

    executable: Path
    top: str
    inputs: tuple[StreamPort, ...]
    outputs: tuple[StreamPort, ...]
    probes: tuple[Probe, ...]
    memories: Mapping[str, str]
    compile_seconds: float

    def run(
        self,
        words: Sequence[np.ndarray],
        expected_beats: Sequence[int],
        stalls: Stalls | None = None,
        *,
        probed_beats: Sequence[int] = (),
        patience: int = PATIENCE,
        drain: int = DRAIN,
        probe: bool = True,
        progress: BeatsDone | None = None,
    ) -> Result:
        """Reset the module, feed it, and collect what it gives.

        The run ends when all beats are taken and all expected ones given, and `drain` further cycles bring no more.

        Args:
            words: beats of every input: uint8 (beats, bytes), little-endian, as `Stream.pack` makes them.
            expected_beats: of every output.
            stalls: when sources and sinks pause; never, if None.
            probed_beats: of every probe, or none; if known, an error says in which stream beats are first wrong.
            patience: cycles without any transfer after which it counts as stuck.
            drain: cycles to go on after the end.
            probe: record what passes the probes.
            progress: called now and then.

        Raises:
            InputError: for a wrong number or shape of arrays.
            SimulationError: if the module gets stuck, gives more beats than expected, or changes a stalled beat.
            ToolFailedError: if the program dies.
        """
        self._check(words, expected_beats)
        with tempfile.TemporaryDirectory(prefix="netloom-rtl-") as temporary:
            folder = Path(temporary)
            for path, text in self.memories.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text, encoding="ascii")
            for index, array in enumerate(words):
                (folder / f"in{index}.bin").write_bytes(np.ascontiguousarray(array, dtype=np.uint8).tobytes())
            flags = [int(progress is not None), int(probe)]
            known = probed_beats if probe else ()
            numbers = [*(stalls or FLOWING).arguments, patience, drain, *flags, *expected_beats, *known]
            start = time.perf_counter()
            cycles = self._execute([str(number) for number in numbers], folder, progress or (lambda _: None))
            seconds = time.perf_counter() - start
            probes = self.probes if probe else ()
            return Result(
                outputs=[_beats(folder / f"out{i}.bin", port.bytes) for i, port in enumerate(self.outputs)],
                taken=[_cycles(folder / f"in{i}.cycles") for i in range(len(self.inputs))],
                given=[_cycles(folder / f"out{i}.cycles") for i in range(len(self.outputs))],
                cycles=cycles,
                probes={p.path: _beats(folder / f"probe{i}.bin", p.bytes) for i, p in enumerate(probes)},
                probe_cycles={p.path: _cycles(folder / f"probe{i}.cycles") for i, p in enumerate(probes)},
                seconds=seconds,
            )

    def _check(self, words: Sequence[np.ndarray], expected_beats: Sequence[int]) -> None:
        if len(words) != len(self.inputs) or len(expected_beats) != len(self.outputs):
            raise InputError(
                f"module {self.top!r} has {len(self.inputs)} inputs and {len(self.outputs)} outputs, "
                f"not {len(words)} and {len(expected_beats)}"
            )
        for port, array in zip(self.inputs, words, strict=True):
            if array.ndim != 2 or array.shape[1] != port.bytes or array.dtype != np.uint8:
                raise InputError(
                    f"beats for {port.name!r} must be uint8 (beats, {port.bytes}), not {array.dtype} {array.shape}"
                )
            if port.bits % 8 and (array[:, -1] >> (port.bits % 8)).any():
                raise InputError(f"beats for {port.name!r} must have zeros above their {port.bits} bits")

    def _execute(self, arguments: list[str], folder: Path, progress: BeatsDone) -> int:
        log = folder / "stderr.log"
        with log.open("wb") as errors:
            process = start([str(self.executable), *arguments], folder, stdout=subprocess.PIPE, stderr=errors)
            said: list[str] = []
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    word, _, rest = line.decode(errors="replace").strip().partition(" ")
                    if word == "progress":
                        progress(int(rest))
                    elif word == "done":
                        cycles = int(rest)
                    elif word == "failed":
                        raise SimulationError(f"simulation of {self.top!r}: {rest}")
                    else:
                        said.append(f"{word} {rest}".strip())
                code = process.wait()
            finally:
                end(process)
        said += log.read_text(encoding="utf-8", errors="replace").splitlines()
        if any("%Warning" in line and "$readmem" in line for line in said):
            raise SimulationError(f"simulation of {self.top!r}: {' '.join(said)}")
        if code:
            reason = next((line for line in said if "%Error" in line), f"exit code {code}; {' '.join(said[:3])}")
            raise ToolFailedError(f"simulation of {self.top!r} died: {reason.strip()}")
        return cycles


def build(
    files: Mapping[str, str],
    top: str,
    inputs: Sequence[StreamPort],
    outputs: Sequence[StreamPort],
    *,
    parameters: Mapping[str, int | str] | None = None,
    probes: Sequence[Probe] = (),
    cache: str | Path | None = None,
    lint: bool = True,
    level: str = MODEL_LEVEL,
    options: Sequence[str] = (),
) -> CompiledModule:
    """Compile a module that has ports `clk`, `rst` (synchronous, active high) and streams.

    Compiled models are kept; a change in memory files alone compiles nothing.

    Args:
        files: {path: text}: SystemVerilog, and files it reads by these very paths.
        top: the module.
        inputs: its input streams.
        outputs: its output streams.
        parameters: of the module.
        probes: streams inside the design to record.
        cache: folder of compiled models; the user's cache folder if None.
        lint: take Verilator's warnings for errors, all of them.
        level: of the C++ compiler's optimization, `MODEL_LEVEL` or `NETLIST_LEVEL`.
        options: of Verilator's, beside those that every module is compiled with.

    Raises:
        SettingsError: for names and widths that cannot be.
        ToolMissingError: if Verilator or the C++ compiler is missing.
        ToolFailedError: if one of them finds fault; has the first message and names the log.
    """
    sources = {path: text for path, text in files.items() if path.endswith(_SOURCES)}
    memories = {path: text for path, text in files.items() if path not in sources}
    for path in files:
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise SettingsError(f"files of a design must have relative paths, not {path!r}")
    texts = {
        f"{WRAPPER}.sv": wrapper(top, inputs, outputs, probes, parameters or {}),
        _PORTS: ports_source(inputs, outputs, probes),
    }
    tool = verilator()
    flags = (*_FLAGS, *(_LINT if lint else _NO_LINT), *options)
    identity = (tool.version, compiler_identity(), bench_sources())
    key = repr((sorted(sources.items()), sorted(texts.items()), flags, level, *identity))
    models = Path(cache or default_cache()).absolute()
    folder = models / hashlib.sha256(key.encode()).hexdigest()[:32]

    def make(work: Path, log: Path) -> Path:
        began = time.perf_counter()
        for path, text in (sources | texts).items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_text(text, encoding="utf-8")
        command = [tool.command, *flags, "--top-module", WRAPPER, "--Mdir", "model", f"{WRAPPER}.sv", *sources]
        run_logged([command], work, log, f"Verilator on module {top!r}", tool.environment)
        _compile(work, tool.compiler_flags, level, shared, log, top)
        (work / "kept").mkdir()
        (work / "simulation").rename(work / "kept" / "simulation")
        (work / "kept" / "build.json").write_text(json.dumps({"seconds": time.perf_counter() - began}))
        return work / "kept"

    if folder.exists():
        os.utime(folder)
    else:
        shared = runtime(tool, models)
        made_once(folder, make, folder.with_suffix(".log"))
        forget_oldest((path.parent for path in models.glob("*/build.json")), _MOST_MODELS)
    seconds = json.loads((folder / "build.json").read_text())["seconds"]
    return CompiledModule(folder / "simulation", top, tuple(inputs), tuple(outputs), tuple(probes), memories, seconds)


def default_cache() -> Path:
    """Folder of compiled models, in the user's cache folder."""
    return cache_folder() / "verilator"


def _compile(work: Path, flags: Sequence[str], level: str, shared: Runtime, log: Path, top: str) -> None:
    """All of a model in one translation unit, so that headers are read once."""
    parts = sorted(path.name for path in (work / "model").glob("*.cpp"))
    unit = "".join(f'#include "{part}"\n' for part in ("prelude.h", *(f"model/{part}" for part in parts), _PORTS))
    (work / "all.cpp").write_text(unit)
    folders = (f"-I{shared.headers(level)}", f"-I{shared.folder}", "-Imodel", "-I.")
    objects = map(str, (shared.main, *shared.objects))
    command = [compiler(), "-w", *flags, level, *folders, "all.cpp", *objects, "-o", "simulation", *_LIBRARIES]
    run_logged(
        [command],
        work,
        log,
        f"the C++ compiler on Verilator's model of {top!r}",
    )


def _beats(path: Path, size: int) -> np.ndarray:
    return np.fromfile(path, dtype=np.uint8).reshape(-1, size)


def _cycles(path: Path) -> np.ndarray:
    return np.fromfile(path, dtype=np.int64)


__all__ = ["FLOWING", "CompiledModule", "Probe", "Result", "Stalls", "StreamPort", "build", "default_cache"]
