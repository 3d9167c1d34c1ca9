"""netloom's tests of what it takes from hls4ml, with another version of it, and what comes of them, as a table.

    python tests/support/hls4ml_versions.py 1.3.0
    python tests/support/hls4ml_versions.py ../hls4ml --environment /tmp/hls4ml

makes an environment of its own, installs this folder with all its extras there and then that version of hls4ml (a
number, or a folder of its source), runs `TESTS`, and puts a row into docs/hls4ml_versions.md. It exits as pytest does.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "hls4ml_versions.md"
TESTS = (
    "tests/netloom/backend",
    "tests/hls/test_handlers.py",
    "tests/hls/converter",
    "tests/hls/layers",
    "tests/sim/test_csim.py",
)
"""The backend, the handlers, the graph that is lowered, netloom's own layers in hls4ml, and its compiled C++."""

TABLE = "| hls4ml | netloom's commit | day | passed | failed | skipped | what failed |\n|---|---|---|---|---|---|---|\n"


def installed(version: str, environment: Path) -> Path:
    """The Python of an environment with netloom and a version of hls4ml; an environment that is there is used again."""
    python = environment / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([*pip, "--constraint", "constraints.txt", "-e", ".[dev]"], cwd=ROOT, check=True)
    source = str(Path(version).resolve()) if Path(version).is_dir() else f"hls4ml=={version}"
    # netloom itself asks for one version alone.
    subprocess.run([*pip, "--no-deps", "--force-reinstall", source], cwd=ROOT, check=True)
    return python


def counts(summary: str) -> tuple[int, int, int]:
    """Passed, failed (errors too) and skipped, of pytest's last line."""
    found = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|errors?|skipped)", summary)}
    failed = found.get("failed", 0) + found.get("error", 0) + found.get("errors", 0)
    return found.get("passed", 0), failed, found.get("skipped", 0)


def row(name: str, commit: str, output: str) -> str:
    """A row of the table, of what pytest printed."""
    lines = output.strip().splitlines()
    passed, failed, skipped = counts(lines[-1] if lines else "")
    tests = [test.rpartition("/")[2] for test in re.findall(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)]
    told = "; ".join(f"`{test}`" for test in tests[:8]) + ("; ..." if len(tests) > 8 else "")
    day = datetime.now(UTC).date().isoformat()
    return f"| {name} | {commit} | {day} | {passed} | {failed} | {skipped} | {told} |"


def with_row(page: str, new: str) -> str:
    """The page with a row; it takes the place of an earlier one of that version."""
    head, _, rest = page.partition(TABLE)
    kept = [line for line in rest.splitlines() if line.split("|")[1:2] != new.split("|")[1:2]]
    return f"{head}{TABLE}" + "\n".join(sorted([*kept, new])) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version", help="number, or folder of its source")
    parser.add_argument("--environment", type=Path, help="where it is kept; made anew and removed if left out")
    parser.add_argument("--name", help="of the row; the version that is installed if left out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        python = installed(options.version, options.environment or Path(folder) / "environment")
        asked = "import importlib.metadata as m; print(m.version('hls4ml'))"
        version = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()
        done = subprocess.run(
            [python, "-m", "pytest", "-q", "-m", "not slow", "--tb=line", *TESTS],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    print(done.stdout[-20_000:])
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    new = row(options.name or version, commit.stdout.strip(), done.stdout)
    PAGE.write_text(with_row(PAGE.read_text(encoding="utf-8"), new), encoding="utf-8")
    print(new)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
