"""Run directories that others made: links in them are not followed."""

import json
import os
import shutil
from pathlib import Path

import pytest
from foreign_runs import call, refused

from netloom.common.files import own_folder, sha256
from netloom.common.lock import LOCK_FILE, locked
from netloom.common.quiet import captured
from netloom.errors import StorageError
from netloom.pipeline.running import LOG_FILE, check_intact
from netloom.pipeline.state import STATE_FILE, FinishedStage, RunState

pytest.importorskip("qkeras")


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    path = tmp_path / "canary"
    path.write_text("alive", encoding="utf-8")
    return path


def link(path: Path, target: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


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


def record_anew(run: Path, name: str) -> None:
    state = RunState.read(run)
    assert state is not None
    for stage, record in state.stages.items():
        if name in record.outputs:
            outputs = record.outputs | {name: sha256(run / name)}
            state.stages[stage] = FinishedStage(**{**record.model_dump(), "outputs": outputs})
    state.write(run)
