"""What a run shows: on a terminal a bar, which leaves it as it was.

Without one a line as a stage starts, lines while it works, a line as it ends.
"""

import io
import time

import pytest

from netloom import progress
from netloom.progress import ConsoleProgress, showing


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setattr(progress, "_own_stderr", lambda: stream)
    monkeypatch.setattr(progress, "START_SECONDS", 0.05)
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.1)
    return stream


def wait_for(words: str, screen: io.StringIO) -> None:
    for _ in range(500):
        if words in screen.getvalue():
            return
        time.sleep(0.02)
    raise AssertionError(f"{words!r} is not in {screen.getvalue()!r}")


def test_long_work_without_a_terminal_says_how_far_it_is(screen: io.StringIO) -> None:
    shown = ConsoleProgress()
    shown.stage_started("simulate")
    wait_for("  simulate ...\n", screen)
    shown.began("compiling [the] firmware")
    wait_for("  simulate: compiling [the] firmware, 0 s\n", screen)
    shown.advanced("engines", 30, 120)
    wait_for("  simulate: engines, 25 %, ", screen)
    shown.doing("seed 1: routing")
    wait_for("  simulate: seed 1: routing, ", screen)
    shown.stage_ended("simulate", 1.25, reused=False)
    lines = screen.getvalue().splitlines()
    assert lines[-1].split() == ["✓", "simulate", "1.2", "s"]
    time.sleep(0.3)
    assert screen.getvalue().splitlines() == lines


def test_what_is_over_at_once_is_one_line(screen: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "START_SECONDS", 60)
    shown = ConsoleProgress()
    shown.stage_started("convert")
    shown.stage_ended("convert", 3.0, reused=True)
    shown.stage_started("simulate")
    shown.close()
    assert len(screen.getvalue().splitlines()) == 1


CURSOR_SHOWN = "\x1b[?25h"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    stream = Terminal()
    monkeypatch.setattr(progress, "_own_stderr", lambda: stream)
    monkeypatch.setenv("TERM", "xterm")
    return stream


def test_a_bar_on_a_terminal(terminal: Terminal) -> None:
    shown = ConsoleProgress()
    shown.stage_started("train")
    shown.advanced("epochs", 1, 2)
    shown.stage_ended("train", 1.25, reused=False)
    output = terminal.getvalue()
    assert "━" in output and "epochs" in output and "50%" in output
    assert output.count(CURSOR_SHOWN) == 1
    assert "train" in output.rpartition(CURSOR_SHOWN)[2]


def test_the_terminal_is_restored_after_an_interrupt(terminal: Terminal) -> None:
    with pytest.raises(KeyboardInterrupt), showing("train"):
        raise KeyboardInterrupt
    assert terminal.getvalue().count(CURSOR_SHOWN) == 1
