"""A mutation of a run directory, or of what else a command reads, and the commands that meet it."""

import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support" / "runs"))

from mutations import mutate_file, mutate_kind, odd_yaml
from run_directory import make_run, make_start

from netloom.common.files import sha256
from netloom.pipeline import rundir
from netloom.pipeline.state import STATE_FILE

RUN_FILES = (
    STATE_FILE,
    rundir.REPORT_JSON,
    rundir.SIMULATION,
    rundir.PREDICTIONS,
    rundir.DATA,
    rundir.QUANTIZED_MODEL,
    rundir.RTL,
    rundir.RTL_PREDICTIONS,
    rundir.NETLIST_RUN,
    rundir.NETLIST_PREDICTIONS,
    "conversion/dataflow.json",
    "conversion/dataflow.npz",
    "conversion/settings.json",
    "design/design.json",
    "design/network.sv",
    "design/hidden_matvec_weights.mem",
    "netlist/synthesis.json",
    "netlist/network.json",
    "bitstream/build.json",
    "bitstream/floorplan.json",
    "bitstream/bitstream.bit",
)
"""Files of a run directory that a command reads."""
WRITTEN = (
    ".lock",
    "netloom.log",
    "bitstream/flash.log",
    "report.json",
    "report.html",
    "bitstream-failed",
    "conversion",
)
"""What a command may write in a run directory."""
USER_FILES = ("x.npy", "y.npy", "small.npz", "small.keras", "precision.yml", "policy.yml")


def prepare(root: Path) -> None:
    """The files that are mutated: a run with hardware in it, a model, data and settings."""
    make_start(root)
    make_run(root, root / "run")
    (root / "precision.yml").write_text("hidden: {result: 'fixed<16,6>'}\n", encoding="utf-8")
    (root / "policy.yml").write_text("weights: 4\noverrides: {hidden: {weights: 5}}\n", encoding="utf-8")
    (root / "outside").mkdir()
    (root / "outside" / "canary").write_text("alive\n", encoding="utf-8")


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
        "alone": ["build", run / "conversion", "--board", "ULX3S-25F", "--target-ii", "16"],
        "design": ["build", run / "design", "--board", "ULX3S-25F"],
        "vendor": ["build", run, "--board", "Arty-A7-35T"],
        "run": ["run", root / "small.keras", "--data", root / "small.npz", "-o", run, "--no-csim"],
        "convert": ["convert", root / "small.keras", "-o", out / "converted"],
        "forced": ["convert", root / "small.keras", "-o", run, "--force"],
        "precision": ["convert", root / "small.keras", "--precision", root / "precision.yml", "-o", out / "c"],
        "policy": ["run", root / "small.keras", "--data", root / "small.npz", "--policy", root / "policy.yml",
                   "--no-csim", "-o", out / "p"],
    }  # fmt: skip
    kind = chance.random()
    if kind < 0.72:
        name = chance.choice(RUN_FILES)
        what = mutate_file(run / name, chance, root)
        if chance.random() < 0.75 and name != STATE_FILE:
            what += ", recorded anew" * _record_anew(run, name)
        told = _READERS.get(name.split("/")[0], ("report", "run"))
        chosen = [*chance.sample(told, min(2, len(told))), chance.choice(sorted(commands))]
    elif kind < 0.80:
        name = chance.choice(WRITTEN)
        what = mutate_kind(run / name, chance, root)
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
        what = mutate_kind(out / "y.npy", chance, root)
        chosen = ["fixed"]
    else:
        name = chance.choice(USER_FILES)
        if name.endswith(".yml"):
            text = odd_yaml(chance, (root / name).read_text(encoding="utf-8"))
            (root / name).write_text(text, encoding="utf-8")
            what = f"{name}: {text[:40]!r}"
        else:
            what = mutate_file(root / name, chance, root)
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
    rundir.RTL_PREDICTIONS: ("report",),
    rundir.NETLIST_RUN: ("report",),
    rundir.NETLIST_PREDICTIONS: ("report",),
    rundir.CONVERSION: ("report", "fixed", "crosscheck", "csim", "alone", "build", "vendor"),
    rundir.DESIGN: ("report", "rtl", "emulate", "build", "design"),
    rundir.NETLIST: ("build", "report"),
    rundir.BITSTREAM: ("report", "flash", "emulate", "build"),
}


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
