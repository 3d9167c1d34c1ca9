"""The runner, on a plan of two shell scripts: what it leaves, says and keeps."""

from dataclasses import replace
from pathlib import Path

import pytest

from netloom.common.store import Store
from netloom.errors import StorageError, ToolFailedError, ToolMissingError
from netloom.firmware.build import runner
from netloom.firmware.build.commands import Command, Plan
from netloom.firmware.build.runner import Runner
from netloom.firmware.build.tools import Tool

TOOL = """
case $1 in
    double) echo "10.1. Executing OPT pass"; echo "10.1. Executing OPT pass"; cat sub/in sub/in > out; echo x > aside ;;
    count) wc -c < out > counted; echo counting ;;
    fail) echo "ERROR: no luck"; exit 1 ;;
    slow) sleep 60 ;;
esac
echo "$1" >> "$0.calls"
"""


class Toy:
    """A tool, and how often it was called."""

    def __init__(self, folder: Path) -> None:
        self.path, self.version = folder / "tool", "1"
        self.path.write_text("#!/bin/sh" + TOOL)
        self.path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        file = Path(f"{self.path}.calls")
        return file.read_text().split() if file.exists() else []

    def find(self, name: str) -> Tool:
        return Tool(name, (str(self.path),), "here", native=True)


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    toy = Toy(tmp_path)
    monkeypatch.setattr(runner, "find_tool", toy.find)
    monkeypatch.setattr(runner, "tool_version", lambda tool: toy.version)
    return toy


def command(what: str, *reads: str, makes: tuple[str, ...] = (), tool: str = "yosys") -> Command:
    return Command(tool, (what,), reads, makes, f"{what}.log")


PLAN = Plan(
    "toy", {"sub/in": "ab"}, (command("double", "sub/in", makes=("out",)), command("count", "out", makes=("counted",)))
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_leaves_what_the_commands_make_and_their_logs(toy: Toy, tmp_path: Path) -> None:
    said: list[str] = []
    assert Runner(on_line=said.append).run(PLAN, tmp_path / "results" / "here") > 0
    out = tmp_path / "results" / "here"
    assert names(out) == ["count.log", "counted", "double.log", "out"]
    assert (out / "out").read_text() == "abab" and (out / "counted").read_text().strip() == "4"
    assert (out / "count.log").read_text() == "counting\n"
    assert said == ["opt"]


def test_a_failure_leaves_the_logs_alone_and_names_one(toy: Toy, tmp_path: Path) -> None:
    plan = replace(PLAN, commands=(PLAN.commands[0], command("fail", "out", makes=("counted",))))
    out = tmp_path / "results"
    with pytest.raises(ToolFailedError, match=f"yosys failed .*no luck; its messages are in {out}/fail.log"):
        Runner(store=Store(tmp_path / "store")).run(plan, out)
    assert names(out) == ["double.log", "fail.log"]
    assert Store(tmp_path / "store").entries() == []


def test_a_tool_that_does_not_make_what_it_should(toy: Toy, tmp_path: Path) -> None:
    out = tmp_path / "results"
    plan = Plan("toy", {}, (command("count", makes=("more",)),))
    with pytest.raises(ToolFailedError, match=f"yosys ended without more; its messages are in {out}/count.log"):
        Runner().run(plan, out)


def test_a_time_limit(toy: Toy, tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError, match=r"yosys was stopped after 0\.2 seconds"):
        Runner(timeout=0.2).run(Plan("toy", {}, (command("slow"),)), tmp_path / "results")


def test_nothing_is_run_if_a_tool_is_missing(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> Tool:
        if name == "nextpnr-ecp5":
            raise ToolMissingError("none")
        return toy.find(name)

    monkeypatch.setattr(runner, "find_tool", find)
    plan = replace(PLAN, commands=(PLAN.commands[0], command("count", "out", tool="nextpnr-ecp5")))
    with pytest.raises(ToolMissingError):
        Runner().run(plan, tmp_path / "results")
    assert toy.calls == [] and not (tmp_path / "results").exists()


def test_a_place_that_cannot_be_written(toy: Toy, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=f"cannot write {tmp_path}/file/results"):
        Runner().run(PLAN, tmp_path / "file" / "results")


def test_what_was_done_before_is_taken_from_the_store(toy: Toy, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    seconds = Runner(store=store).run(PLAN, tmp_path / "first")
    assert Runner(store=store).run(PLAN, tmp_path / "second") == seconds
    assert toy.calls == ["double", "count"]
    for name in names(tmp_path / "first"):
        assert (tmp_path / "second" / name).read_bytes() == (tmp_path / "first" / name).read_bytes()
    assert names(tmp_path / "second") == names(tmp_path / "first")
    assert [entry.stage for entry in store.entries()] == ["toy"]
    Runner().run(PLAN, tmp_path / "third")
    assert len(toy.calls) == 4


@pytest.mark.parametrize("change", ["file", "command", "version", "damage"])
def test_it_is_done_again_if_anything_is_different(toy: Toy, tmp_path: Path, change: str) -> None:
    store, plan = Store(tmp_path / "store"), PLAN
    Runner(store=store).run(PLAN, tmp_path / "first")
    match change:
        case "file":
            plan = replace(PLAN, files={"sub/in": "abc"})
        case "command":
            plan = replace(PLAN, commands=(PLAN.commands[0], replace(PLAN.commands[1], log="other.log")))
        case "version":
            toy.version = "2"
        case "damage":
            (entry,) = store.entries()
            (entry.folder / "files" / "out").write_text("else")
    Runner(store=store).run(plan, tmp_path / "second")
    assert toy.calls == ["double", "count"] * 2
    assert (tmp_path / "second" / "out").read_text() == plan.files["sub/in"] * 2
