"""`films`: the bundled digits in motion, drawn. A single frame does not show where one is going."""

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.digits import load_digits
from netloom.models.data.examples import only

FRAMES, SIDE, SPEEDS = 5, 12, (1, 2)
NOISE = 0.25
"""Standard deviation, of the grey levels 0 to 1."""
TRAIN, TEST = 6000, 1000
MOVEMENTS = {
    "still": (0, 0),
    "up": (-1, 0),
    "up right": (-1, 1),
    "right": (0, 1),
    "down right": (1, 1),
    "down": (1, 0),
    "down left": (1, -1),
    "left": (0, -1),
    "up left": (-1, -1),
}
"""Rows and columns from one frame to the next, at a speed of one."""


def load_films() -> Dataset:
    """Films, x: (samples, frames, 12, 12, 1), 0 to 1 in steps of 1/16; 9 movements. The same ones every time.

    The digits of test films are those of the test split of `digits`.
    """
    digits = load_digits()
    (x_train, y_train), (x_test, y_test) = (
        draw_films(only(pixels).reshape(-1, 8, 8), count, seed)
        for seed, (pixels, count) in enumerate(((digits.x_train, TRAIN), (digits.x_test, TEST)))
    )
    source = f"drawn from scikit-learn digits, {TRAIN:,} train and {TEST:,} test films of {FRAMES} frames {SIDE}x{SIDE}"
    return Dataset(x_train, y_train, x_test, y_test, tuple(MOVEMENTS), source)


def draw_films(digits: np.ndarray, count: int, seed: int, noise: float = NOISE) -> tuple[np.ndarray, np.ndarray]:
    """Films of a digit that moves steadily, or not at all, over a noisy ground.

    What leaves on one side comes back on the other, and where it starts is drawn: so every place is as likely in every
    frame, whatever the movement.

    Args:
        digits: (digits, 8, 8), 0 to 1.
        count: of films; as many of each movement, but for a remainder.
        seed: of all that is drawn.
        noise: standard deviation of what is added to each pixel.

    Returns:
        The films, float32 (count, frames, side, side, 1), 0 to 1 in steps of 1/16, and the number of each one's
        movement, int64 (count,).
    """
    random = np.random.default_rng(seed)
    movements = random.permutation(np.arange(count, dtype=np.int64) % len(MOVEMENTS))
    steps = np.array(list(MOVEMENTS.values()))[movements] * random.choice(SPEEDS, (count, 1))
    shift = random.integers(SIDE, size=(count, 1, 2)) + np.arange(FRAMES)[:, None] * steps[:, None]
    rows, columns = ((np.arange(SIDE) - shift[..., axis, None]) % SIDE for axis in (0, 1))
    around = SIDE - digits.shape[1]
    pictures = np.pad(digits, ((0, 0), (0, around), (0, around)))[random.integers(len(digits), size=count)]
    films = pictures[np.arange(count)[:, None, None, None], rows[..., :, None], columns[..., None, :]]
    films = np.clip(films + random.normal(0, noise, films.shape), 0, 1)
    return (np.round(films * 16) / 16).astype(np.float32)[..., None], movements
