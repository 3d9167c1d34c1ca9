"""`emulate`: a board without a board. The whole shell, serial bits included, in Verilator behind a pseudo-terminal."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from netloom.common.closable import Closable
from netloom.common.made_once import made_once
from netloom.common.process import end, run_logged, start
from netloom.errors import NotSupportedError, ToolFailedError
from netloom.firmware.board.shell import BAUD, SHELL_TOP, ShellSettings, emit_shell
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.sim.csim.csim_build import compiler
from netloom.sim.hardware.cell_models import cell_models
from netloom.sim.hardware.verilator import default_cache
from netloom.sim.hardware.verilator_tool import compiler_identity, runtime, verilator

_MAIN = "emulate_main.cpp"
_DIVIDER = 4
_FLAGS = ("--cc", "--no-timing", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--x-initial", "unique", "-O3")
_LEVEL = "-O2"


class Emulator(Closable):
    """A running emulation. A context manager; also usable without, then `close` it.

    Attributes:
        port: name of the pseudo-terminal, for `Driver`.
        design: that runs in it.
        samples: inferences that a request may hold, for `Driver`.
    """

    def __init__(self, executable: Path, design: EmittedDesign, settings: ShellSettings) -> None:
        """Start the program; `emulate` compiles it first."""
        import pty
        import tty

        self.design = design
        self.samples = settings.samples
        self._folder = tempfile.TemporaryDirectory(prefix="netloom-emulate-")
        for name in design.memories:
            target = Path(self._folder.name) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(design.content(name))
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._log = Path(self._folder.name) / "stderr.log"
        millisecond = int(settings.clock_hz / 1000)
        with self._log.open("wb") as errors:
            self._process = start(
                [str(executable), str(self._master), str(settings.divider), str(millisecond)],
                Path(self._folder.name),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                pass_fds=(self._master,),
            )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != b"ready":
            said = self._log.read_text(encoding="utf-8", errors="replace").strip()
            self.close()
            raise ToolFailedError(f"the emulation of {design.name} did not start: {said or 'it said nothing'}")

    def wait(self) -> None:
        """Until the emulation ends, which it does by `close` alone, or when it breaks down.

        Raises:
            ToolFailedError: if it broke down.
        """
        code = self._process.wait()
        if code:
            raise ToolFailedError(f"the emulation of {self.design.name} ended with exit code {code}")

    def close(self) -> None:
        """End the emulation; the port is gone afterwards."""
        if self._master >= 0:
            end(self._process)
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
            os.close(self._master)
            os.close(self._slave)
            self._master = -1
            self._folder.cleanup()


def emulate(
    design: EmittedDesign | Path | str, *, samples: int | None = None, cache: str | Path | None = None
) -> Emulator:
    """Run a design as a board would, and give the port that it is on.

        with emulate("design") as emulator, Driver(emulator.port, "design") as driver:
            outputs = driver.predict(x)

    The clock runs as fast as the machine simulates it. The compiled model is kept.

    Args:
        design: emitted, or its folder.
        samples: inferences that a request may hold; None as on a board.
        cache: folder of compiled models; the user's cache folder if None.

    Raises:
        StorageError: if there is no design in the folder.
        ToolMissingError: if Verilator or the C++ compiler is missing.
        ToolFailedError: if one of them finds fault, or the program does not start.
        NotSupportedError: where there are no pseudo-terminals.
    """
    if sys.platform == "win32":
        raise NotSupportedError("Windows has no pseudo-terminals: emulate the board on Linux or macOS")
    design = design if isinstance(design, EmittedDesign) else EmittedDesign.read(design)
    settings = ShellSettings(_DIVIDER * BAUD, BAUD, samples)
    return Emulator(_compiled(design, settings, Path(cache or default_cache()).absolute()), design, settings)


def _compiled(design: EmittedDesign, settings: ShellSettings, cache: Path) -> Path:
    sources = {name: design.text(name) for name in design.files}
    sources = {**cell_models(sources), **sources, **emit_shell(design, settings)}
    main = Path(__file__).with_name(_MAIN).read_text(encoding="utf-8")
    tool = verilator()
    identity = (sorted(sources.items()), main, _FLAGS, _LEVEL, tool.version, compiler_identity())
    folder = cache / f"shell-{hashlib.sha256(repr(identity).encode()).hexdigest()[:26]}"

    def make(work: Path, log: Path) -> Path:
        began = time.monotonic()
        for name, text in (sources | {_MAIN: main}).items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(text, encoding="utf-8")
        command = [tool.command, *_FLAGS, "--top-module", SHELL_TOP, "--Mdir", "model", *sources]
        run_logged([command], work, log, f"Verilator on the shell of {design.name}", tool.environment)
        parts = sorted(path.name for path in (work / "model").glob("*.cpp"))
        (work / "all.cpp").write_text("".join(f'#include "{p}"\n' for p in (*(f"model/{q}" for q in parts), _MAIN)))
        program = [compiler(), "-w", *tool.compiler_flags, _LEVEL, "-Imodel", "-I.", "all.cpp"]
        program += [*map(str, shared.objects), "-o", "shell", "-latomic", "-s"]
        run_logged([program], work, log, f"the C++ compiler on the shell of {design.name}")
        (work / "kept").mkdir()
        (work / "shell").rename(work / "kept" / "shell")
        (work / "kept" / "build.json").write_text(json.dumps({"seconds": time.monotonic() - began}))
        return work / "kept"

    if not folder.exists():
        shared = runtime(tool, cache)
        made_once(folder, make, folder.with_suffix(".log"))
    return folder / "shell"
