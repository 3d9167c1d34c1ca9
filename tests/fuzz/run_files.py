"""Mutates the files of a run, and whatever else the command line reads, and runs the commands on them.

    python tests/fuzz/run_files.py --seconds 3600

Whatever a file holds, a command ends with the exit codes of results and of bad input, in one line, soon, and touches
nothing outside its directory. Every mutation follows from its number: `--first N --count 1` repeats it.
"""

import argparse
import hashlib
import io
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from typer.testing import CliRunner

from netloom import rundir
from netloom.cli import app
from netloom.errors import ToolFailedError
from netloom.files import sha256
from netloom.state import STATE_FILE

PATIENCE = 60
"""Seconds; a command takes one or two."""
MEMORY = 4 * 2**30
"""Bytes a command may ask for, beyond what the process has."""
PAGE = "netloom-fuzz"

RUN_FILES = (
    STATE_FILE,
    rundir.REPORT_JSON,
    rundir.SIMULATION,
    rundir.PREDICTIONS,
    rundir.DATA,
    rundir.QUANTIZED_MODEL,
    rundir.RTL,
    rundir.NETLIST_RUN,
    "firmware/dataflow.json",
    "firmware/dataflow.npz",
    "firmware/settings.json",
    "design/design.json",
    "design/network.sv",
    "design/hidden_matvec_weights.mem",
    "netlist/synthesis.json",
    "netlist/network.json",
    "bitstream/build.json",
    "bitstream/floorplan.json",
    "bitstream/bitstream.bit",
)
"""Files of a run directory that a command reads; JSON more than once, as there is more to it."""
WRITTEN = (".lock", "netloom.log", "bitstream/flash.log", "report.json", "report.html", "bitstream-failed", "firmware")
"""What a command may write in a run directory."""
USER_FILES = ("x.npy", "y.npy", "small.npz", "small.keras", "precision.yml", "policy.yml", "weights.csv")


class HungError(BaseException):
    """A command that took too long."""


@dataclass(frozen=True)
class Finding:
    """What went wrong with one mutation."""

    number: int
    what: str
    command: str
    detail: str


def prepare(root: Path) -> None:
    """The files that are mutated: a run with hardware in it, a model, data and settings."""
    from run_directory import make_run, make_start

    make_start(root)
    make_run(root, root / "run")
    (root / "precision.yml").write_text("hidden: {result: 'fixed<16,6>'}\n", encoding="utf-8")
    (root / "policy.yml").write_text("weights: 4\noverrides: {hidden: {weights: 5}}\n", encoding="utf-8")
    (root / "outside").mkdir()
    (root / "outside" / "canary").write_text("alive\n", encoding="utf-8")


# -- mutations -------------------------------------------------------------------------------------------------------


def odd_values(chance: random.Random, root: Path) -> list[Any]:
    """What a field should not hold."""
    deep: Any = 0
    for _ in range(300):
        deep = [deep]
    return [
        *(None, True, False, 0, -1, 1, 2**31, 2**64, -(2**70), 10**400, 0.5, -1e308, 1e308, float("nan"), float("inf")),
        *("", "x", "\x00", "\ud800", "a\nb", "\x1b[2J", "x" * 100_000, "fixed<8,3>", "ufixed<62,-900>", "fixed<99,1>"),
        *("../../outside/canary", str(root / "outside" / "canary"), "..", ".", "/", "../outside", "~", "-o", "$HOME"),
        *([], {}, [[]], [None], {"": 0}, {"array": "x"}, {"array": 3}, deep, [0] * 1000, list(range(5))),
        chance.randrange(-5, 1000),
    ]


def mutate_json(value: Any, chance: random.Random, root: Path) -> Any:
    """One odd value, one missing, one more, or two exchanged, somewhere in it."""
    places: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, dict | list):
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            places += [(node, key) for key in keys]
            pending += [node[key] for key in keys]
    if not places or chance.random() < 0.03:
        return chance.choice(odd_values(chance, root))
    node, key = chance.choice(places)
    match chance.randrange(8):
        case 0:
            del node[key]
        case 1 if isinstance(node, dict):
            node[chance.choice(["", "extra", "array", "../x", str(key) + "x"])] = node.pop(key)
        case 2:
            other, place = chance.choice(places)
            node[key], other[place] = other[place], node[key]
        case 3 if isinstance(node[key], int | float) and not isinstance(node[key], bool):
            node[key] = chance.choice([-node[key], node[key] + 1, node[key] * 10**6, node[key] - 1, 10**18])
        case 4 if isinstance(node[key], list):
            node[key] = node[key] * chance.choice([2, 1000])
        case _:
            node[key] = chance.choice(odd_values(chance, root))
    return value


def mutate_bytes(content: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, missing or added."""
    content = content or b"\0"
    match chance.randrange(5):
        case 0:
            return content[: chance.randrange(len(content))]
        case 1:
            at = chance.randrange(len(content))
            return content[:at] + chance.randbytes(chance.choice([1, 8, 1000])) + content[at:]
        case 2:
            return chance.choice([b"", b"\0", b"[" * 100_000, b'{"a":' * 20_000, b"\xff\xfe", content * 2])
        case _:
            changed = bytearray(content)
            for _ in range(chance.choice([1, 1, 5, 50])):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            return bytes(changed)


def odd_array(array: np.ndarray, chance: random.Random) -> np.ndarray:
    """Another type, shape or content."""
    array = np.atleast_1d(array)
    match chance.randrange(9):
        case 0:
            return array.astype(chance.choice(["S4", "U3", "?", "i1", "u8", "f2", "c8"]))
        case 1:
            return np.zeros(chance.choice([(0,), (1,), (3, 0), (2, 2, 2), ()]), array.dtype)
        case 2:
            return np.array([("a", 1)] * 3, dtype=[("name", "U4"), ("value", "i4")])
        case 3:
            return array[..., None]
        case 4:
            return np.full(array.shape, chance.choice([-1, 2**40, 255, 0])).astype(array.dtype, copy=False)
        case 5:
            return np.full(array.shape, chance.choice([np.nan, np.inf, 1e300, -0.5]))
        case 6:
            return array.astype(f">{array.dtype.str[1:]}") if array.dtype.kind in "iuf" else array[:0]
        case 7:
            return np.array(["2020-01-01"] * len(array), dtype="datetime64[D]")
        case _:
            return array[: len(array) // 2]


def odd_npy(array: np.ndarray, chance: random.Random) -> bytes:
    """A `.npy` file of an odd array, or with an odd header."""
    buffer = io.BytesIO()
    if chance.random() < 0.6:
        try:
            np.save(buffer, odd_array(array, chance), allow_pickle=True)
        except (ValueError, TypeError):  # text that is no number
            np.save(buffer, np.zeros(3))
        return buffer.getvalue()
    shape = chance.choice(["(10000000000,)", "(-1,)", "()", "(3, 4", "((3,),)", "(True,)", "(2**9,)", "(99999,) * 9"])
    kind = chance.choice(["'<f8'", "'|O'", "'<f99'", "[('a', '<i4')]", "None", "'|V0'", "'<f4'", "f" * 50, "(" * 2000])
    header = f"{{'descr': {kind}, 'fortran_order': {chance.choice([True, False, 3])}, 'shape': {shape}, }}"
    padded = (header + " " * (64 - (len(header) + 11) % 64) + "\n").encode("latin1")
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded + bytes(64)


def mutate_npz(content: bytes, chance: random.Random) -> bytes:
    """A member odd, missing, renamed, or a bomb."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(sorted(members))
    match chance.randrange(5):
        case 0:
            del members[name]
        case 1:
            members[chance.choice(["x.npy", "../../outside/canary", "fixed.npy", "odd"])] = members.pop(name)
        case 2:
            members[name] = mutate_bytes(members[name], chance)
        case _:
            try:
                array = np.load(io.BytesIO(members[name]))
            except ValueError:
                array = np.zeros(3)
            members[name] = odd_npy(array, chance)
    return _zip(members)


def mutate_keras(content: bytes, chance: random.Random, root: Path) -> bytes:
    """Something odd in the configuration, or in the weights."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if chance.random() < 0.8:
        members["config.json"] = json.dumps(mutate_json(json.loads(members["config.json"]), chance, root)).encode()
    else:
        name = chance.choice(sorted(members))
        members[name] = mutate_bytes(members[name], chance)
    return _zip(members)


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def odd_yaml(chance: random.Random, text: str) -> str:
    """Settings as nobody writes them."""
    bomb = "a0: &a0 x\n" + "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(9))
    return chance.choice(
        [
            bomb,
            "[" * 20_000,
            "{a: " * 20_000,
            "a: &a [*a]",
            "hidden: &h {result: *h}",
            "? {a: b}\n: c\n",
            "!!python/object/apply:os.system ['true']",
            "hidden: {result: 2001-01-01}",
            "hidden: {result: !!binary aGk=}",
            "hidden: 3",
            "3: 4",
            "weights: 0x7fffffffffffffffffffffff",
            "weights: .inf",
            "weights: 1e400",
            "overrides: {hidden: {weights: [[[[1]]]]}}",
            "hidden: {result: 'fixed<99999999999999999999,1>'}",
            "hidden: {result: 'fixed<8,-99999>'}",
            "- a",
            "",
            "\x00",
            text * 2,
            text + "{",
            "a: 1\na: 2\n",
            "<<: [1]",
            "<<: *x",
            "weights: 0b" + "1" * 100_000,
            "weights: " + "9" * 10_000,
            "weights: " + ":".join(["59"] * 4000),
        ]
    )


@dataclass
class Case:
    """One mutation: what it is, in words, and the commands that meet it."""

    what: str
    commands: list[list[str]]


def make_case(root: Path, number: int) -> Case:
    """Mutate the files under `root`, which are as `prepare` made them."""
    chance = random.Random(number)
    run, out = root / "run", root / "out"
    x, y = root / "x.npy", root / "y.npy"
    commands = {
        "report": ["report", run],
        "compare": ["compare", run, "--fail-if", "mismatches>0"],
        "fixed": ["simulate", run, "--inputs", x, "-o", out / "y.npy", "--trace", out / "t.npz"],
        "quantized": ["simulate", run, "--engine", "quantized", "--inputs", x, "-o", out / "y.npy"],
        "rtl": ["simulate", run, "--engine", "rtl", "--inputs", x, "-o", out / "y.npy"],
        "crosscheck": ["crosscheck", run, "--engine", "quantized", "--inputs", x, "--labels", y],
        "csim": ["crosscheck", run, "--inputs", x],
        "flash": ["flash", run],
        "emulate": ["emulate", run, "--inputs", x, "-o", out / "y.npy"],
        "build": ["build", run, "--board", "ULX3S-25F", "--target-ii", "16"],
        "alone": ["build", run / "firmware", "--board", "ULX3S-25F", "--target-ii", "16"],
        "design": ["build", run / "design", "--board", "ULX3S-25F"],
        "vendor": ["build", run, "--board", "Arty-A7-35T"],
        "run": ["run", root / "small.keras", "--data", root / "small.npz", "-o", run, "--no-csim"],
        "convert": ["convert", root / "small.keras", "-o", out / "firmware"],
        "forced": ["convert", root / "small.keras", "-o", run, "--force"],
        "precision": ["convert", root / "small.keras", "--precision", root / "precision.yml", "-o", out / "c"],
        "policy": ["run", root / "small.keras", "--data", root / "small.npz", "--policy", root / "policy.yml",
                   "--no-csim", "-o", out / "p"],
    }  # fmt: skip
    kind = chance.random()
    if kind < 0.72:
        name = chance.choice(RUN_FILES)
        what = _mutate_file(run / name, chance, root)
        if chance.random() < 0.75 and name != STATE_FILE:
            what += ", recorded anew" * _record_anew(run, name)
        told = _READERS.get(name.split("/")[0], ("report", "run"))
        chosen = [*chance.sample(told, min(2, len(told))), chance.choice(sorted(commands))]
    elif kind < 0.80:
        name = chance.choice(WRITTEN)
        what = _mutate_kind(run / name, chance, root)
        chosen = chance.sample(["report", "flash", "build", "run", "forced", "emulate", "alone"], 3)
    elif kind < 0.84:
        odd = chance.choice(
            ["", "\udcff", str(out), str(run / "run.json"), "x" * 300, str(out / "pipe"), str(out / "nul\n")]
        )
        slot = chance.choice(["fixed", "crosscheck", "report", "compare", "flash", "build", "run", "convert"])
        command = commands[slot]
        places = [place for place, word in enumerate(command) if isinstance(word, Path)]
        command[chance.choice(places)] = odd
        return Case(f"argument {odd!r}", [[str(word) for word in command]])
    elif kind < 0.88:
        (out / "y.npy").unlink(missing_ok=True)
        what = _mutate_kind(out / "y.npy", chance, root)
        chosen = ["fixed"]
    else:
        name = chance.choice(USER_FILES[:-1])
        if name.endswith(".yml"):
            text = odd_yaml(chance, (root / name).read_text(encoding="utf-8"))
            (root / name).write_text(text, encoding="utf-8")
            what = f"{name}: {text[:40]!r}"
        else:
            what = _mutate_file(root / name, chance, root)
        chosen = {
            "x.npy": ["fixed", "crosscheck"],
            "y.npy": ["crosscheck"],
            "small.npz": ["run"],
            "small.keras": ["convert"],
            "precision.yml": ["precision"],
            "policy.yml": ["policy"],
        }[name]
    return Case(what, [[str(word) for word in commands[one]] for one in dict.fromkeys(chosen)])


_READERS = {
    STATE_FILE: ("report", "run", "build", "compare", "fixed", "forced", "flash"),
    rundir.REPORT_JSON: ("compare",),
    rundir.SIMULATION: ("report",),
    rundir.PREDICTIONS: ("report",),
    rundir.DATA: ("report", "run"),
    rundir.QUANTIZED_MODEL: ("quantized", "run"),
    rundir.RTL: ("report",),
    rundir.NETLIST_RUN: ("report",),
    "firmware": ("report", "fixed", "crosscheck", "csim", "alone", "build", "vendor"),
    "design": ("report", "rtl", "emulate", "build", "design"),
    "netlist": ("build", "report"),
    "bitstream": ("report", "flash", "emulate", "build"),
}


def _mutate_file(path: Path, chance: random.Random, root: Path) -> str:
    """Change a file by what it is, or its bytes, or what stands in its place."""
    if chance.random() < 0.06:
        return _mutate_kind(path, chance, root)
    content, where = path.read_bytes(), path.relative_to(root)
    if chance.random() < 0.2:
        path.write_bytes(mutate_bytes(content, chance))
        return f"{where}: bytes"
    match path.suffix:
        case ".json":
            value = json.loads(content)
            for _ in range(chance.choice([1, 1, 1, 3])):
                if isinstance(value, dict | list):
                    value = mutate_json(value, chance, root)
            path.write_bytes(json.dumps(value).encode())
        case ".npz":
            path.write_bytes(mutate_npz(content, chance))
        case ".npy":
            path.write_bytes(odd_npy(np.load(io.BytesIO(content)), chance))
        case ".keras":
            path.write_bytes(mutate_keras(content, chance, root))
        case _:
            path.write_bytes(mutate_bytes(content, chance))
    return f"{where}: content"


def _mutate_kind(path: Path, chance: random.Random, root: Path) -> str:
    """Put something else in the place of a file."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    match chance.randrange(6):
        case 0:
            path.symlink_to(root / "outside" / "canary")
            return f"{path.name}: a link to a file"
        case 1:
            path.symlink_to(root / "outside")
            return f"{path.name}: a link to a directory"
        case 2:
            path.symlink_to(root / "outside" / "new")
            return f"{path.name}: a link to nothing"
        case 3:
            os.mkfifo(path)
            return f"{path.name}: a pipe"
        case 4:
            path.mkdir()
            return f"{path.name}: a directory"
        case _:
            return f"{path.name}: missing"


def _record_anew(run: Path, name: str) -> bool:
    """Put the hash of a mutated file into `run.json`, as who forges one would."""
    state = json.loads((run / STATE_FILE).read_text(encoding="utf-8"))
    done = False
    for stage in state["stages"].values():
        if name in stage["outputs"] and (run / name).is_file():
            stage["outputs"][name] = sha256(run / name)
            done = True
    (run / STATE_FILE).write_text(json.dumps(state), encoding="utf-8")
    return done


# -- running ---------------------------------------------------------------------------------------------------------


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
    before = signal.signal(signal.SIGALRM, hung)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, limits[1]))
    try:
        with (
            mock.patch.dict(os.environ, {name: path for name, path in tools.items() if path}),
            mock.patch("netloom.sim.rtl.build", no_tool),
            mock.patch("netloom.sim.netlist.build", no_tool),
            mock.patch("netloom.sim.emulate._compiled", no_tool),
            mock.patch("netloom.sim.csim.library", no_tool),
        ):
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.signal(signal.SIGALRM, before)


def call(arguments: list[str]) -> str | None:
    """Run one command; what is wrong with how it ended, or None."""
    signal.alarm(PATIENCE)
    try:
        result = CliRunner().invoke(app, arguments)
    except HungError:
        return f"no end within {PATIENCE} s\n{traceback.format_exc()}"
    finally:
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
    with surroundings(), tempfile.TemporaryDirectory(prefix=PAGE) as scratch:
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

    with tempfile.TemporaryDirectory(prefix=PAGE) as folder:
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
