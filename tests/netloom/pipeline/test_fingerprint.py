"""A stage's fingerprint holds all of netloom's code, and the versions of all else, that its result depends on."""

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from netloom.pipeline import registry
from netloom.pipeline.code import FLOOR
from netloom.pipeline.stage import Stage
from netloom.pipeline.versions import PACKAGES

ROOT = Path(__file__).parents[3]
ROOMS = ("models", "quantize", "hls", "firmware", "sim")

NOT_OF_A_RESULT = {
    "netloom/pipeline/stage.py": "what a stage is, and no work",
    "netloom/pipeline/rundir.py": "names of files, which the fingerprint holds",
    "netloom/progress.py": "shown while at work",
}
"""What no result depends on, and why; nor what these import."""

VALUES_ALONE = {"netloom/settings.py": "its values are inputs; what checks them makes nothing"}
"""What results depend on, but not on what these import."""

UNUSED = {
    "train": {
        "quantize/files/model_files.py": "it saves; what it loads with is not used",
        "netloom/pipeline/evaluation/fitted.py": "what it makes flat to check data is thrown away",
    },
    "rtl": {"sim/engines.py": "it opens RtlEngine itself, and reads names here"},
    "netlist": {"sim/engines.py": "it opens NetlistEngine itself, and reads names here"},
    "simulate": {
        "sim/hardware/rtl.py": "it runs no hardware",
        "sim/hardware/netlist.py": "it runs no hardware",
        "sim/hardware/verilator_tool.py": "it runs no hardware",
    },
}
"""By stage: files whose imports it has no use of, and why."""

CALLED = {"train": ("models/pretraining.py", "models/reinforcement.py", "models/training.py")}
"""By stage: what it calls and does not import, since a network says so."""

FOR_READING = {"google", "h5py", "packaging", "platformdirs", "pydantic", "pydantic_core", "threadpoolctl"}
"""Distributions that read, check, place or show what is there: no value is theirs."""

DISTRIBUTIONS = {"amaranth_boards": "amaranth-boards", "hgq": "hgq2"}
"""Names of `PACKAGES` that are not what is imported."""


@cache
def file_of(module: str) -> Path | None:
    """The file of one of netloom's modules."""
    parts = module.split(".")[1:]
    place = (ROOT if parts and parts[0] in ROOMS else ROOT / "netloom").joinpath(*parts)
    return next((one for one in (place.with_suffix(".py"), place / "__init__.py") if one.is_file()), None)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All below a node, but what stands there for types alone."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    yield node
    for below in ast.iter_child_nodes(node):
        yield from nodes(below)


def home(module: str, name: str) -> Path | None:
    """The file that `from module import name` means; a package's own where it hands a name on, the one it is from."""
    if submodule := file_of(f"{module}.{name}"):
        return submodule
    found = file_of(module)
    if found is not None and found.name == "__init__.py":
        for node in tree(found).body:
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("netloom."):
                for one in node.names:
                    if name == (one.asname or one.name):
                        return home(node.module, one.name)
    return found


@cache
def imported(path: Path) -> tuple[set[Path], set[str]]:
    """What a file imports, inside functions too: files of netloom, and top packages of others."""
    own: set[Path | None] = set()
    others: set[str] = set()
    for node in nodes(tree(path)):
        if isinstance(node, ast.Import):
            own |= {file_of(one.name) for one in node.names if one.name.split(".")[0] == "netloom"}
            others |= {one.name.split(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            others.add(node.module.split(".")[0])
            if node.module.split(".")[0] == "netloom":
                own |= {home(node.module, one.name) for one in node.names}
        elif isinstance(node, ast.Constant) and str(node.value).startswith("amaranth_boards"):
            others.add("amaranth_boards")  # the platform's module has the board's name
    return {one for one in own if one}, others - {"netloom"} - sys.stdlib_module_names


@cache
def reached(stage: Stage) -> tuple[dict[str, str], set[str]]:
    """What a stage imports, directly or not: files of netloom, each with one that imports it; others' packages."""
    start = file_of(stage.work.__module__)
    assert start is not None
    called = [ROOT / name for name in CALLED.get(stage.name, ())]
    givers: dict[Path, Path] = dict.fromkeys([start, *called], start)
    unfollowed = NOT_OF_A_RESULT | VALUES_ALONE | UNUSED.get(stage.name, {})
    others: set[str] = set()
    left = list(givers)
    while left:
        path = left.pop()
        if path.relative_to(ROOT).as_posix() in unfollowed:
            continue
        files, packages = imported(path)
        others |= packages
        left += files - givers.keys()
        givers = dict.fromkeys(files, path) | givers
    names = {one.relative_to(ROOT).as_posix(): by.relative_to(ROOT).as_posix() for one, by in givers.items()}
    return names, others


@pytest.mark.parametrize("stage", registry.stages(), ids=lambda stage: stage.name)
def test_a_fingerprint_holds_all_code_that_a_stage_runs(stage: Stage) -> None:
    names, _ = reached(stage)
    assert len(names) > 10
    held = (f"netloom/pipeline/stages/{stage.name}.py", *FLOOR, *stage.code, *NOT_OF_A_RESULT)
    missing = {name: by for name, by in names.items() if not any(f"{name}/".startswith(f"{part}/") for part in held)}
    assert not missing, "each with what imports it"


@pytest.mark.parametrize("stage", registry.stages(), ids=lambda stage: stage.name)
def test_a_fingerprint_holds_the_versions_of_all_else(stage: Stage) -> None:
    if stage.last:
        assert "versions" in inspect.getsource(stage.inputs)  # all that the run has recorded
        return
    _, packages = reached(stage)
    needed = {DISTRIBUTIONS.get(name, name) for name in packages - FOR_READING} - {"numpy"}
    assert needed <= set(stage.uses)
    assert {"numpy", *stage.uses} <= PACKAGES.keys()


def test_no_exception_is_idle() -> None:
    """Each named file is there, and something would be asked for without it."""
    for name in (*NOT_OF_A_RESULT, *VALUES_ALONE, *(name for by_stage in UNUSED.values() for name in by_stage)):
        assert (ROOT / name).is_file()
    packages = set().union(*(reached(stage)[1] for stage in registry.stages()))
    assert packages >= FOR_READING
    for stage in registry.stages():
        assert reached(stage)[0].keys() >= UNUSED.get(stage.name, {}).keys()
