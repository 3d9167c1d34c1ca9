"""The house: which way imports run, and that its guide for newcomers names files that are there."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

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


def is_file(name: str) -> bool:
    """Whether a module is a Python file of ours: `netloom.hls.converter`."""
    parts = name.split(".")[1:]
    folder = ROOT if parts and parts[0] in STAGES else ROOT / "netloom"
    return folder.joinpath(*parts).with_suffix(".py").is_file()


def imports() -> Iterator[tuple[Path, tuple[str, ...], tuple[str, ...]]]:
    """Every import of netloom's own: the file, its module, the module that it imports."""
    for top in (*STAGES, "netloom"):
        for path in sorted((ROOT / top).rglob("*.py")):
            own = path.relative_to(ROOT).with_suffix("").parts
            own = own[1:] if top == "netloom" else own
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    module = node.module or ""
                    names = [name if is_file(name) else module for name in (f"{module}.{x.name}" for x in node.names)]
                for name in names:
                    if name.split(".")[0] == "netloom":
                        yield path.relative_to(ROOT), own, tuple(name.split(".")[1:])


def test_no_import_runs_back_up() -> None:
    found = list(imports())
    assert len(found) > 500
    up = {(str(path), ".".join(name)) for path, own, name in found if floor(name) > floor(own)}
    assert not up


HARDWARE = ("families", "stream", "filled", "units", "design", "map", "emit", "board", "build", "generate", "paces")
"""The rooms and files of `firmware/`, from the ground up."""


def test_no_import_runs_back_up_between_the_rooms_of_firmware() -> None:
    found = {
        (str(path), own[1], name[1]) for path, own, name in imports() if own[0] == name[0] == "firmware" and own[1:]
    }
    assert {room for _, own, name in found for room in (own, name)} == set(HARDWARE)
    assert not {one for one in found if HARDWARE.index(one[2]) > HARDWARE.index(one[1])}


ENTWINED = {
    ("hls", "dataflow", "operations", "operation"): ("hls", "dataflow", "graph"),
    ("models", "networks", "network"): ("models", "training"),
}
"""What needs by its nature what needs it: an operation may hold a graph, and a network is trained as it says."""


def test_no_two_other_files_need_each_other() -> None:
    """Not through others either, and not for types alone."""
    known = {own for _, own, _ in imports()}
    needs: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for _, own, name in imports():
        if name in known and name != own and ENTWINED.get(own) != name:
            needs.setdefault(own, set()).add(name)
    assert len(needs) > 300
    list(TopologicalSorter(needs).static_order())


TELLING = "models/networks/"
"""Each file there is a network, and its functions are named after what they are of it: `build`, `fit`, `pictures`."""


def public_names() -> Iterator[tuple[str, str]]:
    """Every public class, type and function, and its file; without commands, whose names typer takes from functions."""
    for top in (*STAGES, "netloom"):
        for path in sorted((ROOT / top).rglob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                names = [node.name] if isinstance(node, ast.ClassDef) else []
                if isinstance(node, ast.FunctionDef):
                    names = [] if any("command" in ast.unparse(each) for each in node.decorator_list) else [node.name]
                if isinstance(node, ast.Assign):
                    found = [target.id for target in node.targets if isinstance(target, ast.Name)]
                    names = [name for name in found if re.match(r"[A-Z][a-z]", name)]
                yield from ((name, path.relative_to(ROOT).as_posix()) for name in names if name[0] != "_")


def test_one_name_means_one_thing() -> None:
    homes: dict[str, list[str]] = {}
    for name, path in public_names():
        if not (name.islower() and path.startswith(TELLING)):
            homes.setdefault(name, []).append(path)
    assert len(homes) > 800
    assert not {name: paths for name, paths in homes.items() if len(paths) > 1}


TYPED = (TELLING, "models/data/", "models/tasks/", "netloom/cli/", "netloom/pipeline/stages/")
"""Rooms whose files bear names that users type: of networks, data sets, tasks, commands and stages."""

FACES = (
    "hls/dataflow/operations/",
    "hls/frontends/keras/handlers/",
    "hls/layers/",
    "hls/lower/",
    "firmware/map/operations/",
    "firmware/units/",
    "quantize/layers/",
    "quantize/graph/",
    "quantize/functions/",
    "quantize/flat/equal/",
    "quantize/onnx/operators/",
    "sim/native/operations/",
    "sim/onnx/operations/",
    "netloom/testing/random_networks/",
)
"""Rooms with a file for each operation, or kind of layers: its face there, which has the name of the others. A unit has
the name of its SystemVerilog module: `depthwise` computes a `DepthwiseMatVec`."""

SHARED = {
    "table": "what of a room is chosen by the class or name of an operation, a layer or an operator",
    "registry": "what a room has, by the name that users type",
    "ends": "what the host does at the ends of a network: `Ends`, its layers, its form in ONNX",
    "products": "what of a network multiplies",
    "pll": "the clock of a family of FPGAs, and what all families have of it in common",
}
"""Names of modules that mean one thing wherever they stand."""


def test_a_name_of_a_module_means_one_thing() -> None:
    homes: dict[str, set[str]] = {}
    for top in (*STAGES, "netloom"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if path.name != "__init__.py" and path.stem not in SHARED and not name.startswith(TYPED):
                home = "faces" if name.startswith(FACES) else name
                homes.setdefault(path.stem, set()).add(home)
    assert len(homes) > 350
    assert not {name: sorted(paths) for name, paths in homes.items() if len(paths) > 1}


def test_what_a_stage_does_is_done_nowhere_else() -> None:
    """Run, build and hls4ml's backend go from a conversion to a bitstream by the stages, and by them alone."""
    work = {"generate_design": "design", "synthesize": "synthesize", "make_bitstream": "bitstream"}
    homes = {"generate_design": "generate", "synthesize": "build.synthesis", "make_bitstream": "build.bitstream"}
    found = {
        (path.as_posix(), one.name)
        for path in sorted((ROOT / "netloom").rglob("*.py"))
        if ROOT / "netloom" / "testing" not in path.parents
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for one in node.names
        if node.module == f"netloom.firmware.{homes.get(one.name)}"
    }
    stages = ROOT / "netloom" / "pipeline" / "stages"
    assert found == {((stages / f"{stage}.py").as_posix(), name) for name, stage in work.items()}


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


SHELVES = ("models/data", "models/networks")
"""Folders with a file for each thing of one kind: one more is no more to hold in one's head."""


def ours() -> list[Path]:
    """Every Python file of the stages, netloom, the tests and the benchmarks."""
    found = [path for top in (*STAGES, "netloom", "tests", "benchmarks") for path in (ROOT / top).rglob("*.py")]
    assert len(found) > 800
    return found


def is_test(path: Path) -> bool:
    """Tests are read one at a time: their files may be somewhat longer, and their folders larger."""
    return path.parts[0] == "tests"


def test_a_file_is_held_in_ones_head() -> None:
    lines = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in ours()}
    assert not {path: count for path, count in lines.items() if count > (330 if is_test(path) else 300)}


def test_a_folder_is_small_or_has_rooms() -> None:
    sizes = Counter(path.parent.relative_to(ROOT).as_posix() for path in ours() if path.name != "__init__.py")
    most = {folder: 18 if is_test(Path(folder)) else 16 for folder in sizes}
    assert not {folder: size for folder, size in sizes.items() if size > most[folder] and folder not in SHELVES}


def test_every_folder_of_tests_is_collected(request: pytest.FixtureRequest) -> None:
    """Pytest passes some names of folders by, `build` and `dist` among them, unless told otherwise."""
    folders = [path for path in (ROOT / "tests").rglob("*/") if path.name != "__pycache__"]
    assert len(folders) > 30
    for folder in folders:
        assert not any(fnmatch(folder.name, passed) for passed in request.config.getini("norecursedirs")), folder
