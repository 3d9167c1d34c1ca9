"""A run directory of others, and what a command says of it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from netloom.cli.app import app
from netloom.common.files import sha256
from netloom.common.lock import LOCK_FILE
from netloom.pipeline.running import LOG_FILE

pytest.importorskip("qkeras")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(result: Result) -> str:
    assert result.exit_code == 2, result.output
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("netloom:")]
    return line


def content(folder: Path) -> dict[str, str]:
    passing = (LOG_FILE, LOCK_FILE)
    return {str(p): sha256(p) for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in passing}
