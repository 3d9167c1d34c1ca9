"""A run directory of others."""

import shutil
from pathlib import Path

import pytest
from run_directory import make_run, make_start

pytest.importorskip("qkeras")


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("start")
    make_start(folder)
    make_run(folder, folder / "run")
    return folder


@pytest.fixture
def run(start: Path, tmp_path: Path) -> Path:
    shutil.copytree(start / "run", tmp_path / "run")
    return tmp_path / "run"
