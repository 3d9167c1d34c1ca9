"""hls4ml's own tests with backend `netloom` in the place of Vitis: none fails that Vitis passes, refusals aside.

They need a checkout of hls4ml, of the release that is installed: `NETLOOM_HLS4ML=path`. Each file of its `test/pytest`
that names Vitis runs twice, as it is and with `netloom` written in Vitis's place; `NETLOOM_HLS4ML_FILES` chooses among
them (test_merge.py,test_trace.py). docs/hls4ml_suite.md says what was run.
"""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

CHECKOUT = os.environ.get("NETLOOM_HLS4ML")
ALL = sorted(Path(CHECKOUT, "test", "pytest").glob("test_*.py")) if CHECKOUT else []
CHOSEN = os.environ.get("NETLOOM_HLS4ML_FILES")
FILES = [file for file in ALL if (file.name in CHOSEN.split(",") if CHOSEN else "'Vitis'" in file.read_text())]

REFUSALS = ("LayerNotSupportedError", "PrecisionError", "NotSupportedError", "QuantizerNotSupportedError")
"""An error of these is a refusal, with its reason; all else that Vitis passes is a fault."""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHECKOUT, reason="NETLOOM_HLS4ML names no checkout of hls4ml")]


def outcomes(file: Path, folder: Path, backend: str) -> dict[str, tuple[str, str]]:
    """{test: (outcome, message)} of the tests of a file that are for this backend or for none."""
    copy = folder / backend
    copy.mkdir()
    for helper in ("conftest.py", "synthesis_helpers.py"):
        if (file.parent / helper).exists():
            (copy / helper).write_text((file.parent / helper).read_text())
    (copy / file.name).write_text(file.read_text().replace("'Vitis'", f"'{backend}'"))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-W",
        "ignore",
        f"--junitxml={copy}/r.xml",
    ]
    others = "not (Vivado or Quartus or Catapult or oneAPI or Libero)"
    log = subprocess.run([*command, "-k", others, file.name], cwd=copy, capture_output=True, text=True, check=False)
    if not (copy / "r.xml").exists():
        return {"(the file)": ("crash", log.stdout[-500:] + log.stderr[-500:])}
    found = {}
    for case in ElementTree.parse(copy / "r.xml").getroot().iter("testcase"):
        problem = next(
            (case.find(kind) for kind in ("failure", "error", "skipped") if case.find(kind) is not None), None
        )
        outcome = "passed" if problem is None else problem.tag
        message = "" if problem is None else problem.get("message", "")
        found[case.get("name", "").replace(backend, "BACKEND")] = outcome, message
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_fails_that_vitis_passes(file: Path, tmp_path: Path) -> None:
    theirs, ours = (outcomes(file, tmp_path, backend) for backend in ("Vitis", "netloom"))
    passed = {name for name, (outcome, _) in theirs.items() if outcome == "passed"}
    failed = {name: message for name, (outcome, message) in ours.items() if name in passed and outcome != "passed"}
    missing = passed - ours.keys()
    refused = {name: message for name, message in failed.items() if any(kind in message for kind in REFUSALS)}
    print(f"{file.name}: Vitis passes {len(passed)} of {len(theirs)}; refused {len(refused)}")
    for name, message in refused.items():
        print(f"  {name}: {message.splitlines()[0][:160]}")
    assert not missing
    assert failed.keys() == refused.keys(), {name: failed[name] for name in failed.keys() - refused.keys()}
