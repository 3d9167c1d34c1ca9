"""The SystemVerilog library, `rtl/`: what its modules are, and which of them a text needs."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "rtl"
_CELLS = "cells"
"""Folder of models of the vendors' cells, which only simulation needs: see `netloom.sim.hardware.cells`."""
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_INSTANCE = re.compile(r"(?<!\bmodule )\b(\w+)\s*(?:#\s*\(|\s\w+\s*\()")
"""`name #(parameters) instance (ports)` or `name instance (ports)`, and other things: only names of modules count."""


@cache
def modules() -> dict[str, str]:
    """Every module of the library, by name: its text. Each is in a file of its name."""
    paths = sorted(path for path in _FOLDER.rglob("*.sv") if path.parent.name != _CELLS)
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def instantiated(text: str) -> set[str]:
    """Modules of the library that a SystemVerilog text instantiates itself."""
    return modules().keys() & set(_INSTANCE.findall(COMMENT.sub("", text)))


def needed(texts: Iterable[str]) -> dict[str, str]:
    """Modules of the library that some texts instantiate, directly or not: {file name: text}, sorted by name."""
    found: set[str] = set()
    new = set().union(*map(instantiated, texts))
    while new:
        found |= new
        new = set().union(*(instantiated(modules()[name]) for name in new)) - found
    return {f"{name}.sv": modules()[name] for name in sorted(found)}
