"""`blocks`: pictures of two coloured things, drawn, and a sentence that says what they are and how they lie."""

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.examples import as_floats
from netloom.models.data.vocabulary import Vocabulary, moved_on

SIDE, THING = 24, 7
"""Pixels of a picture and of a thing."""
SHAPES = ("square", "disc", "cross")
COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "yellow": (1, 1, 0)}
RELATIONS = (("left", "of"), ("above",))
"""Of the first thing to the second: which comes first is settled by that."""
CAPTIONS = Vocabulary(("a", *COLOURS, *SHAPES, "left", "of", "above"))
CAPTION_WORDS = 9
"""Of the longest, `a red square left of a blue disc`, and its end."""
TRAIN, TEST = 12_000, 1_000
NOISE = 0.2
"""Of every colour of a pixel where there is nothing, up to this."""


def _shapes() -> np.ndarray:
    """(shapes, 7, 7), 1 where there is something."""
    rows, columns = np.mgrid[-3:4, -3:4]
    cross = (abs(rows) < 2) | (abs(columns) < 2)
    return np.stack([np.ones((THING, THING), bool), rows**2 + columns**2 <= 10, cross])


def draw_blocks(count: int, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Pictures and what is to be said of them.

    Returns:
        `picture`, float32 (count, 24, 24, 5), multiples of 1/64 from 0 to 1: red, green, blue, and how far right and
        how far down a pixel is, which convolutions do not know; `said`, uint8 (count, 9): the words before each. The
        words, int64 (count, 9).
    """
    random, masks = np.random.default_rng(seed), _shapes()
    pictures = np.zeros((count, SIDE, SIDE, 5))
    pictures[..., :3] = random.random((count, SIDE, SIDE, 3)) * NOISE
    pictures[..., 3] = np.arange(SIDE) / SIDE
    pictures[..., 4] = np.arange(SIDE)[:, None] / SIDE
    sentences = []
    for picture in pictures:
        relation = random.integers(len(RELATIONS))
        last = SIDE - THING
        first = random.integers(0, last - THING + 1)
        second = random.integers(first + THING, last + 1)
        across = random.integers(0, last + 1)
        aside = np.clip(across + random.integers(-3, 4), 0, last)
        words: list[str] = []
        for along, other in ((first, across), (second, aside)):
            row, column = (other, along) if relation == 0 else (along, other)
            shape, colour = random.integers(len(SHAPES)), random.integers(len(COLOURS))
            picture[row : row + THING, column : column + THING, :3][masks[shape]] = list(COLOURS.values())[colour]
            words += ["a", list(COLOURS)[colour], SHAPES[shape]]
        sentences.append([*words[:3], *RELATIONS[relation], *words[3:]])
    target = CAPTIONS.rows(sentences, CAPTION_WORDS)
    x = np.round(pictures * 64) / 64
    return {"picture": x.astype(np.float32), "said": moved_on(target).astype(np.uint8)}, target


def load_blocks() -> Dataset:
    """Drawn with fixed seeds."""
    (x_train, y_train), (x_test, y_test) = draw_blocks(TRAIN, 0), draw_blocks(TEST, 1)
    source = (
        f"two things in a picture {SIDE}x{SIDE} (drawn), {TRAIN:,} train and {TEST:,} test pictures with a sentence"
    )
    return Dataset(x_train, y_train, as_floats(x_test), y_test, CAPTIONS.names, source, task="sentences")
