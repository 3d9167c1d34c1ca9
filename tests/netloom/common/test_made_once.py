"""Made by one process at a time, whole or not at all, and no leftovers."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from netloom.common.made_once import forget_oldest, made_once, sweep_scratch
from netloom.errors import ToolFailedError

MAKING = """
import os, sys, time
from pathlib import Path
from netloom.common.made_once import made_once

def make(work, log):
    with open("made", "a") as made:
        made.write(f"{os.getpid()}\\n")
    (work / "content").write_text("whole")
    time.sleep(float(sys.argv[1]))
    return work

print((made_once(Path("cache/thing"), make, Path("cache/thing.log")) / "content").read_text())
"""


def makers(folder: Path, count: int, seconds: float) -> list[subprocess.Popen[str]]:
    command = [sys.executable, "-c", MAKING, str(seconds)]
    return [subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) for _ in range(count)]


def test_many_at_once_make_it_once(tmp_path: Path) -> None:
    outputs = [process.communicate(timeout=60)[0] for process in makers(tmp_path, 5, 0.5)]
    assert outputs == ["whole\n"] * 5
    assert len((tmp_path / "made").read_text().split()) == 1
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["thing"]


def test_one_that_is_killed_is_replaced_and_swept(tmp_path: Path) -> None:
    (killed,) = makers(tmp_path, 1, 1000)
    while not (tmp_path / "made").exists():
        time.sleep(0.02)
    (waiting,) = makers(tmp_path, 1, 0)
    time.sleep(0.5)
    assert waiting.poll() is None
    killed.kill()
    assert waiting.communicate(timeout=60)[0] == "whole\n"
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["thing"]


def test_leftovers_of_other_things_are_swept_too(tmp_path: Path) -> None:
    (killed,) = makers(tmp_path, 1, 1000)
    while not (tmp_path / "made").exists():
        time.sleep(0.02)
    sweep_scratch(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir())  # at work
    killed.kill()
    killed.wait()
    made_once(tmp_path / "cache" / "other", lambda work, log: work, tmp_path / "log")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["other"]


def test_a_failure_leaves_its_log_alone_and_the_next_may_try(tmp_path: Path) -> None:
    def fail(work: Path, log: Path) -> Path:
        log.write_text("because")
        raise ToolFailedError(f"failed; see {log}")

    with pytest.raises(ToolFailedError) as caught:
        made_once(tmp_path / "thing", fail, tmp_path / "thing.log")
    assert str(caught.value) == f"failed; see {tmp_path / 'thing.log'}"
    assert [path.name for path in tmp_path.iterdir()] == ["thing.log"]
    assert made_once(tmp_path / "thing", lambda work, log: work, tmp_path / "thing.log").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["thing"]


def test_threads_at_once(tmp_path: Path) -> None:
    made: list[int] = []

    def make(work: Path, log: Path) -> Path:
        made.append(os.getpid())
        time.sleep(0.2)
        return work

    def run() -> None:
        made_once(tmp_path / "thing", make, tmp_path / "log")

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thing"]


def test_what_was_not_used_for_longest_goes_first(tmp_path):
    old, older, used = (tmp_path / name for name in ("old", "older", "used"))
    older.mkdir()
    (older / "part").touch()
    for path in (old, used):
        path.touch()
    now = time.time()
    for path, hours in ((old, 2), (older, 3), (used, 0.5)):
        os.utime(path, (now - 3600 * hours,) * 2)
    forget_oldest(tmp_path.iterdir(), 2)
    assert set(tmp_path.iterdir()) == {old, used}
    forget_oldest(tmp_path.iterdir(), 0)
    assert set(tmp_path.iterdir()) == {used}  # perhaps by another process, this moment
