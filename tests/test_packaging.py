"""What is installed is what is in the tree."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STAGES = ("models", "quantize", "hls", "firmware", "sim", "netloom")
COMMON = ("common", "errors", "rounding", "fixed_point")
"""The ground floor: what knows nothing of any stage, and serves all of them."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PROJECT["tool"]["setuptools"]


def package_name(folder: Path) -> str:
    parts = folder.relative_to(ROOT).parts
    return ".".join(parts if parts[0] == "netloom" else ("netloom", *parts))


def packages() -> dict[str, Path]:
    folders = [path.parent for stage in STAGES for path in (ROOT / stage).rglob("__init__.py")]
    return {package_name(folder): folder for folder in folders}


def sources() -> list[Path]:
    return [path for folder in packages().values() for path in folder.glob("*.py")]


def test_every_package_of_the_tree_is_listed():
    assert sorted(SETUPTOOLS["packages"]) == sorted(packages())


def test_every_folder_with_python_in_it_is_a_package():
    folders = {path.parent for stage in STAGES for path in (ROOT / stage).rglob("*.py")}
    assert {folder.relative_to(ROOT) for folder in folders} == {
        folder.relative_to(ROOT) for folder in packages().values()
    }


def test_the_stages_are_mapped_into_one_package():
    mapped = SETUPTOOLS["package-dir"]
    for name, folder in packages().items():
        outermost = max((prefix for prefix in mapped if name == prefix or name.startswith(prefix + ".")), key=len)
        below = name.removeprefix(outermost).strip(".").split(".")
        assert ROOT.joinpath(mapped[outermost], *(part for part in below if part)) == folder


def test_every_other_file_is_package_data():
    listed = SETUPTOOLS["package-data"]
    for name, folder in packages().items():
        for path in folder.iterdir():
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                assert any(path.match(pattern) for pattern in listed.get(name, [])), f"{path} is not in the wheel"


def test_what_is_advised_to_be_installed_is_to_be_had():
    """netloom itself is on no index: it is installed from its folder."""
    optional = PROJECT["project"]["optional-dependencies"]
    lines = [*PROJECT["project"]["dependencies"], *(line for extra in optional.values() for line in extra)]
    known = {".", *(re.match(r"[\w-]+", line)[0] for line in lines)} - {"netloom"}
    texts = [*sources(), *(ROOT / name for name in ("README.md", "Makefile")), *(ROOT / "docs").glob("*.md")]
    advised = [one for path in texts for one in re.findall(r"pip install (?:-c \S+ )?'?([^\s`'\"]+)", path.read_text())]
    assert ".[hardware]" in advised
    for advice in advised:
        name, _, extra = advice.partition("[")
        if not name.startswith(("-", "{")):  # an option of the Makefile's, or a requirement of pyproject.toml
            assert name in known and (not extra or set(extra.rstrip("]").split(",")) <= set(optional)), advice


def test_no_package_data_is_listed_in_vain():
    for name, patterns in SETUPTOOLS["package-data"].items():
        for pattern in patterns:
            assert list(packages()[name].glob(pattern)), f"{name}: {pattern}"


def imported_modules(path: Path, top_level: bool = False) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level else ast.walk(tree)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports(path):
    """No second copy of a stage by its bare name; a stage imports only stages above it."""
    stage = path.relative_to(ROOT).parts[0]
    below = STAGES[STAGES.index(stage) + 1 :]
    for module in imported_modules(path):
        parts = module.split(".")
        assert parts[0] not in STAGES[:-1], f"{path}: import netloom.{module}"
        if stage != "netloom" and parts[0] == "netloom" and len(parts) > 1 and parts[1] not in COMMON:
            assert parts[1] in STAGES, f"{path}: a stage must not import the face ({module})"
            assert parts[1] not in below, f"{path}: {stage} must not import {module}"


@pytest.mark.parametrize("name", COMMON)
def test_what_all_stages_may_import_imports_none_of_them(name):
    folder = ROOT / "netloom" / name
    for path in folder.glob("*.py") if folder.is_dir() else [folder.with_suffix(".py")]:
        parts = [module.split(".") for module in imported_modules(path) if module.startswith("netloom")]
        assert all(part[1] in COMMON for part in parts), path


def test_what_is_for_tests_is_used_by_tests_alone():
    for path in sources():
        if ROOT / "netloom" / "testing" not in path.parents:
            assert not any(module.startswith("netloom.testing") for module in imported_modules(path)), path


@pytest.mark.parametrize("folder", ["hls/dataflow", "sim"])
def test_simulation_needs_neither_keras_nor_hls4ml_when_imported(folder):
    for path in (ROOT / folder).glob("*.py"):
        heavy = {"keras", "tensorflow", "qkeras", "hls4ml"}
        assert not {module.split(".")[0] for module in imported_modules(path, top_level=True)} & heavy, path


def test_hls4ml_is_pinned():
    assert "hls4ml==1.3.0" in PROJECT["project"]["dependencies"]
