"""Mutated run files: a few at every test run, a few hundred in `make test-all`, an hour by hand (`run_files.py`)."""

import sys
import time
from pathlib import Path

import pytest
import run_files

pytest.importorskip("qkeras")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bounds the memory as Linux counts it")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pristine")
    run_files.prepare(folder)
    return folder


def found(pristine: Path, first: int, count: int) -> list[run_files.Finding]:
    return run_files.campaign(pristine, iter(range(first, first + count)), time.monotonic() + 1e6, lambda *_: None)


def test_the_run_is_whole_before_it_is_mutated(pristine: Path, tmp_path: Path) -> None:
    with run_files.surroundings():
        run = str(pristine / "run")
        for command in (["report", run], ["compare", run], ["flash", run]):
            assert run_files.call(command) is None
        assert run_files.CliRunner().invoke(run_files.app, ["report", run]).exit_code == 0
        assert run_files.CliRunner().invoke(run_files.app, ["flash", run]).exit_code == 0


def test_a_few_mutations(pristine: Path) -> None:
    assert found(pristine, 0, 12) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("chunk", range(4))
def test_many_mutations(pristine: Path, chunk: int) -> None:
    assert found(pristine, 10_000 * (chunk + 1), 150) == []
