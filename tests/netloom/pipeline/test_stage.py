"""Stages: reused when intact, redone when not, and never half-done."""

import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netloom.errors import StorageError
from netloom.pipeline import registry
from netloom.pipeline.running import LOG_FILE, run_stage
from netloom.pipeline.stage import Job, Stage
from netloom.pipeline.state import STATE_FILE, Origin, RunState
from netloom.settings import RunSettings


@pytest.fixture
def state() -> RunState:
    return RunState(origin=Origin(network="toy", kind="network"))


class Chain:
    """Three fake stages; each writes a file (the second a directory) from the one before."""

    def __init__(self, directory: Path, state: RunState, monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory, self.state, self.done, self.setting = directory, state, [], 1
        self.monkeypatch = monkeypatch

    def run(self, fail: str | None = None, error: Callable[[], BaseException] | None = None) -> list[bool]:
        def work(name: str, output: str, content: str):
            def write(job: Job, out: Path) -> None:
                target = out / output
                if name == "second":
                    target.mkdir()
                    (target / "part").write_text(content)
                    target /= "whole"
                target.write_text(content)
                if fail == name and error is not None:
                    raise error()
                self.done.append(name)

            return write

        needs: tuple[str, ...] = ()
        stages = []
        for name, output in (("first", "a.txt"), ("second", "b"), ("third", "c.txt")):
            write = work(name, output, f"{name} {self.setting}")
            stages.append(Stage(name, write, needs, (output,), inputs=lambda job: {"setting": self.setting}))
            needs = (output,)
        self.monkeypatch.setattr(registry, "stages", lambda: tuple(stages))
        return [run_stage(stage, Job(self.directory, self.state, RunSettings())).reused for stage in stages]

    def names(self) -> set[str]:
        return {entry.name for entry in self.directory.iterdir()}


@pytest.fixture
def chain(tmp_path: Path, state: RunState) -> Iterator[Chain]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Chain(tmp_path, state, monkeypatch)


def test_unchanged_stages_are_not_redone(chain: Chain) -> None:
    assert chain.run() == [False, False, False]
    assert chain.run() == [True, True, True]
    assert chain.done == ["first", "second", "third"]
    assert chain.names() == {"a.txt", "b", "c.txt", STATE_FILE, LOG_FILE}


def test_the_record_survives_the_process(chain: Chain, tmp_path: Path) -> None:
    chain.run()
    state = RunState.read(tmp_path)
    assert state is not None
    chain.state = state
    assert chain.run() == [True, True, True]


def test_a_changed_input_redoes_the_stage_and_replaces_its_result(chain: Chain, tmp_path: Path) -> None:
    chain.run()
    chain.setting = 2
    assert chain.run() == [False, False, False]
    assert (tmp_path / "a.txt").read_text() == "first 2"
    assert (tmp_path / "b" / "whole").read_text() == "second 2"


@pytest.mark.parametrize("damage", ["a.txt", "b/part", "c.txt"])
@pytest.mark.parametrize("how", ["changed", "truncated", "missing"])
def test_a_damaged_result_is_made_anew(chain: Chain, tmp_path: Path, damage: str, how: str) -> None:
    chain.run()
    path = tmp_path / damage
    before = path.read_text()
    match how:
        case "changed":
            path.write_text(before.replace("1", "7"))
        case "truncated":
            path.write_text("")
        case "missing":
            path.unlink()
    chain.run()
    assert path.read_text() == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, MemoryError])
@pytest.mark.parametrize("stage", ["first", "second", "third"])
def test_an_interrupted_run_resumes_where_it_was(chain: Chain, stage: str, error: type[BaseException]) -> None:
    with pytest.raises(error):
        chain.run(stage, error)
    finished = ["first", "second", "third"][: ["first", "second", "third"].index(stage)]
    assert chain.done == finished
    assert not any(name.startswith(".work-") for name in chain.names())
    assert chain.run() == [name in finished for name in ("first", "second", "third")]


@pytest.mark.parametrize("stage", ["first", "second", "third"])
def test_an_interruption_leaves_earlier_results_intact(chain: Chain, tmp_path: Path, stage: str) -> None:
    chain.run()
    chain.setting = 2
    with pytest.raises(KeyboardInterrupt):
        chain.run(stage, KeyboardInterrupt)
    output = {"first": "a.txt", "second": "b/whole", "third": "c.txt"}[stage]
    assert (tmp_path / output).read_text() == f"{stage} 1"
    chain.setting = 1
    if stage == "first":
        assert chain.run() == [True, True, True]


def test_redoing_a_stage_voids_what_was_made_from_it(chain: Chain, tmp_path: Path) -> None:
    chain.run()
    (tmp_path / "a.txt").unlink()
    with pytest.raises(KeyboardInterrupt):
        chain.run("second", KeyboardInterrupt)
    recorded = json.loads((tmp_path / STATE_FILE).read_text())["stages"]
    assert list(recorded) == ["first"]


def test_a_crash_between_result_and_record_does_not_count(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.run()
    chain.setting = 2
    monkeypatch.setattr(RunState, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        chain.run()
    monkeypatch.undo()
    state = RunState.read(tmp_path)
    assert state is not None
    chain.state, chain.setting = state, 1
    assert chain.run() == [False, False, False]
    assert (tmp_path / "a.txt").read_text() == "first 1"


def test_a_full_disk_is_one_line_that_names_the_stage(chain: Chain) -> None:
    with pytest.raises(StorageError, match=r"stage 'second'.*No space left on device.*free some space"):
        chain.run("second", lambda: OSError(errno.ENOSPC, "No space left on device", "a.txt"))
    assert chain.run() == [True, False, False]


def test_chatter_goes_to_the_log(tmp_path: Path, state: RunState, capfd: pytest.CaptureFixture[str]) -> None:
    def chatty(job: Job, out: Path) -> None:
        print("from Python")
        os.write(1, b"from C++\n")
        os.write(2, b"a warning from C++\n")
        (out / "x").write_text("")

    run_stage(Stage("chatty", chatty, makes=("x",)), Job(tmp_path, state, RunSettings()))
    shown = capfd.readouterr()
    assert shown.out == shown.err == ""
    log = (tmp_path / LOG_FILE).read_text()
    assert all(line in log for line in ("== chatty", "from Python", "from C++", "a warning from C++"))


def test_an_output_no_longer_made_is_removed(tmp_path: Path, state: RunState) -> None:
    def write(*names: str):
        def work(job: Job, out: Path) -> None:
            for name in names:
                (out / name).write_text(name)

        run_stage(Stage("s", work, makes=names), Job(tmp_path, state, RunSettings()))

    write("x", "y")
    write("x")
    assert (tmp_path / "x").exists()
    assert not (tmp_path / "y").exists()
