"""hls4ml's own tests with backend `netloom` written in the place of Vitis, and what comes of them, as a table.

    python tests/support/hls4ml_suite.py ../hls4ml test_merge.py test_softmax.py

takes a checkout of the release of hls4ml that is installed, runs these files of its `test/pytest` (without any, all
that name Vitis), and puts their rows into docs/hls4ml_suite.md; those of other files stay. What is neither passed nor
refused runs once more as it is, for Vitis.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "hls4ml_suite.md"
HEAD = (
    "| file | tests | skipped | passed | refused | failed with Vitis too | failed only with netloom |\n"
    + "|---" * 7
    + "|\n"
)

OTHERS = "not (Vivado or Quartus or Catapult or oneAPI or Libero)"

REFUSALS = ("LayerNotSupportedError", "PrecisionError", "NotSupportedError", "QuantizerNotSupportedError")
"""An error of these is a refusal, with its reason; all else that Vitis passes is a fault."""

_NAMED = re.compile("(?<=['\"])[Vv]itis(?=['\"])")
"""How a file names the backend."""

Outcomes = dict[str, tuple[str, str]]
"""{test: (outcome, message)}; a test's name has BACKEND where the backend's stood."""


@dataclass(frozen=True)
class Result:
    """What came of a file.

    Attributes:
        count: of its tests for Vitis, or for no backend.
        skipped: how many skipped themselves.
        passed: how many passed with netloom.
        refused: {test: why}.
        both: {test: why} of those that fail with Vitis as well.
        here: {test: why} of those that fail with netloom alone.
    """

    count: int
    skipped: int
    passed: int
    refused: dict[str, str] = field(default_factory=dict)
    both: dict[str, str] = field(default_factory=dict)
    here: dict[str, str] = field(default_factory=dict)

    def row(self, file: str) -> str:
        """A line of the table."""
        reasons = (_reasons(tests) for tests in (self.refused, self.both, self.here))
        return f"| `{file}` | {self.count} | {self.skipped} | {self.passed} | {' | '.join(reasons)} |\n"


def suite(checkout: Path) -> list[Path]:
    """The files of the suite that have tests for Vitis."""
    return [file for file in sorted(checkout.glob("test/pytest/test_*.py")) if _NAMED.search(file.read_text())]


def compare(file: Path, folder: Path) -> Result:
    """Run a file with netloom, and for Vitis what neither passes nor is refused.

    Args:
        file: of the checkout.
        folder: an empty one.
    """
    ours = run(file, folder / "netloom", "netloom")
    bad = {name: message for name, (outcome, message) in ours.items() if outcome in ("failure", "error")}
    refused = {name: message for name, message in bad.items() if any(kind in message for kind in REFUSALS)}
    failed = {name: message for name, message in bad.items() if name not in refused}
    theirs = run(file, folder / "Vitis", "Vitis", list(failed)) if failed else {}
    passed = {name for name in failed if theirs.get(name, ("",))[0] == "passed"}
    outcomes = Counter(outcome for outcome, _ in ours.values())
    return Result(
        len(ours),
        outcomes["skipped"],
        outcomes["passed"],
        refused,
        {name: message for name, message in failed.items() if name not in passed},
        {name: message for name, message in failed.items() if name in passed},
    )


def run(file: Path, folder: Path, backend: str, tests: Sequence[str] = ()) -> Outcomes:
    """The tests of a file that are for a backend or for none, or some of them; an unreadable file is one test."""
    folder.mkdir(parents=True)
    for helper in ("conftest.py", "synthesis_helpers.py"):
        if (file.parent / helper).exists():
            (folder / helper).write_text((file.parent / helper).read_text())
    text = file.read_text()
    (folder / file.name).write_text(text if backend == "Vitis" else _NAMED.sub(backend, text))
    written = match[0] if backend == "Vitis" and (match := _NAMED.search(text)) else backend
    whole = [file.name] if not tests or "" in tests else []
    named = [f"{file.name}::{name.replace('BACKEND', written)}" for name in tests if name]
    # Without its own look at sources pytest survives what recursion leaves behind in Python 3.11.
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-W",
        "ignore",
        "--tb=native",
        f"--junitxml={folder}/r.xml",
        "-k",
        OTHERS,
    ]
    log = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(whole or named)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if not (folder / "r.xml").exists():
        return {"": ("error", log.stdout[-500:] + log.stderr[-500:])}
    found: Outcomes = {}
    for case in ElementTree.parse(folder / "r.xml").getroot().iter("testcase"):
        kinds = (case.find(kind) for kind in ("failure", "error", "skipped"))
        problem = next((kind for kind in kinds if kind is not None), None)
        outcome = "passed" if problem is None else problem.tag
        message = "" if problem is None else problem.get("message", "")
        if message == "collection failure":
            found[""] = outcome, (problem.text or "").strip().splitlines()[-1].removeprefix("E").strip()
        else:
            found[case.get("name", "").replace(written, "BACKEND")] = outcome, message
    return found


def _reasons(tests: Mapping[str, str]) -> str:
    """How many, and why: `3: ...; 2: ...`."""
    count = Counter(map(reason, tests.values()))
    return "; ".join(f"{number}: {why}" for why, number in count.most_common())


def reason(message: str) -> str:
    """An error's message as a short cell of a table."""
    line = message.strip().splitlines()[0] if message.strip() else "no message"
    line = line.removeprefix('failed on setup with "')
    line = re.sub(r"^(netloom\.errors\.\w+: )?(layer|quantizer|input) '[^']*'(, \w+)?: ", "", line)
    line = re.sub(r"^netloom\.errors\.\w+: ", "", line)
    line = re.sub(r"'/[^']*/([^'/]*)'", r"'\1'", line)  # files, without where they lie here
    line = re.split(r"; (?:supported|use|give|put|with|it) ", line)[0]
    return re.sub(r"\s+", " ", line)[:110].strip().replace("|", "\\|")


def update(page: str, rows: Mapping[str, str]) -> str:
    """The page with these rows, {file: row}, in its table."""
    before, _, rest = page.partition(HEAD)
    lines = rest.splitlines(keepends=True)
    end = next((index for index, line in enumerate(lines) if not line.startswith("|")), len(lines))
    known = {match[1]: line for line in lines[:end] if (match := re.match(r"\| `(\w+\.py)`", line))}
    return before + HEAD + "".join(row for _, row in sorted((known | rows).items())) + "".join(lines[end:])


def main() -> None:
    """Run, and write the page after every file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("files", nargs="*", help="names in test/pytest; without any, all that name Vitis")
    asked = parser.parse_args()
    for file in suite(asked.checkout):
        if asked.files and file.name not in asked.files:
            continue
        with tempfile.TemporaryDirectory() as folder:
            row = compare(file, Path(folder)).row(file.name)
        print(row, end="", flush=True)
        PAGE.write_text(update(PAGE.read_text(encoding="utf-8"), {file.name: row}), encoding="utf-8")


if __name__ == "__main__":
    main()
