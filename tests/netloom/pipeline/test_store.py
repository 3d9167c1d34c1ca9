"""The store: shared by runs, checked when read, never over its limit, safe for several processes."""

import os
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from netloom.cli.app import app
from netloom.common.files import digests
from netloom.common.store import Kept, Store
from netloom.errors import StorageError
from netloom.pipeline import code, registry
from netloom.pipeline.running import fingerprint, run_stage
from netloom.pipeline.stage import Job, Stage
from netloom.pipeline.state import Origin, RunState
from netloom.settings import RunSettings


class Toy:
    """Two stages, the second of the first's result; counts what it does."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.bits = 8
        self.stages = (
            Stage("first", self._first, makes=("a",)),
            Stage("second", self._second, needs=("a",), makes=("b",), inputs=lambda job: {"bits": self.bits}),
        )

    def _first(self, job: Job, out: Path) -> None:
        (out / "a").mkdir()
        (out / "a" / "model").write_text("weights")
        self.done.append("first")

    def _second(self, job: Job, out: Path) -> None:
        (out / "b").write_text((job.directory / "a" / "model").read_text() + str(self.bits))
        self.done.append("second")

    def run(self, directory: Path, store: Store | None, anew: bool = False) -> list[bool]:
        directory.mkdir(exist_ok=True)
        state = RunState.read(directory) or RunState(origin=Origin(network="toy", kind="network"))
        job = Job(directory, state, RunSettings(), store=store, anew=anew)
        return [run_stage(stage, job).reused for stage in self.stages]


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    toy = Toy()
    monkeypatch.setattr(registry, "stages", lambda: toy.stages)
    return toy


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_runs_that_differ_in_bits_share_the_float_model(toy: Toy, store: Store, tmp_path: Path) -> None:
    assert toy.run(tmp_path / "eight", store) == [False, False]
    toy.bits = 6
    assert toy.run(tmp_path / "six", store) == [True, False]
    assert toy.done == ["first", "second", "second"]
    assert (tmp_path / "six" / "b").read_text() == "weights6"
    assert toy.run(tmp_path / "again", store) == [True, True]
    assert toy.run(tmp_path / "again", store) == [True, True]


def test_without_a_store_nothing_is_shared(toy: Toy, tmp_path: Path) -> None:
    toy.run(tmp_path / "one", None)
    assert toy.run(tmp_path / "two", None) == [False, False]


def test_anew_takes_nothing_but_leaves_it(toy: Toy, store: Store, tmp_path: Path) -> None:
    toy.run(tmp_path / "one", store)
    assert toy.run(tmp_path / "two", store, anew=True) == [False, False]
    assert len(store.entries()) == 2


@pytest.mark.parametrize("how", ["changed", "missing", "more", "link", "record", "no record"])
def test_a_damaged_entry_is_dropped_and_made_anew(toy: Toy, store: Store, tmp_path: Path, how: str) -> None:
    toy.run(tmp_path / "one", store)
    (entry,) = (entry.folder for entry in store.entries() if entry.stage == "first")
    file = entry / "files" / "a" / "model"
    match how:
        case "changed":
            file.write_text("Weights")
        case "missing":
            file.unlink()
        case "more":
            file.with_name("more").write_text("")
        case "link":
            file.rename(tmp_path / "elsewhere")
            file.symlink_to(tmp_path / "elsewhere")
        case "record":
            (entry / "entry.json").write_text("{")
        case "no record":
            (entry / "entry.json").unlink()
    assert toy.run(tmp_path / "two", store) == [False, True]
    assert (tmp_path / "two" / "a" / "model").read_text() == "weights"
    assert sorted(path.name for path in (tmp_path / "two" / "a").iterdir()) == ["model"]
    assert toy.run(tmp_path / "three", store) == [True, True]


def test_a_run_directory_shares_no_file_with_the_store(toy: Toy, store: Store, tmp_path: Path) -> None:
    toy.run(tmp_path / "one", store)
    toy.run(tmp_path / "two", store)
    for folder in ("one", "two"):
        for name in ("a/model", "b"):
            found = (tmp_path / folder / name).lstat()
            assert stat.S_ISREG(found.st_mode)
            assert found.st_nlink == 1


def test_what_was_not_used_for_longest_goes_first(store: Store, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    for number in range(4):
        (made / "x").write_bytes(bytes(1000))
        store.keep(f"{number}", Kept(stage="s", outputs=digests(made / "x", made), seconds=1), made)
        os.utime(store.folder / f"{number}" / "entry.json", (number + 1, number + 1))
    (tmp_path / "out").mkdir()
    assert store.take("0", tmp_path / "out") is not None
    store.trim(2500)
    assert {entry.folder.name for entry in store.entries()} == {"0", "3"}
    store.trim(0)
    assert store.entries() == []


def test_a_store_that_cannot_be_written_is_done_without(toy: Toy, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert toy.run(tmp_path / "one", Store(tmp_path / "file" / "store")) == [False, False]
    assert "not kept for other runs" in (tmp_path / "one" / "netloom.log").read_text()


def test_an_interrupted_write_is_no_entry(
    toy: Toy, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr("netloom.common.store.write_text", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        toy.run(tmp_path / "one", store)
    assert store.entries() == []
    (store.folder / ".work-killed").mkdir()
    toy.run(tmp_path / "one", store)
    assert len(store.entries()) == 2
    assert not list(store.folder.glob(".work-*"))


def _hammer(folder: Path, number: int) -> int:
    store, made = Store(folder / "store", limit=5000), folder / f"made{number}"
    made.mkdir()
    (made / "x").write_bytes(bytes(1000))
    wrong = 0
    for turn in range(20):
        mark = f"{turn % 7}"
        store.keep(mark, Kept(stage="s", outputs=digests(made / "x", made), seconds=1), made)
        out = folder / f"out{number}-{turn}"
        out.mkdir()
        taken = store.take(mark, out)
        wrong += taken is not None and (out / "x").read_bytes() != bytes(1000)
        wrong += taken is None and any(out.iterdir())
    return wrong


def test_several_processes_at_once(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3) as pool:
        assert list(pool.map(_hammer, [tmp_path] * 3, range(3))) == [0, 0, 0]
    store = Store(tmp_path / "store")
    assert 0 < sum(entry.size for entry in store.entries()) <= 5000


def test_changed_code_is_another_result(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(tmp_path, RunState(origin=Origin(network="toy", kind="network")), RunSettings())
    stages = [Stage(name, toy.stages[0].work, makes=("a",), code=(name,)) for name in ("hls", "quantize")]
    before = [fingerprint(stage, job) for stage in stages]
    digest = code.source_digest
    monkeypatch.setattr(code, "source_digest", lambda name: "changed" if name == "hls" else digest(name))
    after = [fingerprint(stage, job) for stage in stages]
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_every_stage_names_code_that_is_there() -> None:
    for stage in registry.stages():
        assert len(code.code_digest(stage)) == 64
    with pytest.raises(ValueError, match="no part"):
        code.source_digest("hls/nowhere")


def test_the_command(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETLOOM_CACHE", str(tmp_path))
    toy.run(tmp_path / "one", Store.open())
    shown = CliRunner().invoke(app, ["store"])
    assert shown.exit_code == 0, shown.output
    assert "first" in shown.output
    assert "2 results" in shown.output
    assert CliRunner().invoke(app, ["store", "--limit", "many"]).exit_code == 2
    assert "0 results" in CliRunner().invoke(app, ["store", "--clear"]).output


def test_a_limit_that_cannot_be_written_is_one_line(store: Store, tmp_path: Path) -> None:
    store.folder.mkdir()
    (store.folder / ".lock").symlink_to(tmp_path / "x")
    with pytest.raises(StorageError, match="is a link"):
        store.trim(0)
