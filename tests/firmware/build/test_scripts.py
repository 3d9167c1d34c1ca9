"""Plans are data: made and looked at without a tool, and told apart by all that they depend on."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from netloom.errors import ToolMissingError
from netloom.firmware.board.boards import find_board
from netloom.firmware.board.top import BoardTop
from netloom.firmware.build import tools
from netloom.firmware.build.commands import Command, Plan
from netloom.firmware.build.scripts import Placement, network_plan, pack_plan, place_plan, shell_plan, write_plan
from netloom.firmware.families import ECP5, ICE40

NETLIST = '{"modules": {"network": {"ports": {"clk": {"direction": "input", "bits": [2]}}}}}'
BOARD = find_board("ULX3S-25F")
PLAN = Plan(
    "toy",
    {"a": "text", "b": "more"},
    (Command("yosys", ("-q", "a"), ("a", "b"), ("c",), "one.log", "own.log"), Command("cat", ("c",), ("c",), (), "2")),
)
VERSIONS = {"yosys": "1", "cat": "2"}


@pytest.fixture
def no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("YOSYS", raising=False)
    monkeypatch.setattr(tools, "package_folder", lambda name: None)
    with pytest.raises(ToolMissingError):
        tools.find_tool("yosys")


@pytest.mark.usefixtures("no_tools")
def test_every_step_can_be_looked_at_without_any_tool() -> None:
    network = network_plan({"m.sv": "module m;", "w.mem": "1"}, ["m.sv"], "m", ECP5, {"W": 4})
    assert network.files["m.sv"] == "module m;"
    assert network.files["synthesis.ys"].splitlines()[:2] == [
        "read_verilog -sv -defer m.sv",
        "hierarchy -top m -chparam W 4",
    ]
    assert network.results == ("m.json", "synthesis.log")
    write = write_plan(NETLIST, "network", ECP5)
    assert write.results == ("network.json", "network.v", "write.log")
    shell = shell_plan(NETLIST, "network", {"uart.sv": ""}, BoardTop(50, "rtlil", "pins"), ECP5)
    assert set(shell.files) == {"uart.sv", "network.json", "stub.v", "top.il", "shell.ys"}
    place = place_plan("{}", "pins", BOARD, ECP5, Placement(3, "heap"))
    assert place.tools == ("nextpnr-ecp5",)
    assert place.results == (
        *(f"seed3-heap{end}" for end in (".config", "-report.json", "-placed.json")),
        "place-seed3-heap.log",
    )
    arguments = place.commands[0].arguments
    assert arguments[arguments.index("--seed") + 1] == "3" and arguments[arguments.index("--placer") + 1] == "heap"
    assert arguments[arguments.index("--lpf") + 1] == "top.lpf" and place.files["top.lpf"] == "pins"
    pack = pack_plan("config", "seed3.config", ICE40)
    assert (pack.tools, pack.results) == (("icepack",), ("bitstream.bin", "pack.log"))


CHANGES: dict[str, Callable[[], tuple[Plan, dict[str, str]]]] = {
    "text": lambda: (replace(PLAN, files={"a": "text", "b": "other"}), VERSIONS),
    "texts exchanged": lambda: (replace(PLAN, files={"a": "more", "b": "text"}), VERSIONS),
    "another file": lambda: (replace(PLAN, files={**PLAN.files, "d": ""}), VERSIONS),
    "fewer commands": lambda: (replace(PLAN, commands=PLAN.commands[:1]), VERSIONS),
    "tool": lambda: (_with(tool="cat"), VERSIONS),
    "version": lambda: (PLAN, {**VERSIONS, "yosys": "1.1"}),
    "arguments": lambda: (_with(arguments=("-q", "b")), VERSIONS),
    "reads": lambda: (_with(reads=("a",)), VERSIONS),
    "makes": lambda: (_with(makes=("c", "d")), VERSIONS),
    "log": lambda: (_with(log="1"), VERSIONS),
    "own log": lambda: (_with(own_log=""), VERSIONS),
}


def _with(**changes: object) -> Plan:
    first, second = PLAN.commands
    return replace(PLAN, commands=(replace(first, **changes), second))


@pytest.mark.parametrize("change", CHANGES)
def test_the_digest_changes_with_each_thing_that_matters(change: str) -> None:
    plan, versions = CHANGES[change]()
    assert plan.digest(versions) != PLAN.digest(VERSIONS)


def test_the_digest_does_not_change_with_what_does_not_matter() -> None:
    same = replace(PLAN, name="other", files=dict(reversed(PLAN.files.items())))
    assert same.digest({**VERSIONS, "nextpnr-ecp5": "3"}) == PLAN.digest(dict(reversed(VERSIONS.items())))
    assert len(PLAN.digest(VERSIONS)) == 64


def test_the_seed_and_the_board_make_another_plan() -> None:
    versions = {"nextpnr-ecp5": "1"}
    other = find_board("ULX3S-85F")
    plans = [
        place_plan("{}", "pins", board, ECP5, Placement(seed, "heap")) for board in (BOARD, other) for seed in (1, 2)
    ]
    assert len({plan.digest(versions) for plan in plans}) == 4


def test_a_command_reads_only_what_is_there() -> None:
    with pytest.raises(ValueError, match="plan 'toy': cat reads c, which nothing makes before"):
        replace(PLAN, commands=PLAN.commands[::-1])
