"""From a tiny design to bitstreams: met, missed, too large, interrupted; always the same bytes."""

import itertools
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tiny_design import add_design

from netloom.common.store import Store
from netloom.errors import (
    FoldingError,
    NotSupportedError,
    SettingsError,
    StorageError,
    ToolFailedError,
)
from netloom.firmware.board.boards import find_board
from netloom.firmware.board.devices import DEVICES
from netloom.firmware.build import bitstream, runner
from netloom.firmware.build.bitstream import Build, BuildSettings, make_bitstream
from netloom.firmware.build.place_route import check_fit, placement_check
from netloom.firmware.build.synthesis import Netlist, synthesize
from netloom.firmware.build.tools import Tool, run_tool
from netloom.firmware.build.watching import watching
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.families import ECP5

ECP5_BOARD, ICE40_BOARD = "ULX3S-25F", "iCEBreaker"
QUICK = BuildSettings(clock_mhz=50, seeds=(1,))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return add_design(tmp_path_factory.mktemp("bitstream") / "add")


@pytest.fixture(scope="module")
def netlist(folder: Path) -> Netlist:
    return synthesized(folder, ECP5_BOARD)


@pytest.fixture(scope="module")
def small(folder: Path) -> Netlist:
    """The same of the small family."""
    return synthesized(folder, ICE40_BOARD)


@pytest.fixture(scope="module")
def built(folder: Path, netlist: Netlist) -> Build:
    return make_bitstream(folder, netlist, find_board(ECP5_BOARD), folder.parent / "built", QUICK)


def synthesized(folder: Path, name: str) -> Netlist:
    design, family = EmittedDesign.read(folder), find_board(name).device.family
    assert family is not None
    return synthesize(folder, design.files, design.memories, design.top, family, folder.parent / f"{name}-netlist")


def test_report(built: Build) -> None:
    report = built.report
    assert report["board"] == ECP5_BOARD and report["device"] == "LFE5U-25F"
    timing = report["timing"]
    assert timing["clock_mhz"] == 50 and timing["met"] and timing["fmax_mhz"] > 50 and timing["slack_ns"] > 0
    assert report["seed"] == 1 and [one["placer"] for one in report["attempts"]] == ["heap"]
    assert {kind: use["available"] for kind, use in report["resources"].items()} == {
        "lut": 24288,
        "ff": 24288,
        "dsp": 28,
        "bram": 56,
    }
    assert 0 < report["network"]["lut"] < report["resources"]["lut"]["used"] < 2000
    # Its data register may have become the output register of the RAM in front of it.
    assert report["units"]["dense1"]["ff"] in (1, 9)
    assert set(report["seconds"]) == {"synthesis", "shell", "place_route", "pack", "floorplan"}
    assert built.verdict.startswith("timing met: ")


def test_files(built: Build) -> None:
    assert built.bitstream.name == "bitstream.bit" and built.bitstream.stat().st_size > 10_000
    names = {path.relative_to(built.folder).as_posix() for path in built.folder.rglob("*") if path.is_file()}
    logs = {f"logs/{step}.log" for step in ("shell", "place-seed1-heap", "pack")}
    assert names == {"bitstream.bit", "build.json", "floorplan.json"} | logs
    assert Build.read(built.folder) == built


def test_floor_plan_accounts_for_every_cell(built: Build) -> None:
    plan = json.loads((built.folder / "floorplan.json").read_text())
    assert {"shell", "dense1"} == set(plan["units"])  # the top's own logic makes tlast, which the shell ignores
    for kind in ("ff", "bram"):
        tiles = [tile for unit in plan["units"].values() for tile in unit.get(kind, ())]
        assert sum(count for _, _, count in tiles) == built.report["resources"][kind]["used"]
        assert all(x < plan["width"] and y < plan["height"] for x, y, _ in tiles)
    assert sum(count for _, _, count in plan["units"]["dense1"]["ff"]) == built.report["units"]["dense1"]["ff"]


def test_the_same_inputs_give_the_same_bytes(built: Build, tmp_path: Path) -> None:
    copy = add_design(tmp_path / "elsewhere" / "add")
    again = make_bitstream(copy, synthesized(copy, ECP5_BOARD), find_board(ECP5_BOARD), tmp_path / "again", QUICK)
    assert again.bitstream.read_bytes() == built.bitstream.read_bytes()


def test_small_family_with_its_pll(folder: Path, small: Netlist, tmp_path: Path) -> None:
    lines: list[str] = []
    settings = BuildSettings(clock_mhz=24, seeds=(1,), baud=115200, samples=2)
    made = make_bitstream(folder, small, find_board(ICE40_BOARD), tmp_path / "out", settings, on_line=lines.append)
    assert made.bitstream.name == "bitstream.bin" and made.bitstream.stat().st_size == 104090
    assert made.met and made.report["timing"]["clock_mhz"] == 24
    assert made.report["resources"]["bram"]["used"] >= 1
    assert made.report["link"] == {"baud": 115200, "samples": 2}
    assert any(line.startswith("shell: ") for line in lines)
    assert any(line.startswith("seed 1: ") for line in lines)


def test_seeds_are_tried_and_the_best_is_kept(folder: Path, small: Netlist, tmp_path: Path) -> None:
    settings = BuildSettings(clock_mhz=96, seeds=(1, 2, 3))
    made = make_bitstream(folder, small, find_board(ICE40_BOARD), tmp_path / "out", settings)
    attempts = made.report["attempts"]
    assert [attempt["seed"] for attempt in attempts] == [1, 2, 3]
    best = max(attempts, key=lambda attempt: attempt["fmax_mhz"])
    assert made.report["seed"] == best["seed"] and made.report["timing"]["fmax_mhz"] == best["fmax_mhz"]
    assert not made.met
    assert made.report["timing"]["slack_ns"] < 0
    assert "ns too long" in made.verdict and f"ask for {int(best['fmax_mhz'])} MHz" in made.verdict


def test_too_large(folder: Path, tmp_path: Path) -> None:
    wide = add_design(tmp_path / "wide")
    text = (wide / "network.sv").read_text()
    delay = "module delay (input clk, input [999:0] d, output reg [999:0] q); always @(posedge clk) q <= d; endmodule\n"
    lines = ""
    for i in range(30):
        shifted = f"{{line{max(i - 1, 0)}[998:0], s_axis_tdata[{i % 8}]}}"
        lines += f"    logic [999:0] line{i};\n    delay d{i} (.clk(clk), .d({shifted}), .q(line{i}));\n"
    text = delay + text.replace("    logic [2:0] beat;\n", f"    logic [2:0] beat;\n{lines}")
    text = text.replace("beat == 3'd7", "(beat == 3'd7) ^ (^line29)")
    (wide / "network.sv").write_text(text)
    with pytest.raises(FoldingError, match=r"does not fit ULX3S-25F .* 29577 flip-flops of 24288 \(5289 too many\)"):
        make_bitstream(wide, synthesized(wide, ECP5_BOARD), find_board(ECP5_BOARD), tmp_path / "out", QUICK)
    assert not (tmp_path / "out").exists()


def test_every_overflow_is_told() -> None:
    device = DEVICES["LFE5U-25F"]
    check_fit({"lut": 24288, "ff": 24288, "dsp": 28, "bram": 56}, device, "B")
    with pytest.raises(
        FoldingError, match=r"29 DSP blocks of 28 \(1 too many\) and 60 block RAMs of 56 \(4 too many\)"
    ):
        check_fit({"lut": 1, "dsp": 29, "bram": 60}, device, "B")


@pytest.mark.parametrize("why", ["it fails", "its wires are too long", "its time is up"])
def test_the_next_placer_takes_over(
    folder: Path, netlist: Netlist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """Or the next router, which may have long wires. Not where the time is up."""
    placers: list[str] = []
    taken: list[float] = []
    router = why == "its wires are too long"

    def watched(tool: Tool, arguments: Sequence[str], *rest: Any, **settings: Any) -> float:
        if tool.name.startswith("nextpnr"):
            options = dict(itertools.pairwise(arguments))
            placers.append("+".join(options[name] for name in ("--placer", "--router") if name in options))
            if placers == ["heap"] and why == "its time is up":
                settings["timeout"] = 0.01
            elif "heap" in placers[-1] and why == "it fails":
                arguments = [*arguments, "--no-such-option"]
        began = time.monotonic()
        try:
            return run_tool(tool, arguments, *rest, **settings)
        finally:
            if tool.name.startswith("nextpnr"):
                taken.append(time.monotonic() - began)

    monkeypatch.setattr(runner, "run_tool", watched)
    if why == "its wires are too long":
        monkeypatch.setattr(bitstream, "placement_check", lambda _: placement_check(0.1))
    lines: list[str] = []
    arguments = folder, netlist, find_board(ECP5_BOARD), tmp_path / "out", QUICK
    if why == "its time is up":
        with pytest.raises(ToolFailedError, match=r"stopped after 0\.01 seconds"):
            make_bitstream(*arguments)
        assert placers == ["heap"]
        return
    made = make_bitstream(*arguments, on_line=lines.append)
    last = "heap+router2" if router else "static"
    assert placers == (["heap", "heap+router2"] if router else ["heap", "heap+router2", "static"])
    # What the first one took counts too.
    assert made.report["seconds"]["place_route"] > 0.98 * sum(taken)
    assert [(one["seed"], one["placer"]) for one in made.report["attempts"]] == [(1, last)]
    (said,) = (line for line in lines if line.startswith("seed 1: placer 'heap+router2' after 'heap' ("))
    assert ("tiles a connection are too long to route" in said) == (why != "it fails")
    logs = {path.name for path in (made.folder / "logs").iterdir()}
    assert {f"place-seed1-{last}.log", "place-seed1-heap.log"} <= logs


@pytest.mark.parametrize(("length", "stops"), [(28_000, False), (36_000, True)])
def test_wires_that_are_too_long_are_not_routed(length: int, stops: bool) -> None:
    """The last length counts, not that of the legal but unrefined placement."""
    check = placement_check(ECP5.wires)
    for line in (
        "Info:     at iteration #12, type ALL: wirelen solved = 1187, spread = 80231, legal = 92931; time = 0.65s",
        "Info:   at iteration #1: temp = 0.000000, timing cost = 557, wirelen = 38037",
        f"Info:   at iteration #9: temp = 0.000000, timing cost = 557, wirelen = {length} ",
        "Info: Routing..",
    ):
        check(line)
    if not stops:
        check("Info: Routing 10000 arcs.")
        return
    with pytest.raises(ToolFailedError, match=r"wires of 3\.6 tiles a connection are too long"):
        check("Info: Routing 10000 arcs.")


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_interrupted_while_routing(
    built: Build, folder: Path, netlist: Netlist, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """The earlier build stays, and nothing else does."""
    before = sorted(path.name for path in built.folder.parent.iterdir())

    def stop(tool: Tool, *arguments: Any, **settings: Any) -> float:
        if tool.name.startswith("nextpnr"):
            raise error
        return run_tool(tool, *arguments, **settings)

    monkeypatch.setattr(runner, "run_tool", stop)
    with pytest.raises(error):
        make_bitstream(folder, netlist, find_board(ECP5_BOARD), built.folder, QUICK)
    assert Build.read(built.folder) == built
    assert sorted(path.name for path in built.folder.parent.iterdir()) == before


@pytest.mark.slow
def test_an_interrupted_build_goes_on_with_the_seed_it_was_at(
    folder: Path, small: Netlist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def watched(tool: Tool, arguments: Sequence[str], *rest: Any, **settings: Any) -> float:
        if tool.name.startswith("nextpnr"):
            arguments = list(arguments)
            ran.append(arguments[arguments.index("--seed") + 1])
        else:
            ran.append(tool.name)
        if ran == ["yosys", "1", "2"]:
            raise KeyboardInterrupt
        return run_tool(tool, arguments, *rest, **settings)

    monkeypatch.setattr(runner, "run_tool", watched)
    arguments = folder, small, find_board(ICE40_BOARD), tmp_path / "out", BuildSettings(clock_mhz=96, seeds=(1, 2))
    store = Store(tmp_path / "store")
    with pytest.raises(KeyboardInterrupt):
        make_bitstream(*arguments, store=store)
    ran.clear()
    made = make_bitstream(*arguments, store=store)
    assert ran == ["2", "icepack"]
    assert [attempt["seed"] for attempt in made.report["attempts"]] == [1, 2]


def test_a_tool_that_crashes_leaves_its_log(
    folder: Path, netlist: Netlist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash = tmp_path / "nextpnr"
    crash.write_text("#!/bin/sh\necho placing; kill -SEGV $$\n")
    crash.chmod(0o755)
    monkeypatch.setenv("NEXTPNR_ECP5", str(crash))
    out = tmp_path / "out"
    with pytest.raises(ToolFailedError, match=r"nextpnr-ecp5 crashed \(SIGSEGV\).*out-failed/place-seed1-static\.log"):
        make_bitstream(folder, netlist, find_board(ECP5_BOARD), out, QUICK)
    assert (tmp_path / "out-failed" / "place-seed1-static.log").read_text() == "placing\n"
    assert not out.exists()


def test_time_limit(folder: Path, netlist: Netlist, tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError, match=r"yosys was stopped after 0\.01 seconds.*out-failed/shell\.log"):
        make_bitstream(folder, netlist, find_board(ECP5_BOARD), tmp_path / "out", BuildSettings(timeout=0.01))


def test_refusals(folder: Path, netlist: Netlist, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(NotSupportedError, match="needs Vivado"):
        make_bitstream(folder, netlist, find_board("Arty-A7-35"), out)
    with pytest.raises(SettingsError, match=r"gives 3\.125 to 400 MHz, not 900"):
        make_bitstream(folder, netlist, find_board(ECP5_BOARD), out, BuildSettings(clock_mhz=900))
    with pytest.raises(SettingsError, match="cannot be divided into 9000000 baud"):
        make_bitstream(folder, netlist, find_board(ECP5_BOARD), out, BuildSettings(baud=9_000_000))
    with pytest.raises(SettingsError, match="at least one seed"):
        make_bitstream(folder, netlist, find_board(ECP5_BOARD), out, BuildSettings(seeds=()))
    with pytest.raises(StorageError, match="no design in"):
        make_bitstream(tmp_path, netlist, find_board(ECP5_BOARD), out)
    other = add_design(tmp_path / "other")
    (other / "design.json").write_text((other / "design.json").read_text().replace("generic", "ice40"))
    with pytest.raises(SettingsError, match="the design is for ice40, and ULX3S-25F has a LFE5U-25F"):
        make_bitstream(other, netlist, find_board(ECP5_BOARD), out)
    with pytest.raises(StorageError, match="no finished build"):
        Build.read(out)
    assert not out.exists()


def test_what_nextpnr_says_becomes_progress() -> None:
    """Lines as nextpnr 0.11 prints them, ECP5."""
    said: list[str] = []
    show = watching("nextpnr-ecp5", said.append)
    for line in (
        "Info: Packing constants..",
        "Info: Packing carries...",
        "Info:     at iteration #12, type ALL: wirelen solved = 1187, spread = 80231, legal = 92931; time = 0.65s",
        "Info: overlap: COMB=11.0%, FF=3.5%, RAM=0.0%, MUL=0.0%",
        "Info: Running simulated annealing placer for refinement.",
        "Info:   at iteration #5: temp = 0.000000, timing cost = 557, wirelen = 38037",
        "Info: Routing..",
        "Info:       1000 |       43        956 |   43   956 |     24017|       0.14       0.14|",
        "Info:     iter=7 wires=284974 overused=1022 overuse=1031 archfail=NA",
    ):
        show(line)
    assert said == [
        "packing",
        "placing, round 12",
        "placing, 11 % of the LUTs still on one another",
        "refining the placement",
        "refining the placement, round 5",
        "routing",
        "routing, 24017 connections left",
        "routing, 1022 wires taken more than once",
    ]
