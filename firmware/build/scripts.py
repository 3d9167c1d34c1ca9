"""The plans of all steps from sources to a bitstream: which scripts, which tools, which files.

A netlist is the text of Yosys's JSON, a family is that of the part; what else a plan is made of is text too.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netloom.firmware.board.boards import BoardSpec
from netloom.firmware.board.top import TOP, BoardTop
from netloom.firmware.build.commands import Command, Plan
from netloom.firmware.families.family import Family
from netloom.firmware.filled import filled

SYNTHESIS_LOG, WRITE_LOG = "synthesis.log", "write.log"


def network_plan(
    sources: Mapping[str, str], files: Sequence[str], top: str, family: Family, parameters: Mapping[str, int]
) -> Plan:
    """From sources to `TOP.json`: cells of the family, every instance of the top optimized on its own, so that each
    cell belongs to one of them; there is little to gain across their borders.

    Args:
        sources: texts by path.
        files: those of them to read, in order; the others are memories.
        top: the module.
        family: of the part.
        parameters: of the top.
    """
    script = filled("build/synthesis.ys.j2", files=files, top=top, family=family, parameters=parameters)
    return yosys_plan("synthesis", script, sources, (f"{top}.json",), SYNTHESIS_LOG)


def write_plan(netlist: str, top: str, family: Family) -> Plan:
    """A finished netlist of the module `top` in both forms: `TOP.json` and `TOP.v`."""
    script = filled("build/write.ys.j2", top=top, family=family)
    return yosys_plan("write", script, {f"{top}.json": netlist}, (f"{top}.json", f"{top}.v"), WRITE_LOG)


def shell_plan(netlist: str, network: str, shell: Mapping[str, str], top: BoardTop, family: Family) -> Plan:
    """The shell, its texts by name, and the pins, synthesized around the netlist of the module `network`."""
    script = filled("build/shell.ys.j2", shell=shell, top=TOP, family=family, network=network)
    files = {**shell, "network.json": netlist, "stub.v": stub(netlist, network), f"{TOP}.il": top.rtlil}
    return yosys_plan("shell", script, files, (f"{TOP}.json",), "shell.log")


@dataclass(frozen=True)
class Placement:
    """How cells find their places.

    Attributes:
        seed: of what is random in it.
        placer: one of the place-and-route tool's, or one and a router other than the usual one, as in `heap+router2`.
    """

    seed: int
    placer: str


def place_plan(netlist: str, constraints: str, board: BoardSpec, family: Family, placement: Placement) -> Plan:
    """One attempt to place and route a netlist, with its constraints of pins and clocks."""
    stem, pins = f"seed{placement.seed}-{placement.placer}", f"{TOP}{family.constraints}"
    placer, _, router = placement.placer.partition("+")
    arguments = (
        *(*board.device.options, "--package", board.package),
        *(["--speed", board.speed] if board.speed else []),
        *("--json", f"{TOP}.json", f"--{family.constraints.removeprefix('.')}", pins, "--placer", placer),
        *(["--router", router] if router else []),
        *("--seed", str(placement.seed)),
        *(family.config_option, f"{stem}.config", "--report", f"{stem}-report.json", "--write", f"{stem}-placed.json"),
        "--timing-allow-fail",
    )
    files = {f"{TOP}.json": netlist, pins: constraints}
    makes = (f"{stem}.config", f"{stem}-report.json", f"{stem}-placed.json")
    return Plan("place_route", files, (Command(family.place, arguments, tuple(files), makes, f"place-{stem}.log"),))


def pack_plan(config: str, name: str, family: Family) -> Plan:
    """From what nextpnr wrote for the packer, in a file of that name, to a bitstream."""
    bitstream = f"bitstream{family.suffix}"
    command = Command(family.pack, tuple(family.pack_arguments(name, bitstream)), (name,), (bitstream,), "pack.log")
    return Plan("pack", {name: config}, (command,))


def yosys_plan(name: str, script: str, files: Mapping[str, str], makes: Sequence[str], log: str) -> Plan:
    """One run of Yosys.

    Args:
        name: of the step, and of the script's file.
        script: its text.
        files: that it reads, texts by name.
        makes: names of the files that it writes.
        log: name of the file for all it says.
    """
    file = f"{name}.ys"
    # Yosys writes its log itself: the WebAssembly build prints nothing any more once it has called ABC.
    own = f"{file}.log"
    command = Command("yosys", ("-Q", "-l", own, file), (*files, file), tuple(makes), log, own)
    return Plan(name, {**files, file: script}, (command,))


def stub(netlist: str, top: str) -> str:
    """The top of Yosys's JSON as an empty Verilog module, for what instantiates it."""
    ports = json.loads(netlist)["modules"][top]["ports"]
    lines = [f"  {port['direction']} wire [{len(port['bits']) - 1}:0] {name}" for name, port in ports.items()]
    return f"(* blackbox *)\nmodule {top} (\n" + ",\n".join(lines) + "\n);\nendmodule\n"
