"""A run directory from elsewhere: nothing is written outside it, nothing forged in it is believed, nothing is lost."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from run_directory import make_run, make_start
from typer.testing import CliRunner, Result

import netloom
from netloom.board import find_design
from netloom.cli.app import app
from netloom.common.files import check_replaceable, own_folder, put_in_place, replacing, scratch, sha256, write_text
from netloom.common.lock import LOCK_FILE, locked
from netloom.common.quiet import captured
from netloom.errors import InputError, StorageError
from netloom.pipeline import rundir
from netloom.pipeline.run import read_report
from netloom.pipeline.running import LOG_FILE
from netloom.pipeline.state import STATE_FILE, FinishedStage, RunState, check_intact

pytest.importorskip("qkeras")


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("start")
    make_start(folder)
    make_run(folder, folder / "run")
    return folder


@pytest.fixture
def run(start: Path, tmp_path: Path) -> Path:
    shutil.copytree(start / "run", tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    path = tmp_path / "canary"
    path.write_text("alive", encoding="utf-8")
    return path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(result: Result) -> str:
    assert result.exit_code == 2, result.output
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("netloom:")]
    return line


def link(path: Path, target: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


# -- links -----------------------------------------------------------------------------------------------------------


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path, canary: Path) -> None:
    (tmp_path / "run").mkdir()
    link(tmp_path / "run" / LOCK_FILE, canary)
    with pytest.raises(StorageError, match=r"is a link.*\.lock"), locked(tmp_path / "run"):
        pass
    assert canary.read_text() == "alive"


def test_a_lock_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / LOCK_FILE)
    with pytest.raises(StorageError, match="no regular file"), locked(tmp_path):
        pass


def test_a_log_that_is_a_link_is_not_followed(run: Path, canary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETLOOM_DEBUG", raising=False)
    link(run / LOG_FILE, canary)
    assert "is a link" in refused(call("report", run))
    with pytest.raises(OSError, match="is a link"), captured(run / LOG_FILE):
        print("gone")
    assert canary.read_text() == "alive"


def test_the_log_of_the_loader_is_not_written_through_a_link(
    run: Path, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENFPGALOADER", str(shutil.which("true")))
    link(run / "bitstream" / "flash.log", canary)
    assert "is a link" in refused(call("flash", run))
    assert canary.read_text() == "alive"


def test_a_cache_that_is_a_link_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    link(tmp_path / "csim", tmp_path / "outside")
    with pytest.raises(OSError, match="is a link"):
        own_folder(tmp_path / "csim")


@pytest.mark.parametrize("name", ["../../canary", "/canary", "..", "a/../../b", "", "a//b"])
def test_a_build_names_nothing_outside_its_folder(run: Path, name: str) -> None:
    path = run / "bitstream" / "build.json"
    content = json.loads(path.read_text())
    content["bitstream"] = name
    path.write_text(json.dumps(content))
    record_anew(run, "bitstream/build.json")
    assert "bitstream" in refused(call("flash", run))


@pytest.mark.parametrize("name", ["../canary", "/canary", "..", "", "conversion/../../canary"])
def test_a_run_records_nothing_outside_its_directory(run: Path, canary: Path, start: Path, name: str) -> None:
    path = run / STATE_FILE
    content = json.loads(path.read_text())
    content["stages"]["load"]["outputs"][name] = "0" * 64
    path.write_text(json.dumps(content))
    line = refused(call("run", start / "small.keras", "--data", start / "small.npz", "-o", run, "--no-csim"))
    assert "inside the directory" in line
    assert canary.read_text() == "alive"
    assert run.is_dir()


@pytest.mark.parametrize("part", ["conversion", "conversion/dataflow.json", "design/network.sv"])
def test_artefacts_that_are_links_are_refused(run: Path, tmp_path: Path, part: str) -> None:
    shutil.move(run / part, tmp_path / "moved")
    (run / part).symlink_to(tmp_path / "moved")
    with pytest.raises(StorageError, match=r"is not what run\.json recorded"):
        check_intact(run, part.split("/")[0])


# -- what is replaced ------------------------------------------------------------------------------------------------


def odd_targets(folder: Path) -> dict[str, Path]:
    (folder / "file").write_text("alive")
    (folder / "link").symlink_to(folder / "file")
    (folder / "dangling").symlink_to(folder / "nothing")
    os.mkfifo(folder / "pipe")
    (folder / "directory").mkdir()
    return {name: folder / name for name in ("link", "dangling", "pipe", "directory")} | {
        "here": Path(),
    }


@pytest.mark.parametrize("name", ["link", "dangling", "pipe", "directory", "here"])
def test_only_a_regular_file_is_replaced(start: Path, tmp_path: Path, name: str) -> None:
    target = odd_targets(tmp_path)[name]
    before = target.lstat().st_mode
    with pytest.raises(OSError, match=r"link|Is a directory|device or a pipe"), replacing(target) as temporary:
        temporary.write_text("new")
    with pytest.raises(StorageError):
        write_text(target, "new")
    refused(call("simulate", start / "run", "--inputs", start / "x.npy", "-o", target))
    assert target.lstat().st_mode == before
    assert (tmp_path / "file").read_text() == "alive"


def test_a_device_is_not_replaced() -> None:
    # The check alone: were it to fail, a privileged test must not cost the machine its device.
    with pytest.raises(OSError, match="device or a pipe"):
        check_replaceable(Path("/dev/null"))


def test_convert_does_not_replace_a_link(tmp_path: Path) -> None:
    from run_directory import quantized_model

    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(StorageError, match="is a link"):
        netloom.convert(quantized_model(), netloom.HlsSettings(), tmp_path / "link")


def content(folder: Path) -> dict[str, str]:
    passing = (LOG_FILE, LOCK_FILE)
    return {str(p): sha256(p) for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in passing}


def test_a_failing_force_keeps_the_earlier_result(run: Path, start: Path, tmp_path: Path) -> None:
    import keras

    before = content(run)
    keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3, groups=1)]).save(tmp_path / "float.keras")
    line = refused(call("convert", tmp_path / "float.keras", "-o", run, "--force"))
    assert "give --data" in line
    assert content(run) == before
    read_report(run)
    settings = netloom.RunSettings(hls=netloom.HlsSettings(precision={"nowhere": {"result": "fixed<8,3>"}}))
    with pytest.raises(netloom.NetloomError, match="nowhere"):
        netloom.run(start / "small.keras", directory=run, settings=settings, until="convert", force=True)
    assert content(run) == before
    assert not list(run.glob(".work-*"))


def test_force_replaces_all_of_the_earlier_result(run: Path, start: Path) -> None:
    assert call("convert", start / "small.keras", "-o", run, "--force").exit_code == 0
    state = RunState.read(run)
    assert state is not None and list(state.stages) == ["load", "convert"]
    assert {path.name for path in run.iterdir()} == {
        *(rundir.QUANTIZED_MODEL, rundir.CONVERSION, STATE_FILE, LOCK_FILE, LOG_FILE)
    }
    check_intact(run, rundir.QUANTIZED_MODEL, rundir.CONVERSION)


def test_scratch_is_gone_and_a_directory_takes_a_directory_s_place(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with scratch(tmp_path) as made:
        (made / "new").mkdir()
        put_in_place(made / "new", tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


# -- what is forged --------------------------------------------------------------------------------------------------


def record_anew(run: Path, name: str) -> None:
    state = RunState.read(run)
    assert state is not None
    for stage, record in state.stages.items():
        if name in record.outputs:
            outputs = record.outputs | {name: sha256(run / name)}
            state.stages[stage] = FinishedStage(**{**record.model_dump(), "outputs": outputs})
    state.write(run)


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


# -- labels ----------------------------------------------------------------------------------------------------------


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


# -- arguments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("argument", ["", "\udcff"])
def test_arguments_that_name_nothing(start: Path, argument: str) -> None:
    result = call("simulate", start / "run", "--inputs", start / "x.npy", "-o", argument)
    assert result.exit_code == 2
    assert "Error" in result.stderr
