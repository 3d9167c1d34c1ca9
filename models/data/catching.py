"""`catching`: a small video game. A ball falls, drifts and bounces off the walls; a bat below is to catch it."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from netloom.errors import InputError
from netloom.models.data.dataset import Dataset

SIDE = 16
"""Pixels, of a square screen."""
REACH = 1
"""Pixels of the bat to each side of its middle."""
ACTIONS = ("left", "stay", "right")
"""What the bat can do: move by a pixel, or not."""
AROUND = 2 * (SIDE - 1)
"""Steps that a ball takes from one wall to the other and back."""
TRAIN, TEST = 4000, 200


@dataclass(frozen=True, eq=False)
class Positions:
    """Where everything is, in many games at once; all int64, (games,).

    Attributes:
        row: of the ball, from 1, where it is thrown; it falls a row a step to that of the bat, the last.
        phase: of the ball between the walls, 0 to `AROUND` - 1: the first half is to the right, the second back.
        speed: pixels that it drifts a step, 0 or 1.
        bat: column of its middle.
        before: the same, a step ago.
    """

    row: np.ndarray
    phase: np.ndarray
    speed: np.ndarray
    bat: np.ndarray
    before: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    @property
    def values(self) -> tuple[np.ndarray, ...]:
        """All of it, in order."""
        return self.row, self.phase, self.speed, self.bat, self.before

    @property
    def column(self) -> np.ndarray:
        """Of the ball."""
        return _column(self.phase)

    @property
    def landed(self) -> np.ndarray:
        """Whether the ball is down in the bat's row."""
        return self.row == SIDE - 1

    @property
    def caught(self) -> np.ndarray:
        """Whether the bat is below the ball, wherever that is."""
        return np.abs(self.column - self.bat) <= REACH

    @property
    def missing(self) -> np.ndarray:
        """Steps by which the bat comes too late, if it moves straight to where the ball lands; 0 if it can catch it."""
        left = SIDE - 1 - self.row
        there = _column(self.phase + left * self.speed)
        return np.maximum(np.abs(there - self.bat) - REACH - left, 0)

    def take(self, chosen: np.ndarray) -> Self:
        """Some of the games."""
        return type(self)(*(values[chosen] for values in self.values))

    def moved(self, actions: np.ndarray) -> Self:
        """A step later.

        Args:
            actions: numbers in `ACTIONS`, (games,).
        """
        bat = np.clip(self.bat + actions - 1, REACH, SIDE - 1 - REACH)
        phase = (self.phase + self.speed) % AROUND
        return type(self)(np.minimum(self.row + 1, SIDE - 1), phase, self.speed, bat, self.bat)

    def thrown(self, where: np.ndarray, random: np.random.Generator) -> Self:
        """With another ball at the top in some of the games; what is drawn does not depend on which."""
        phase, speed = _balls(len(self), random)
        row, phase, speed = (
            np.where(where, new, old) for new, old in ((1, self.row), (phase, self.phase), (speed, self.speed))
        )
        return type(self)(row, phase, speed, self.bat, self.before)

    def screens(self) -> np.ndarray:
        """What is seen of it, float32 (games, side, side, 2), 0 or 1: the screen now, and as it was a step ago."""
        seen, games = np.zeros((len(self), SIDE, SIDE, 2), np.float32), np.arange(len(self))
        seen[games, self.row, self.column, 0] = 1
        seen[games, self.row - 1, _column(self.phase - self.speed), 1] = 1
        for place, bat in enumerate((self.bat, self.before)):
            for column in range(-REACH, REACH + 1):
                seen[games, SIDE - 1, bat + column, place] = 1
        return seen

    @classmethod
    def seen(cls, screens: np.ndarray) -> Self:
        """The positions that screens show, as `screens` draws them.

        Raises:
            InputError: if they are no screens of this game.
        """
        if screens.shape[1:] != (SIDE, SIDE, 2):
            raise InputError(f"a screen of the game has the shape {(SIDE, SIDE, 2)}, not {screens.shape[1:]}")
        sky, ground = screens[:, : SIDE - 1], screens[:, SIDE - 1]
        row = sky[..., 0].any(axis=2).argmax(axis=1)
        column, earlier = (sky[..., place].any(axis=1).argmax(axis=1) for place in (0, 1))
        bat, before = (ground[..., place].argmax(axis=1) + REACH for place in (0, 1))
        found = cls(
            np.maximum(row, 1),
            np.where(column >= earlier, column, AROUND - column) % AROUND,
            np.minimum(np.abs(column - earlier), 1),
            *np.clip([bat, before], REACH, SIDE - 1 - REACH),
        )
        wrong = np.flatnonzero((found.screens() != screens).any(axis=(1, 2, 3)))
        if len(wrong):
            raise InputError(f"sample {wrong[0]} is no screen of the game; `Positions.screens` draws them")
        return found


def _column(phase: np.ndarray) -> np.ndarray:
    phase = phase % AROUND
    return np.minimum(phase, AROUND - phase)


def _balls(games: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Phases and speeds, drawn."""
    return random.integers(AROUND, size=games), random.integers(2, size=games)


def drawn_positions(games: int, random: np.random.Generator) -> Positions:
    """Anywhere in a game, with a ball on its way that can still be caught."""
    many = 8 * games
    phase, speed = _balls(many, random)
    row, bat = random.integers(1, SIDE - 1, size=many), random.integers(REACH, SIDE - REACH, size=many)
    before = np.clip(bat + random.integers(-1, 2, size=many), REACH, SIDE - 1 - REACH)
    found = Positions(row, phase, speed, bat, before)
    return found.take(np.flatnonzero(found.missing == 0)[:games])


def load_catching() -> Dataset:
    """x: screens of positions from which every ball can be caught, (samples, 16, 16, 2), as `Positions.screens`."""
    x_train, x_test = (
        drawn_positions(count, np.random.default_rng(seed)).screens() for seed, count in enumerate((TRAIN, TEST))
    )
    source = f"a ball game (drawn), {TRAIN:,} train and {TEST:,} test positions on a screen {SIDE}x{SIDE}"
    why = "what a move was worth shows when the game is played on"
    return Dataset(x_train, None, x_test, None, ACTIONS, source, why, "control")
