"""The tasks by name, and which of them a user's targets look like."""

from collections.abc import Mapping
from difflib import get_close_matches

import numpy as np

from netloom.errors import InputError, SettingsError
from netloom.models.data.examples import Arrays
from netloom.models.tasks.anomaly import Anomaly
from netloom.models.tasks.classification import Classification, is_one_hot
from netloom.models.tasks.control import Control
from netloom.models.tasks.detection import Detection
from netloom.models.tasks.glimpse import Glimpse
from netloom.models.tasks.measures.grammar import AMOUNTS
from netloom.models.tasks.multilabel import Multilabel
from netloom.models.tasks.next_symbol import NextSymbol, in_bits, perplexity
from netloom.models.tasks.reading import Reading
from netloom.models.tasks.regression import Reconstruction, Regression
from netloom.models.tasks.segmentation import Segmentation
from netloom.models.tasks.sentences import Sentences
from netloom.models.tasks.several import Several
from netloom.models.tasks.task import Score, Task
from netloom.models.tasks.turing import Turing
from netloom.models.tasks.written import Written

_TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Classification(),
        Regression(),
        Reconstruction(),
        Anomaly(),
        Segmentation(),
        Detection(),
        Multilabel(),
        Reading(),
        Reading("amounts", AMOUNTS),
        Control(),
        NextSymbol("characters", Score("bits_a_character", better=-1), in_bits),
        NextSymbol("language", Score("perplexity", better=-1), perplexity),
        Sentences(),
        Glimpse(),
        Turing(),
        Written(),
    )
}
_GUESSES = ("classification", "segmentation", "multilabel", "regression")
"""From the narrowest to the widest: if one split looks like the one and another like the other, it is the later."""


def tasks() -> tuple[Task, ...]:
    """All tasks."""
    return tuple(_TASKS.values())


def add_task(task: Task) -> None:
    """Make a task of one's own known by its name, for as long as this process lasts.

    Raises:
        SettingsError: if there is another one of that name.
    """
    if not task.name.isidentifier() or _TASKS.setdefault(task.name, task) is not task:
        raise SettingsError(f"a task must have a name of its own, a plain word: {task.name!r} is taken or none")


def find_task(name: str, outputs: tuple[str, ...] = ()) -> Task:
    """The task of that name: `regression`, or `OUTPUT=TASK,OUTPUT=TASK` for a network with several outputs.

    Args:
        name: of the task.
        outputs: names of several outputs, which are then all of this task.

    Raises:
        SettingsError: if there is none; the message names them.
    """
    if "=" in name:
        pairs = [part.partition("=") for part in name.split(",")]
        return Several({output.strip(): find_task(task.strip()) for output, _, task in pairs})
    if name not in _TASKS:
        close = get_close_matches(name, _TASKS, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise SettingsError(
            f"there is no task {name!r}; {hint}tasks are {', '.join(_TASKS)}, or OUTPUT=TASK,OUTPUT=TASK for several"
        )
    return Several(dict.fromkeys(outputs, _TASKS[name])) if outputs else _TASKS[name]


def read_targets(where: str, targets: Arrays | None, task: Task) -> Arrays | None:
    """Targets as their task reads them; None stays None.

    Raises:
        InputError: if they are none of its; begins with `where`.
    """
    if targets is None:
        return None
    if isinstance(targets, Mapping) and not isinstance(task, Several):
        raise InputError(f"{where} is of several outputs, and the task {task.name} of one; give one array, {where}")
    return task.read(where, targets)  # type: ignore[arg-type]  # Several takes them by name


def parts_of(task: Task) -> list[Task]:
    """The task of each output."""
    return list(task.tasks.values()) if isinstance(task, Several) else [task]


def guess_task(*targets: Arrays | None) -> Task:
    """The task that targets look like, of one or more splits of a data set; classification without any.

    Class numbers and one-hot rows are classification, whole numbers over two axes or more segmentation, rows of 0 and 1
    multilabel, all else regression.
    """
    given = [one for one in targets if one is not None]
    if given and isinstance(given[0], Mapping):
        named = [one for one in given if isinstance(one, Mapping)]
        return Several({name: guess_task(*(one[name] for one in named if name in one)) for name in given[0]})
    guesses = [_guess(np.asarray(one)) for one in given]
    return _TASKS[max(guesses, key=_GUESSES.index, default="classification")]


def _guess(array: np.ndarray) -> str:
    if array.dtype.kind not in "buif" or not array.ndim or is_one_hot(array):
        return "classification"
    values = array[np.isfinite(array)]
    if (values != np.floor(values)).any():
        return "regression"
    if array.size == len(array):
        return "classification"
    if array.ndim >= 3 and (values >= 0).all():
        return "segmentation"
    return "multilabel" if array.ndim == 2 and np.isin(values, (0, 1)).all() else "regression"
