"""The table of hls4ml's versions: its rows are what pytest said; its command names tests that are there."""

from pathlib import Path

from hls4ml_versions import PAGE, TABLE, TESTS, counts, row, with_row

ROOT = Path(__file__).parents[3]
OUTPUT = """..F
FAILED tests/hls/test_handlers.py::test_this - AssertionError
ERROR tests/hls/layers/test_table.py
1 failed, 2 passed, 1 skipped, 3 warnings, 1 error in 3.21s
"""


def test_its_tests_are_there_and_its_page_has_the_table():
    assert all((ROOT / one).exists() for one in TESTS)
    assert TABLE in PAGE.read_text(encoding="utf-8")


def test_a_row_is_what_pytest_said():
    assert counts("12 passed, 3 deselected in 2s") == (12, 0, 0)
    made = row("1.4.0", "abc", OUTPUT)
    assert made.startswith("| 1.4.0 | abc | 20")
    assert made.endswith("| 2 | 2 | 1 | `test_handlers.py::test_this`; `test_table.py` |")


def test_a_row_takes_the_place_of_an_earlier_one():
    page = f"# Head\n\n{TABLE}| 1.3.0 | a | b | 1 | 0 | 0 |  |\n"
    after = with_row(with_row(page, "| 1.4.0 | x |"), "| 1.3.0 | new |")
    assert after == f"# Head\n\n{TABLE}| 1.3.0 | new |\n| 1.4.0 | x |\n"
