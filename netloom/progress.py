"""What a run shows while it works: one line a stage; for what takes long a bar, or without a terminal lines."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from netloom.common.quiet import captured

if TYPE_CHECKING:
    import keras

START_SECONDS, LINE_SECONDS = 1.0, 10.0
"""Where there is no terminal: from a stage's start to the line that says so (what is refused, or kept, is so at once
and needs none), and between the lines that follow."""


class Progress:
    """Shows nothing; the base of what does."""

    def stage_started(self, name: str) -> None:
        """A stage begins."""

    def advanced(self, what: str, done: int, total: int) -> None:
        """Of `total` steps of `what`, `done` are done."""

    def began(self, what: str) -> None:
        """Something of unknown length begins."""

    def doing(self, what: str) -> None:
        """Of what has begun, this is what is being done now."""

    def said(self, line: str) -> None:
        """Something worth keeping in sight."""

    def stage_ended(self, name: str, seconds: float, reused: bool) -> None:
        """A stage is finished; `reused` if its earlier result was kept."""

    def close(self) -> None:
        """Nothing more will be shown, whatever came of the stage."""


class ConsoleProgress(Progress):
    """Shows stages and bars on the standard error stream, or lines where that is no terminal.

    It writes through its own copy of the stream, since a stage has its streams redirected to a log
    (`netloom.common.quiet`).
    """

    def __init__(self) -> None:
        self._console = Console(file=_own_stderr(), highlight=False)
        self._bars: Bars | None = None
        self._lines: Thread | None = None
        self._ended = Event()
        self._what = self._state = ""

    def stage_started(self, name: str) -> None:
        """Open a bar that moves until the stage says how far it is, or begin with lines."""
        if not self._console.is_terminal:
            self._state, self._ended = "", Event()
            self._lines = Thread(target=self._write_lines, args=(name, self._ended), daemon=True)
            self._lines.start()
        else:
            columns = (TextColumn("  {task.description:<24}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
            self._bars = Bars(
                *columns, console=self._console, transient=True, redirect_stdout=False, redirect_stderr=False
            )
            self._bars.start()
            self.began(name)

    def began(self, what: str) -> None:
        """Begin a new bar, that moves until the end is known."""
        self._state = what
        if self._bars is not None:
            for task in self._bars.task_ids:
                self._bars.remove_task(task)
            self._bars.add_task(escape(what), total=None)
            self._what = what

    def advanced(self, what: str, done: int, total: int) -> None:
        """Move the bar; a new `what` begins a new one."""
        self._state = f"{what}, {100 * done // max(1, total)} %"
        if self._bars is not None:
            if what != self._what:
                self.began(what)
            self._bars.update(self._bars.task_ids[0], completed=done, total=total)

    def doing(self, what: str) -> None:
        """Change the bar's words; it moves on."""
        self._state = what
        if self._bars is not None:
            self._bars.update(self._bars.task_ids[0], description=escape(what[:56]))

    def said(self, line: str) -> None:
        """Leave the line above the bar."""
        self._console.print(f"  {escape(line)}", soft_wrap=True)

    def stage_ended(self, name: str, seconds: float, reused: bool) -> None:
        """Leave one line in place of the bar."""
        self.close()
        self._console.print(f"[green]✓[/] {escape(name):<9} {'unchanged' if reused else f'{seconds:.1f} s':>9}")

    def close(self) -> None:
        """Take the bar away, or end the lines."""
        self._ended.set()
        if self._lines is not None:
            self._lines.join()
        if self._bars is not None:
            self._bars.stop()
        self._lines = self._bars = None

    def _write_lines(self, stage: str, ended: Event) -> None:
        """Say that a stage has started, and every now and then how far it is, until it has ended."""
        began = time.monotonic()
        if not ended.wait(START_SECONDS):
            self._console.print(f"  {escape(stage)} ...")
        while not ended.wait(LINE_SECONDS):
            seconds = f"{time.monotonic() - began:.0f} s"
            self._console.print("  " + escape(f"{stage}: {', '.join(filter(None, (self._state, seconds)))}"))


@contextmanager
def showing(name: str) -> Iterator[ConsoleProgress]:
    """The work of a command on the screen, and kept off it what that work itself writes."""
    progress = ConsoleProgress()
    progress.stage_started(name)
    with closing(progress), captured(None):
        yield progress


def keras_progress(progress: Progress, what: str) -> "keras.callbacks.Callback":
    """A Keras callback that reports every step of a training."""
    import keras

    class Steps(keras.callbacks.Callback):
        epoch = 0

        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002
            self.epoch = epoch

        def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002
            steps = self.params["steps"]
            progress.advanced(what, self.epoch * steps + batch + 1, self.params["epochs"] * steps)

    return Steps()


def _own_stderr() -> TextIO:
    with suppress(OSError, ValueError, AttributeError):  # not a file: a notebook, a test
        if sys.stderr.fileno() == 2:
            return os.fdopen(os.dup(2), "w", encoding=sys.stderr.encoding, errors="replace")
    return sys.stderr
