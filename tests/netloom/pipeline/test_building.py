"""A conversion or a design of no run goes through the stages of a run, in its own folder."""

from pathlib import Path

import pytest
from tiny_design import add_design

from netloom.errors import SettingsError, ToolFailedError
from netloom.firmware.build import runner
from netloom.pipeline import registry, rundir
from netloom.pipeline.building import build_bitstream, untracked
from netloom.pipeline.stage import Job
from netloom.pipeline.state import STATE_FILE
from netloom.progress import Progress
from netloom.settings import HardwareSettings

SETTINGS = HardwareSettings(board="ULX3S-25F", clock_mhz=50)


class Heard(Progress):
    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage_started(self, name: str) -> None:
        self.stages.append(name)


def names(artefact: str, job: Job) -> list[str]:
    return [stage.name for stage in registry.path_to(artefact, job)]


def test_the_way_begins_at_what_is_given(tmp_path: Path) -> None:
    conversion = untracked(tmp_path, SETTINGS, {rundir.CONVERSION: tmp_path})
    assert names(rundir.BITSTREAM, conversion) == ["design", "synthesize", "bitstream"]
    assert conversion.at(rundir.CONVERSION) == tmp_path
    assert conversion.at(rundir.DESIGN) == tmp_path / rundir.DESIGN
    design = untracked(tmp_path, SETTINGS, {rundir.DESIGN: tmp_path})
    assert names(rundir.BITSTREAM, design) == ["synthesize", "bitstream"]
    assert names(rundir.NETLIST, design) == ["synthesize"]
    assert names(rundir.DESIGN, design) == []


def test_a_design_of_another_family_is_refused_before_any_tool_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = add_design(tmp_path / "add")
    file = folder / "design.json"
    file.write_text(file.read_text().replace("generic", "ice40"))
    before = sorted(path.name for path in folder.iterdir())
    monkeypatch.setattr(runner, "run_tool", lambda *_, **__: pytest.fail("a tool was run"))
    with pytest.raises(
        SettingsError, match=r"the design is for ice40, and ULX3S-25F has .* generate it for this board"
    ):
        build_bitstream(folder, SETTINGS)
    assert sorted(path.name for path in folder.iterdir() if path.name != ".lock") == before


def test_a_failing_tool_leaves_its_log_beside_the_design(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = add_design(tmp_path / "add")
    broken = tmp_path / "yosys"
    broken.write_text("#!/bin/sh\necho 'ERROR: no luck today'\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("YOSYS", str(broken))
    with pytest.raises(ToolFailedError, match=f"no luck today; its messages are in {folder}/network-failed.log"):
        build_bitstream(folder, SETTINGS)
    assert "no luck today" in (folder / "network-failed.log").read_text()
    assert not list(folder.glob(".work-*")) and not (folder / rundir.NETLIST).exists()


@pytest.mark.slow
def test_a_design_that_was_built_elsewhere_is_taken_from_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETLOOM_STORE", "1")
    monkeypatch.setenv("NETLOOM_CACHE", str(tmp_path / "cache"))
    folder, heard = add_design(tmp_path / "add"), Heard()
    built = build_bitstream(folder, SETTINGS, heard)
    assert built.met and heard.stages == ["synthesize", "bitstream"]
    assert not (folder / STATE_FILE).exists()
    monkeypatch.setattr(runner, "run_tool", lambda *_, **__: pytest.fail("a tool was run"))
    again = build_bitstream(add_design(tmp_path / "elsewhere" / "add"), SETTINGS)
    assert again.bitstream.read_bytes() == built.bitstream.read_bytes()
    assert {**again.report, "seconds": 0} == {**built.report, "seconds": 0}
