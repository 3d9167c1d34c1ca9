"""`cheques`: amounts of money, written with the digits of MNIST, which touch."""

from collections.abc import Sequence

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.examples import only
from netloom.models.data.mnist import MNIST
from netloom.models.tasks.measures.grammar import AMOUNTS

HEIGHT, WIDTH, LONGEST = 28, 160, 9
TRAIN, TEST = 10_000, 2000
CLOSEST, FURTHEST = -3, 2
"""Columns from the ink of one symbol to that of the next: they overlap, touch, or stand apart."""
SYMBOLS = ("", *AMOUNTS.symbols)
"""By their numbers; 0 is nothing."""
UP_OR_DOWN = 2
"""Rows by up to which a digit is shifted."""


def load_cheques() -> Dataset:
    """Strips, x: (samples, 28, 160, 1), 0 to 255/256 in steps of 1/256. The same ones every time.

    Test strips are written with the digits of MNIST's test split. y: (samples, 9), numbers of symbols from 1, filled
    up with 0.
    """
    mnist = MNIST.load()
    assert mnist.y_train is not None and mnist.y_test is not None
    x_train, y_train = draw_strips(only(mnist.x_train), only(mnist.y_train), TRAIN, 0)
    x_test, y_test = draw_strips(only(mnist.x_test), only(mnist.y_test), TEST, 1)
    source = f"amounts drawn of {mnist.source.split(',')[0]}, {TRAIN:,} train and {TEST:,} test strips {HEIGHT}x{WIDTH}"
    return Dataset(x_train, y_train, x_test, y_test, SYMBOLS, source, task="amounts")


def draw_strips(images: np.ndarray, labels: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Amounts as they are likely in `AMOUNTS`, each digit an image drawn of those there are.

    Args:
        images: of digits, (images, 28, 28, 1), 0 to 1.
        labels: their numbers, (images,).
        count: of strips.
        seed: of all that is drawn.

    Returns:
        The strips, float32 (count, 28, 160, 1), and their symbols, int64 (count, 9).
    """
    random = np.random.default_rng(seed)
    by_digit = [np.flatnonzero(labels == digit) for digit in range(10)]
    strips, strings = np.zeros((count, HEIGHT, WIDTH, 1), np.float32), np.zeros((count, LONGEST), np.int64)
    for strip, string in zip(strips, strings, strict=True):
        text = AMOUNTS.draw(random)
        string[: len(text)] = [AMOUNTS.symbols.index(symbol) + 1 for symbol in text]
        while True:
            glyphs = [
                _digit(images[random.choice(by_digit[int(symbol)]), ..., 0], random)
                if symbol.isdigit()
                else _mark(symbol, random)
                for symbol in text
            ]
            gaps = random.integers(CLOSEST, FURTHEST + 1, len(glyphs))
            if _place(strip[..., 0], glyphs, gaps, random):
                break
    return strips, strings


def _place(strip: np.ndarray, glyphs: Sequence[np.ndarray], gaps: np.ndarray, random: np.random.Generator) -> bool:
    """Write them one beside the other, somewhere along the strip; False if they do not fit in."""
    widths = np.array([glyph.shape[1] for glyph in glyphs])
    starts = np.append(0, np.cumsum(np.maximum(1, widths + gaps))[:-1])
    slack = WIDTH - int((starts + widths).max())
    if slack < 0:
        return False
    for glyph, start in zip(glyphs, starts + random.integers(slack + 1), strict=True):
        part = strip[:, start : start + glyph.shape[1]]
        np.maximum(part, glyph, out=part)
    return True


def _digit(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The columns of an image in which there is ink, a little higher or lower."""
    inked, shift = np.flatnonzero(image.any(axis=0)), random.integers(2 * UP_OR_DOWN + 1)
    shifted = np.pad(image, ((UP_OR_DOWN, UP_OR_DOWN), (0, 0)))[shift : shift + HEIGHT]
    return shifted[:, inked[0] : inked[-1] + 1]


def _mark(symbol: str, random: np.random.Generator) -> np.ndarray:
    """A point, or a comma: a point with a tail, in rows 19 to 27."""
    rows, columns = np.mgrid[:HEIGHT, :7].astype(float)
    row, column, radius = 21 + random.uniform(-1, 1), 3 + random.uniform(-0.5, 0.5), random.uniform(1.1, 1.6)
    far = np.hypot(rows - row, columns - column)
    ink = np.clip(radius + 0.5 - far, 0, 1)
    if symbol == ",":
        length, slant = random.uniform(3, 5), random.uniform(0.3, 0.7)
        along = np.clip(rows - row, 0, length)
        ink = np.maximum(ink, np.clip(1.3 - np.hypot(rows - row - along, columns - column + slant * along), 0, 1))
    inked = np.flatnonzero(ink.any(axis=0))
    return (np.floor(ink[:, inked[0] : inked[-1] + 1] * 255) / 256).astype(np.float32)
