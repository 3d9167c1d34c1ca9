"""Mutates the files of a run, and whatever else the command line reads, and runs the commands on them.

    python tests/fuzz/run_files.py --seconds 3600

Whatever a file holds, a command ends with the exit codes of results and of bad input, in one line, soon, and touches
nothing outside its directory. Every mutation follows from its number: `--first N --count 1` repeats it.
"""

import argparse
import hashlib
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from run_cases import make_case, prepare
from typer.testing import CliRunner

from netloom.cli.app import app
from netloom.errors import ToolFailedError

PATIENCE = 60
"""Seconds; a command takes one or two."""
MEMORY = 4 * 2**30
"""Bytes a command may ask for, beyond what the process has."""
PREFIX = "netloom-fuzz"


class HungError(BaseException):
    """A command that took too long."""


@dataclass(frozen=True)
class Finding:
    """What went wrong with one mutation."""

    number: int
    what: str
    command: str
    detail: str


@contextmanager
def surroundings() -> Iterator[None]:
    """No tool is run: what is read before one is, counts. A command that hangs is stopped."""

    def no_tool(*_: object, **__: object) -> Any:
        raise ToolFailedError("no tools while fuzzing")

    def hung(*_: object) -> None:
        raise HungError

    false, true = shutil.which("false"), shutil.which("true")
    tools = {"YOSYS": false, "NEXTPNR_ECP5": false, "ECPPACK": false, "OPENFPGALOADER": true}
    limits = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    before = {number: signal.signal(number, hung) for number in (signal.SIGALRM, signal.SIGPROF)}
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, limits[1]))
    try:
        with (
            mock.patch.dict(os.environ, {name: path for name, path in tools.items() if path}),
            mock.patch("netloom.sim.hardware.rtl.build", no_tool),
            mock.patch("netloom.sim.hardware.netlist.build", no_tool),
            mock.patch("netloom.sim.hardware.emulate._compiled", no_tool),
            mock.patch("netloom.sim.csim.csim.compiled_library", no_tool),
        ):
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
        for number, handler in before.items():
            signal.signal(number, handler)


def call(arguments: list[str]) -> str | None:
    """Run one command; what is wrong with how it ended, or None."""
    # Of its own processor time: a busy machine is no hang. One that waits for ever uses none, hence the alarm.
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    signal.alarm(20 * PATIENCE)
    try:
        result = CliRunner().invoke(app, arguments)
    except HungError:
        return f"no end within {PATIENCE} s\n{traceback.format_exc()}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
    if isinstance(result.exception, HungError):
        return f"no end within {PATIENCE} s\n{_trace(result.exception)}"
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return _trace(result.exception)
    if result.exit_code not in (0, 1, 2):
        return f"exit code {result.exit_code}: {result.stderr.strip()[-300:]}\n{_trace(result.exception)}"
    said = [line for line in result.stderr.splitlines() if line.startswith("netloom:")]
    if result.exit_code == 2 and len(said) != 1 and "─ Error ─" not in result.stderr:
        return f"not one line: {result.stderr[-500:]!r}"
    return None


def _trace(error: BaseException | None) -> str:
    while error is not None and error.__context__ is not None:
        error = error.__context__
    return "".join(traceback.format_exception(error)[-12:]) if error is not None else ""


def outside(root: Path) -> dict[str, str]:
    """All that a command must not touch, as it is."""
    found = {}
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root)
        if place.parts[0] in ("run", "out"):
            continue
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(place)] = f"{path.lstat().st_mode} {content}"
    return found


def campaign(
    pristine: Path, numbers: Iterator[int], until: float, told: Callable[[int, Finding | None], None]
) -> list[Finding]:
    """Try mutations until the time is over or there are no more.

    Args:
        pristine: what `prepare` made.
        numbers: of the mutations.
        until: `time.monotonic()` at which to end.
        told: gets the number of each mutation, and what was found.
    """
    findings = []
    with surroundings(), tempfile.TemporaryDirectory(prefix=PREFIX) as scratch:
        for number in numbers:
            if time.monotonic() > until:
                break
            root = Path(scratch) / "root"
            _remove(root)
            shutil.copytree(pristine, root, symlinks=True)
            (root / "out").mkdir()
            os.mkfifo(root / "out" / "pipe")
            case = make_case(root, number)
            for command in case.commands:
                before = outside(root)
                detail = call(command)
                after = outside(root)
                if detail is None and before != after:
                    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
                    detail = f"changed outside its directory: {sorted(changed)}"
                found = None
                if detail is not None:
                    found = Finding(number, case.what, " ".join(command), detail)
                    findings.append(found)
                told(number, found)
                if found:
                    break
    return findings


def _remove(root: Path) -> None:
    if root.exists():
        shutil.rmtree(root)


def main() -> int:
    """Fuzz for a time, and tell what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--first", type=int, default=0, help="number of the first mutation")
    parser.add_argument("--count", type=int, default=10**9, help="how many mutations at most")
    options = parser.parse_args()
    ends: Counter[str] = Counter()
    last = 0

    def told(number: int, found: Finding | None) -> None:
        nonlocal last
        last = number
        ends["commands"] += 1
        if found:
            print(f"\n{number}: {found.what}\n  netloom {found.command}\n{found.detail}", flush=True)

    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        prepare(Path(folder))
        numbers = iter(range(options.first, options.first + options.count))
        findings = campaign(Path(folder), numbers, time.monotonic() + options.seconds, told)
    kinds = Counter(finding.detail.strip().splitlines()[0][:110] for finding in findings)
    print(f"mutations {options.first} to {last}, {ends['commands']} commands, {len(findings)} findings")
    for kind, count in kinds.most_common():
        print(f"{count:6} {kind}")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())
