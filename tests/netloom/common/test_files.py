"""Writing in one step, the lock, and the state file."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from netloom.common.files import digests, put_in_place, replacing, storage_errors, sweep, write_text
from netloom.common.lock import LOCK_FILE, locked
from netloom.errors import StorageError
from netloom.pipeline.state import STATE_FILE, Origin, RunState


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_text(path, "old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_text("half of the n")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_write_text_into_nowhere_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught:
        write_text(tmp_path / "no" / "x.txt", "")
    wrong = f"cannot write {tmp_path}/no/x.txt: No such file or directory; check the path and run again"
    assert str(caught.value) == wrong  # and not the temporary name


@pytest.mark.parametrize(
    ("old", "new"), [("nothing", "file"), ("nothing", "directory"), ("file", "file"), ("directory", "directory")]
)
def test_put_in_place_replaces_whatever_was_there(tmp_path: Path, old: str, new: str) -> None:
    def make(path: Path, kind: str) -> None:
        if kind == "directory":
            path.mkdir()
            (path / kind).write_text(path.name)
        elif kind == "file":
            path.write_text(path.name)

    make(tmp_path / "target", old)
    make(tmp_path / "source", new)
    put_in_place(tmp_path / "source", tmp_path / "target")
    assert [entry.name for entry in tmp_path.iterdir()] == ["target"]
    content = tmp_path / "target" / "directory" if new == "directory" else tmp_path / "target"
    assert content.read_text() == "source"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError])
def test_put_in_place_interrupted_between_its_renames_leaves_the_earlier_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    for directory in (source, target):
        directory.mkdir()
        (directory / "file").write_text(directory.name)
    rename = Path.rename

    def interrupted(path: Path, to: Path) -> Path:
        if path == source:
            raise interruption
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(interruption):
        put_in_place(source, target)
    assert (target / "file").read_text() == "target"
    assert {entry.name for entry in tmp_path.iterdir()} == {"source", "target"}


def test_a_folder_that_cannot_be_copied_is_one_line(tmp_path: Path) -> None:
    """hls4ml copies its headers; a full disk came out as a list of tuples with every path twice."""
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "a.h").symlink_to("nowhere")
    with pytest.raises(StorageError) as caught, storage_errors("cannot write"):
        shutil.copytree(tmp_path / "from", tmp_path / "to")
    assert str(caught.value) == (
        f"cannot write: No such file or directory ({tmp_path}/to/a.h); check the path and run again"
    )


def test_sweep_takes_only_what_is_unfinished(tmp_path: Path) -> None:
    (tmp_path / ".work-abc").mkdir()
    (tmp_path / ".work-abc" / "half").write_text("")
    (tmp_path / ".work-def.json").write_text("")
    (tmp_path / "mine.txt").write_text("")
    sweep(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.txt"]


def test_digests_name_every_file_of_a_directory(tmp_path: Path) -> None:
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "e" / "f").write_text("abc")
    assert digests(tmp_path / "d", tmp_path) == {
        "d/e/f": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    }


HOLD = """
import pathlib, sys
from netloom.common.lock import locked

with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    input()
"""


def test_a_directory_in_use_is_refused_and_a_killed_holder_forgotten(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StorageError, match=rf"process {holder.pid}.*at work in.*-o"), locked(tmp_path):
        pass
    holder.kill()
    holder.wait()
    assert (tmp_path / LOCK_FILE).exists()
    with locked(tmp_path):
        assert (tmp_path / LOCK_FILE).read_text() == f"{os.getpid()}\n"


def test_state_round_trip(tmp_path: Path) -> None:
    state = RunState(origin=Origin(network="x", kind="float", model_file="x.keras", model_digest="00"))
    state.write(tmp_path)
    assert RunState.read(tmp_path) == state
    assert RunState.read(tmp_path / "nowhere") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2, "origin": {"network": "x", "kind": "float"}}', "\x00"])
def test_a_state_that_is_none_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / STATE_FILE).write_text(text)
    with pytest.raises(StorageError, match="--force") as raised:
        RunState.read(tmp_path)
    assert "\n" not in str(raised.value)
