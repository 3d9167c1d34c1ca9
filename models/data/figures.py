"""`figures`: drawn pictures of bars and discs, with somebody among them or not."""

import numpy as np

from netloom.models.data.dataset import Dataset

SIDE = 96
TRAIN, TEST = 1600, 400
CLUTTER = 4
"""Bars and discs in the ground, of any colour."""
NOISE = 0.06
"""Standard deviation, of 1."""

Stroke = tuple[float, float, float, float, float]
"""Row and column of one end, of the other, and half of the width; a disc has its ends together."""


def load_figures() -> Dataset:
    """x: (samples, 96, 96, 3), 0 to 255/256 in steps of 1/256; class 1 with somebody in the picture, else 0. The same
    ones every time.
    """
    (x_train, y_train), (x_test, y_test) = (draw_figures(count, seed) for seed, count in enumerate((TRAIN, TEST)))
    source = f"stand-in for Visual Wake Words: drawn figures, {TRAIN:,} train and {TEST:,} test pictures {SIDE}x{SIDE}"
    return Dataset(x_train, y_train, x_test, y_test, ("nobody", "somebody"), source)


def draw_figures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of bars and discs of any size and colour, and in every other one somebody in front of them.

    Args:
        count: of pictures.
        seed: of all that is drawn.

    Returns:
        float32 (count, 96, 96, 3), and 1 where somebody is in it, int64 (count,).
    """
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(count, dtype=np.int64) % 2)
    return np.stack([_picture(random, bool(label)) for label in labels]), labels


def _picture(random: np.random.Generator, somebody: bool) -> np.ndarray:
    """(96, 96, 3)."""
    tall, middle = random.uniform(48, 84), random.uniform((36, 30), (60, 66))
    parts = _parts(random) if somebody else []
    drawn = [tuple(np.array(part) * tall + np.array([*middle, *middle, 0])) for part in parts]
    ground = [(*random.uniform(0, SIDE, 4), random.uniform(1, 6)) for _ in range(CLUTTER)]
    picture = np.tile(random.uniform(0.1, 0.9, 3), (SIDE, SIDE, 1))
    picture += np.linspace(-1, 1, SIDE)[:, None, None] * random.uniform(-0.2, 0.2)
    coat, skin, trousers = random.uniform(0, 1, (3, 3))
    colours = [skin, coat, coat, coat, trousers, trousers][: len(drawn)]
    for stroke, colour in zip([*ground, *drawn], [*random.uniform(0, 1, (CLUTTER, 3)), *colours], strict=True):
        picture[_covered(stroke)] = colour
    picture += random.normal(0, NOISE, picture.shape)
    return (np.clip(np.floor(picture * 256), 0, 255) / 256).astype(np.float32)


def _parts(random: np.random.Generator) -> list[Stroke]:
    """Head, trunk, two arms, two legs of somebody one unit tall, in whatever posture, about the middle."""
    lean, spread = random.uniform(-0.06, 0.06), random.uniform(0.04, 0.16, 2)
    arms, raised = random.uniform(0.14, 0.24, 2), random.uniform(-0.22, 0.25, 2)
    stout = random.uniform(0.06, 0.1)
    neck, hip = (-0.26, lean), (0.06, 0.0)
    sides = (-1, 1)
    return [
        (-0.4, 1.3 * lean, -0.4, 1.3 * lean, 0.085),
        (*neck, *hip, stout),
        *((-0.24, lean, -0.24 + up, lean + s * reach, 0.03) for s, reach, up in zip(sides, arms, raised, strict=True)),
        *((*hip, 0.5, side * apart, 0.04) for side, apart in zip(sides, spread, strict=True)),
    ]


def _covered(stroke: Stroke) -> np.ndarray:
    """Which pixels a stroke covers, (96, 96)."""
    down, right = stroke[2] - stroke[0], stroke[3] - stroke[1]
    rows, columns = np.arange(SIDE)[:, None] - stroke[0], np.arange(SIDE) - stroke[1]
    share = np.clip((rows * down + columns * right) / max(down**2 + right**2, 1e-9), 0, 1)
    covered: np.ndarray = (rows - share * down) ** 2 + (columns - share * right) ** 2 <= stroke[4] ** 2
    return covered
