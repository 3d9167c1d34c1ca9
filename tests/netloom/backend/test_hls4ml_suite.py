"""hls4ml's own tests with backend `netloom` in the place of Vitis: none fails that Vitis passes, refusals aside.

They need a checkout of hls4ml, of the release that is installed: `NETLOOM_HLS4ML=path`. `NETLOOM_HLS4ML_FILES` chooses
among the files of its `test/pytest` (test_merge.py,test_trace.py). docs/hls4ml_suite.md says what was run.
"""

import os
from pathlib import Path

import hls4ml_suite
import pytest

CHECKOUT = os.environ.get("NETLOOM_HLS4ML")
CHOSEN = os.environ.get("NETLOOM_HLS4ML_FILES")
ALL = hls4ml_suite.suite(Path(CHECKOUT)) if CHECKOUT else []
FILES = [file for file in ALL if not CHOSEN or file.name in CHOSEN.split(",")]


@pytest.mark.slow
@pytest.mark.skipif(not CHECKOUT, reason="NETLOOM_HLS4ML names no checkout of hls4ml")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_fails_that_vitis_passes(file: Path, tmp_path: Path) -> None:
    result = hls4ml_suite.compare([file], tmp_path)[file.name]
    print(result.row(file.name))
    assert result.here == {}


SOME = """
import pytest
from netloom.errors import LayerNotSupportedError

@pytest.mark.parametrize("backend", ['Vivado', 'Vitis'])
def test_some(backend, tmp_path):
    assert not backend.startswith("net")

@pytest.mark.parametrize("backend", ['Vitis', 'Quartus'])
@pytest.mark.parametrize("case", range(3))
def test_refused(backend, case):
    if case == 2:
        pytest.skip("not today")
    if backend.startswith("net"):
        raise LayerNotSupportedError("layer 'a': it has no lowering; use another")

def test_wrong():
    raise ValueError("wrong | twice")

def test_right():
    pass
"""


def test_what_files_give_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(SOME, encoding="utf-8")
    (tmp_path / "test_none.py").write_text("import no_such_package\n", encoding="utf-8")
    files = sorted(tmp_path.glob("*.py"))
    results = hls4ml_suite.compare(files, tmp_path / "runs")
    result = results["test_some.py"]
    assert (result.count, result.passed, result.skipped) == (6, 1, 1)
    assert list(result.here) == ["test_some[BACKEND]"]
    assert list(result.both) == ["test_wrong"]
    assert [hls4ml_suite.reason(why) for why in result.refused.values()] == ["it has no lowering"] * 2
    row = result.row("test_some.py")
    assert row.startswith("| `test_some.py` | 6 | 1 | 1 | 2: it has no lowering | 1: ValueError: wrong \\| twice | 1: ")
    unreadable = results["test_none.py"]
    assert (unreadable.count, unreadable.passed, list(unreadable.both)) == (1, 0, [""])
    assert "no_such_package" in unreadable.row("test_none.py")
    page = f"Text.\n\n{hls4ml_suite.HEAD}| `test_a.py` | 1 |\n| `test_some.py` | 0 |\n| `test_z.py` | 2 |\n\nMore.\n"
    lines = hls4ml_suite.update(page, {"test_some.py": row}).splitlines()
    assert lines[4:] == ["| `test_a.py` | 1 |", row.strip(), "| `test_z.py` | 2 |", "", "More."]
