"""What a command replaces: nothing but what a command made."""

import os
from pathlib import Path

import pytest
from foreign_runs import call, content, refused

import netloom
from netloom.common.files import check_replaceable, put_in_place, replacing, scratch, write_text
from netloom.common.lock import LOCK_FILE
from netloom.errors import StorageError
from netloom.pipeline import rundir
from netloom.pipeline.run import read_report
from netloom.pipeline.running import LOG_FILE, check_intact
from netloom.pipeline.state import STATE_FILE, RunState

pytest.importorskip("qkeras")


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
