"""How far a score may be off because the test set is what it is."""

import numpy as np

from netloom.models.data.examples import Arrays, Examples, as_list, take
from netloom.models.tasks import Outputs, Predict, Task

SMALL = 2000
"""Test sets of fewer samples, or groups of them, are said with the standard error of their scores."""
_DRAWS = 200
_PARTS = 20


def standard_error(
    task: Task,
    outputs: list[np.ndarray],
    tests: Examples,
    score: str,
    together: int = 1,
    engine: Predict | None = None,
) -> float | None:
    """The standard error of a score, by measuring it on samples drawn again from the test set, with replacement.

    Where the outputs of other inputs are asked for, as of a network that is told what it has said, each of 20 parts of
    the test set is measured by itself instead: their standard deviation by the root of 20 (method of batch means).

    Args:
        task: what the network is for.
        outputs: of one engine on all of `tests`, (samples, *output shape) of each output.
        tests: the test samples.
        score: name of the score.
        together: so many samples in a row are of one thing, and drawn together: tiles of an image are as alike as the
            image is, and by themselves would make the error too small.
        engine: gives the outputs of other inputs.

    Returns:
        In the score's own unit; None if the score is not there, or does not follow from these outputs alone and there
        is no engine.
    """
    random, found = np.random.default_rng(0), []
    things = np.split(np.arange(len(tests)), range(together, len(tests), together))
    for _ in range(_DRAWS):
        chosen = np.concatenate([things[number] for number in random.integers(0, len(things), len(things))])
        drawn = Examples(take(tests.x, chosen), None if tests.y is None else take(tests.y, chosen))
        given = [one[chosen].astype(np.float64) for one in outputs]

        def predict(x: Arrays, drawn: Examples = drawn, given: list[np.ndarray] = given) -> Outputs:
            if any(one is not known for one, known in zip(as_list(x), as_list(drawn.x), strict=True)):
                raise _OtherInputsError
            return given[0] if len(given) == 1 else given

        try:
            scores = task.evaluate(predict, drawn)
        except _OtherInputsError:
            return None if engine is None else _of_parts(task, engine, tests, score, things)
        if score not in scores:
            return None
        found.append(scores[score])
    return float(np.std(found))


def _of_parts(task: Task, engine: Predict, tests: Examples, score: str, things: list[np.ndarray]) -> float | None:
    found = []
    for part in np.array_split(np.arange(len(things)), min(_PARTS, len(things))):
        chosen = np.concatenate([things[number] for number in part])
        own = Examples(take(tests.x, chosen), None if tests.y is None else take(tests.y, chosen))
        found.append(task.evaluate(engine, own).get(score))
    values = [one for one in found if one is not None]
    return float(np.std(values, ddof=1) / len(values) ** 0.5) if len(values) == len(found) > 1 else None


class _OtherInputsError(Exception):
    """A task has asked for outputs of other inputs than the test samples."""
