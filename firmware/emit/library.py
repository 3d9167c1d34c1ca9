"""The SystemVerilog library: `rtl/`, and what a family has in its place; which of its modules a text needs."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from netloom.firmware.families import GENERIC, Family

_FOLDER = Path(__file__).parents[1] / "rtl"
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_INSTANCE = re.compile(r"(?<!\bmodule )\b(\w+)\s*(?:#\s*\(|\s\w+\s*\()")
"""`name #(parameters) instance (ports)` or `name instance (ports)`, and other things: only names of modules count."""


@cache
def modules(family: Family = GENERIC) -> dict[str, str]:
    """Every module of the library, by name: its text. Each is in a file of its name.

    Args:
        family: whose own modules take the place of others of their name.
    """
    own = [] if family.rtl is None else family.rtl.glob("*.sv")
    paths = {path.stem: path for path in (*_FOLDER.rglob("*.sv"), *own)}
    return {name: paths[name].read_text(encoding="utf-8") for name in sorted(paths)}


def instantiated(text: str, family: Family = GENERIC) -> set[str]:
    """Modules of a family's library that a SystemVerilog text instantiates itself."""
    return modules(family).keys() & set(_INSTANCE.findall(COMMENT.sub("", text)))


def needed(texts: Iterable[str], family: Family = GENERIC) -> dict[str, str]:
    """Modules of a family's library that some texts instantiate, directly or not: {file name: text}, sorted by name."""
    found: set[str] = set()
    new = {name for text in texts for name in instantiated(text, family)}
    while new:
        found |= new
        new = {inner for name in new for inner in instantiated(modules(family)[name], family)} - found
    return {f"{name}.sv": modules(family)[name] for name in sorted(found)}
