"""`control`: which action is best in a game, by what it is worth; judged by playing."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from netloom.errors import InputError
from netloom.models.data.catching import ACTIONS, Positions
from netloom.models.data.examples import Examples, only
from netloom.models.tasks.task import Outputs, Predict, Score, Task, name_of

BALLS = 4
"""That are thrown in a game."""


class Control(Task):
    """One score an action, what it is worth; the largest is taken. The game is the ball game of `netloom.models`.

    Samples are screens of positions, and there are no targets: the network is judged by playing on from there. Nobody
    says what an action is worth but a network that has played: fine-tuning learns from the float model's outputs.
    """

    name = "control"
    scores = (Score("return_of_best", "%"), Score("balls_caught", "%"))
    has_targets = False
    alone = True

    def read(self, where: str, array: np.ndarray) -> np.ndarray:
        """There are none to read."""
        del array
        raise InputError(f"{where}: the task {self.name} has no targets, a network is judged by playing; leave it out")

    def loss(self, model: Any, output: int = 0) -> Any:
        """Mean squared error of what actions are worth."""
        del model, output
        return "mse"

    def wanted(self, examples: Examples) -> None:
        """Nobody knows."""
        del examples

    def evaluate(self, predict: Predict, examples: Examples) -> dict[str, float]:
        """What games that are played on from the samples return, a point for a ball caught and one less for a ball
        missed, as a share of the best, which is to catch all; and the share of balls that are caught.

        Raises:
            InputError: if the samples are no screens of the game, or there is not an output an action.
        """
        screens = only(examples.x)
        position = Positions.seen(screens)
        random, caught, balls = np.random.default_rng(0), 0, np.zeros(len(position), np.int64)
        while (playing := np.flatnonzero(balls < BALLS)).size:
            everyone = len(playing) == len(position)
            values = only(predict(screens if everyone else screens[playing]))
            if values.shape[1:] != (len(ACTIONS),):
                raise InputError(f"outputs must be (samples, {len(ACTIONS)}), one an action, not {values.shape}")
            actions = np.ones(len(position), np.int64)
            actions[playing] = self.decode(values)
            position = position.moved(actions)
            caught += int((position.landed & position.caught & (balls < BALLS)).sum())
            balls += position.landed
            position = position.thrown(position.landed, random)
            screens = position.screens()
        share = caught / (BALLS * len(position))
        return {"return_of_best": 2 * share - 1, "balls_caught": share}

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Nothing follows from outputs alone."""
        del outputs, targets
        return {}

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """The best action of each sample, int64, (samples,)."""
        best: np.ndarray = outputs.reshape(len(outputs), -1).argmax(axis=1)
        return best

    def classes(self, outputs: Outputs, labelled: bool) -> int | None:
        """As many as there are actions."""
        del outputs, labelled
        return len(ACTIONS)

    def words(self, output: np.ndarray, names: Sequence[str]) -> str:
        """The action and what it is worth."""
        best = int(self.decode(output[None])[0])
        return f"{name_of(names or ACTIONS, best)} ({np.ravel(output)[best]:.2f})"
