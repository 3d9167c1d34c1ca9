"""The house: which way imports run, and that its guide for newcomers names files that are there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
STAGES = ("models", "quantize", "hls", "firmware", "sim")
GROUND = ("errors", "rounding", "fixed_point", "common")
ATTIC = ("cli", "backend", "testing")
"""What is on top of all, and imported by nothing below."""


def floor(parts: tuple[str, ...]) -> int:
    """On which floor a module is: `("hls", "lower", "graph")`."""
    first = parts[0] if parts else ""
    if first in GROUND:
        return 0
    if first in STAGES:
        return 1 + STAGES.index(first)
    return 8 if first in ATTIC or first == "__main__" else 7


def imports() -> Iterator[tuple[Path, tuple[str, ...], tuple[str, ...]]]:
    """Every import of netloom's own: the file, its module, the module that it imports."""
    for top in (*STAGES, "netloom"):
        for path in sorted((ROOT / top).rglob("*.py")):
            own = path.relative_to(ROOT).with_suffix("").parts
            own = own[1:] if top == "netloom" else own
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
                for name in names:
                    if name.split(".")[0] == "netloom":
                        yield path.relative_to(ROOT), own, tuple(name.split(".")[1:])


def test_no_import_runs_back_up() -> None:
    found = list(imports())
    assert len(found) > 500
    up = {(str(path), ".".join(name)) for path, own, name in found if floor(name) > floor(own)}
    assert not up


def test_the_guide_for_newcomers_names_what_is_there() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)", guide)
    folders = [match[1] for match in re.finditer(r"`((?:[\w.]+/)+[\w.]*)`", guide)]
    named = [name for name in folders if name.split("/")[0] in (*STAGES, "netloom", "tests", "docs")]
    assert len(links) > 5
    assert len(named) > 40
    templates = ("NAME", "ROOM")
    missing = [
        name for name in (*links, *named) if not any(word in name for word in templates) and not (ROOT / name).exists()
    ]
    assert not missing
