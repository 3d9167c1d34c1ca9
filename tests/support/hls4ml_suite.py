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
from collections.abc import Iterable, Mapping, Sequence
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


def compare(files: Sequence[Path], folder: Path) -> dict[str, Result]:
    """Run files with netloom, and for Vitis what neither passes nor is refused.

    Args:
        files: of the checkout, by whose names the results go.
        folder: an empty one.
    """
    refused: dict[str, dict[str, str]] = {}
    failed: dict[str, dict[str, str]] = {}
    ours = run(files, folder / "netloom", "netloom")
    for file, outcomes in ours.items():
        bad = {name: message for name, (outcome, message) in outcomes.items() if outcome in ("failure", "error")}
        refused[file] = {name: message for name, message in bad.items() if any(kind in message for kind in REFUSALS)}
        failed[file] = {name: message for name, message in bad.items() if name not in refused[file]}
    again = [file for file in files if failed[file.name]]
    theirs = run(again, folder / "Vitis", "Vitis", failed) if again else {}
    results = {}
    for file, outcomes in ours.items():
        passed = {name for name in failed[file] if theirs.get(file, {}).get(name, ("",))[0] == "passed"}
        count = Counter(outcome for outcome, _ in outcomes.values())
        results[file] = Result(
            len(outcomes),
            count["skipped"],
            count["passed"],
            refused[file],
            {name: message for name, message in failed[file].items() if name not in passed},
            {name: message for name, message in failed[file].items() if name in passed},
        )
    return results


def run(
    files: Sequence[Path], folder: Path, backend: str, tests: Mapping[str, Iterable[str]] | None = None
) -> dict[str, Outcomes]:
    """The tests of files that are for a backend or for none, or those of them that are named.

    A file that cannot be read is one test, without a name. Where the process dies, so does every file in it.
    """
    folder.mkdir(parents=True)
    named, written = [], {}
    for file in files:
        for helper in ("conftest.py", "synthesis_helpers.py"):
            if (file.parent / helper).exists():
                (folder / helper).write_text((file.parent / helper).read_text())
        text = file.read_text()
        (folder / file.name).write_text(text if backend == "Vitis" else _NAMED.sub(backend, text))
        spelled = _NAMED.search(text)
        written[file.name] = spelled[0] if backend == "Vitis" and spelled else backend
        wanted = [""] if tests is None else list(tests[file.name])
        named += [file.name] if "" in wanted else []
        named += [f"{file.name}::{name.replace('BACKEND', written[file.name])}" for name in wanted if name]
    # Without its own look at sources pytest survives what recursion leaves behind in Python 3.11.
    options = ["-q", "-p", "no:cacheprovider", "-W", "ignore", "--tb=native", "--continue-on-collection-errors"]
    log = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--junitxml={folder}/r.xml", "-k", OTHERS, *named],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if not (folder / "r.xml").exists():
        return {file.name: {"": ("error", "crash: " + log.stderr[-200:])} for file in files}
    found: dict[str, Outcomes] = {file.name: {} for file in files}
    for case in ElementTree.parse(folder / "r.xml").getroot().iter("testcase"):
        kinds = (case.find(kind) for kind in ("failure", "error", "skipped"))
        problem = next((kind for kind in kinds if kind is not None), None)
        outcome = "passed" if problem is None else problem.tag
        message = "" if problem is None else problem.get("message", "")
        name = case.get("name", "")
        if message in ("collection failure", "collection skipped") and problem is not None:
            lines = (problem.text or "").strip().splitlines() or [message]
            found[f"{name.split('.')[-1]}.py"][""] = outcome, lines[-1].removeprefix("E").strip()
        else:
            file_name = f"{case.get('classname', '').split('.')[0]}.py"
            found[file_name][name.replace(written[file_name], "BACKEND")] = outcome, message
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
    line = re.sub(r"/\S+/", "", line)  # where files lie
    line = re.sub(r"(?<=[a-z])_\d+\b", "", line)  # names that Keras counts up
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
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("files", nargs="*", help="names in test/pytest; without any, all that name Vitis")
    asked = parser.parse_args()
    files = [file for file in suite(asked.checkout) if not asked.files or file.name in asked.files]
    with tempfile.TemporaryDirectory() as folder:
        rows = {name: result.row(name) for name, result in compare(files, Path(folder)).items()}
    print("".join(rows.values()), end="")
    PAGE.write_text(update(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    main()
