"""A training's progress on the terminal. Imports Keras, so `netloom.models` imports this on first use."""

from types import TracebackType
from typing import Any, Self

import keras
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


def _summary(logs: dict[str, float] | None) -> str:
    """'loss 0.0731  accuracy 0.9812  val_loss ...'."""
    return "  ".join(f"{name} {value:.4f}" for name, value in (logs or {}).items())


class RichProgress(keras.callbacks.Callback):
    """A progress bar over all steps of a training; where the output is no terminal, one line an epoch.

    Use it as a context manager, so that the terminal is restored whatever ends the training:

        with RichProgress("training lenet") as progress:
            train(model, dataset, training, callbacks=[progress])
    """

    def __init__(self, description: str, console: Console | None = None) -> None:
        """`description` stands before the bar; `console` is standard error unless given."""
        super().__init__()
        self._description = description
        self._console = console or Console(stderr=True)
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002, D102
        if not self._console.is_terminal:
            return
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[summary]}"),
            TimeRemainingColumn(),
            console=self._console,
        )
        total = self.params["epochs"] * self.params["steps"]
        self._task = self._bar.add_task(self._description, total=total, summary="")
        self._bar.start()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002, D102
        if self._bar is not None:
            self._bar.advance(self._task)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: D102
        epochs = self.params["epochs"]
        progress = f"epoch {epoch + 1:>{len(str(epochs))}}/{epochs}"
        if self._bar is not None:
            self._bar.update(self._task, summary=f"{progress}  {_summary(logs)}")
        else:
            self._console.print(f"{self._description}: {progress}  {_summary(logs)}", highlight=False, soft_wrap=True)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002, D102
        self._stop()

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
