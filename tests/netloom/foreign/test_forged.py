"""What is forged in a run is refused, and so are arguments that name nothing."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from foreign_runs import call, refused

import netloom
from netloom.board import find_design
from netloom.errors import InputError, StorageError
from netloom.pipeline import rundir

pytest.importorskip("qkeras")


def forge_accuracy(run: Path) -> None:
    path = run / rundir.SIMULATION
    simulation = json.loads(path.read_text())
    simulation["scores"] = {one: {"accuracy": 1.0} for one in simulation["scores"]}
    path.write_text(json.dumps(simulation))


def forge_predictions(run: Path) -> None:
    with np.load(run / rundir.PREDICTIONS) as arrays:
        forged = {name: arrays[name] + 1 for name in arrays.files}
    np.savez(run / rundir.PREDICTIONS, **forged)


def append(name: str) -> Callable[[Path], None]:
    def forge(run: Path) -> None:
        with (run / name).open("ab") as file:
            file.write(b"\n")

    return forge


@pytest.mark.parametrize(
    ("forge", "command"),
    [
        (forge_accuracy, ["report"]),
        (forge_predictions, ["report"]),
        (append("data.npz"), ["report"]),
        (append("rtl.json"), ["report"]),
        (append("rtl.npz"), ["report"]),
        (append("conversion/dataflow.json"), ["report"]),
        (append("report.json"), ["compare"]),
        (append("bitstream/bitstream.bit"), ["flash"]),
        (append("design/network.sv"), ["emulate"]),
        (append("conversion/dataflow.json"), ["build", "--board", "ULX3S-25F"]),
        (append("conversion/dataflow.json"), ["simulate", "--inputs", "x.npy", "-o", "y.npy"]),
        (append("quantized.keras"), ["simulate", "--engine", "quantized", "--inputs", "x.npy", "-o", "y.npy"]),
        (append("design/network.sv"), ["simulate", "--engine", "rtl", "--inputs", "x.npy", "-o", "y.npy"]),
        (append("netlist/network.v"), ["simulate", "--engine", "netlist", "--inputs", "x.npy", "-o", "y.npy"]),
        (append("conversion/dataflow.json"), ["crosscheck", "--inputs", "x.npy"]),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else "",
)
def test_what_is_not_as_recorded_is_refused(
    run: Path, start: Path, monkeypatch: pytest.MonkeyPatch, forge: Callable[[Path], None], command: list[str]
) -> None:
    monkeypatch.chdir(start)
    monkeypatch.setenv("OPENFPGALOADER", str(shutil.which("true")))
    forge(run)
    assert "is not what run.json recorded" in refused(call(command[0], run, *command[1:]))


def test_parts_of_a_run_are_checked_as_well(run: Path) -> None:
    append("conversion/dataflow.json")(run)
    with pytest.raises(StorageError, match="recorded"):
        netloom.simulate(run / "conversion", np.zeros((1, 4)))
    append("design/network.sv")(run)
    with pytest.raises(StorageError, match="recorded"):
        find_design(run / "design")


def test_a_conversion_of_no_run_has_no_record(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run / "conversion", tmp_path / "alone")
    assert netloom.simulate(tmp_path / "alone", np.zeros((1, 4))).shape == (1, 3)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 1, 2, 3] * 3, "class 3, but the network has 3 outputs"),
        ([0, 1, 2, -1] * 3, "from 0"),
        (["cat"] * 12, "must be class numbers or one-hot rows, not <U3"),
        (np.zeros(12, dtype=[("a", "i4"), ("b", "U2")]), "plain numbers"),
        (np.zeros((12, 2)), "has the shape (2,) a sample, but the network gives (3,)"),
        ([2**40] * 12, "from 0"),
    ],
)
def test_labels_that_are_no_classes_of_the_network(
    run: Path, start: Path, tmp_path: Path, labels: object, words: str
) -> None:
    np.save(tmp_path / "labels.npy", np.asarray(labels))
    command = ("crosscheck", run, "--engine", "quantized", "--inputs", start / "x.npy", "--labels")
    assert words in refused(call(*command, tmp_path / "labels.npy"))


def test_labels_in_python(run: Path) -> None:
    with pytest.raises(InputError, match="class 3, but the network has 3 outputs"):
        netloom.crosscheck(run, np.zeros((2, 4)), np.array([0, 3]), engine="quantized")
    with pytest.raises(InputError, match="must be class numbers"):
        netloom.crosscheck(run, np.zeros((2, 4)), np.array(["a", "b"]), engine="quantized")


@pytest.mark.parametrize("argument", ["", "\udcff"])
def test_arguments_that_name_nothing(start: Path, argument: str) -> None:
    result = call("simulate", start / "run", "--inputs", start / "x.npy", "-o", argument)
    assert result.exit_code == 2
    assert "Error" in result.stderr
