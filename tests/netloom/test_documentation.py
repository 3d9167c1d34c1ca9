"""Every command in README and docs is one that the command line takes."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from netloom.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"^ {4}netloom ([a-z].*)$", re.MULTILINE)
REMARK = re.compile(r"\s{2,}.*|\s#.*")


def commands(page: Path) -> list[list[str]]:
    """The arguments of each command in a page's blocks, without what is said beside it."""
    return [shlex.split(REMARK.sub("", found)) for found in COMMAND.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_taken_as_they_are_written(page):
    group = typer.main.get_command(app)
    context = group.context_class(group, info_name="netloom")
    for arguments in commands(page):
        _, command, rest = group.resolve_command(context, list(arguments))
        command.make_context(arguments[0], rest, parent=context)


def test_there_are_some():
    assert sum(len(commands(page)) for page in PAGES) > 30
    assert ["networks"] in commands(ROOT / "README.md")
