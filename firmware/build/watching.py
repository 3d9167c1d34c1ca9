"""What tools are doing, in words for a progress display, read off the lines they print."""

import re

from netloom.firmware.build.tools import OnLine

_STARTS = re.compile("Preparing to run")
"""How the line begins that a WebAssembly tool prints before it is compiled, the first time it is used."""
_YOSYS = (
    (_STARTS, "preparing Yosys, once"),
    (re.compile(r"\d+(?:\.\d+)*\. Executing ([A-Z0-9_]+)"), "{}"),
)
_NEXTPNR = (
    (_STARTS, "preparing nextpnr, once"),
    (re.compile(r"Info: Packing"), "packing"),
    (re.compile(r"Info:\s+at iteration #(\d+): temp"), "refining the placement, round {}"),
    (re.compile(r"Info:\s+at (?:initial placer )?iteration #?(\d+)"), "placing, round {}"),
    (re.compile(r"Info: overlap: [A-Z]+=(\d+)"), "placing, {} % of the LUTs still on one another"),
    (re.compile(r"Info: Running simulated annealing placer"), "refining the placement"),
    (re.compile(r"Info:\s+iter=\d+ wires=\d+ overused=(\d+)"), "routing, {} wires taken more than once"),
    (re.compile(r"Info: Routing globals|Info: Routing\.\."), "routing"),
    (re.compile(r"Info:\s+\d+ \|\s+\d+\s+\d+ \|.*\|\s+(\d+)\|"), "routing, {} connections left"),
)


def watching(tool: str, show: OnLine) -> OnLine:
    """What takes a tool's lines, and shows what they mean; the same in a row once, and of other tools nothing.

    Args:
        tool: its name.
        show: gets the words.
    """
    steps = _YOSYS if tool == "yosys" else _NEXTPNR if tool.startswith("nextpnr-") else ()
    shown = ""

    def watch(line: str) -> None:
        nonlocal shown
        for pattern, words in steps:
            if found := pattern.match(line):
                text = words.format(*(group.lower() for group in found.groups()))
                if text != shown:
                    show(text)
                shown = text
                return

    return watch
