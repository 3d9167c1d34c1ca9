"""`glimpses`: a digit in a larger scene among scraps of others; a fovea sees a part of it well, the rest badly."""

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.examples import only
from netloom.models.data.mnist import MNIST

SCENE, FOVEA = 60, 28
"""Pixels of a scene to a side, and of what the fovea sees of it."""
COARSE, HALF = 4, 2
"""Pixels of a scene to a side that are one in what is seen badly, and in what a net without a fovea sees."""
PLACES, APART = 5, 8
"""To a side, where the fovea can be; and how far they are apart, in pixels."""
MIDDLE = PLACES * (PLACES // 2) + PLACES // 2
"""The place of the first look."""
SCRAPS, SCRAP = 4, 7
"""Of other digits, that are in a scene; and their height and width."""
AT_A_TIME = 1_000
"""Scenes that are spread out as floats together."""


def draw_worlds(images: np.ndarray, labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scenes, of each image one.

    Args:
        images: of digits, (images, 28, 28), 0 to 255/256 in steps of 1/256.
        labels: the digits, (images,).
        seed: of where they are, and of the scraps.

    Returns:
        Worlds, uint8 (images, 1 + 60 * 60): the digit, then the scene's pixels row by row, of 256 grey levels. The
        place of the fovea that has most of the digit, (images,).
    """
    random = np.random.default_rng(seed)
    levels = np.round(images * 256).astype(np.uint8)
    scenes = np.zeros((len(images), SCENE, SCENE), np.uint8)
    others = random.integers(0, len(images), (len(images), SCRAPS))
    torn = random.integers(4, FOVEA - SCRAP - 3, (*others.shape, 2))
    put = random.integers(0, SCENE - SCRAP + 1, (*others.shape, 2))
    corners = random.integers(0, SCENE - FOVEA + 1, (len(images), 2))
    for scene, image, corner, *scraps in zip(scenes, levels, corners, others, torn, put, strict=True):
        for other, (row, column), place in zip(*scraps, strict=True):
            _over(scene, levels[other, row : row + SCRAP, column : column + SCRAP], place)
        _over(scene, image, corner)
    best = np.round(corners / APART).astype(np.int64) @ (PLACES, 1)
    return np.concatenate([labels[:, None].astype(np.uint8), scenes.reshape(len(scenes), -1)], axis=1), best


def _over(scene: np.ndarray, part: np.ndarray, corner: np.ndarray) -> None:
    top, left = corner
    there = scene[top : top + len(part), left : left + len(part)]
    np.maximum(there, part, out=there)


def scenes_of(worlds: np.ndarray) -> np.ndarray:
    """The scenes in worlds, float32 (worlds, 60, 60), 0 to 255/256."""
    return worlds[:, 1:].reshape(-1, SCENE, SCENE).astype(np.float32) / 256


def seen_badly(scenes: np.ndarray, pixels: int = COARSE) -> np.ndarray:
    """Means over so many pixels to a side, float32 (scenes, 60 / pixels, 60 / pixels, 1), in steps of 1/256."""
    side = SCENE // pixels
    means = scenes.reshape(-1, side, pixels, side, pixels).mean(axis=(2, 4))
    return (np.floor(means * 256) / 256).astype(np.float32)[..., None]


def seen_at(scenes: np.ndarray, places: np.ndarray) -> np.ndarray:
    """What the fovea sees of each scene at a place, (scenes, 28, 28, 1); places are 0 to 24, row by row."""
    along, index = np.arange(FOVEA), np.arange(len(scenes))[:, None, None]
    rows, columns = (places // PLACES) * APART, (places % PLACES) * APART
    found: np.ndarray = scenes[index, (rows[:, None] + along)[:, :, None], (columns[:, None] + along)[:, None, :]]
    return found[..., None]


def looks(worlds: np.ndarray, places: np.ndarray) -> dict[str, np.ndarray]:
    """What is seen of worlds, the fovea at places: `coarse`, (worlds, 15, 15, 1), `fovea`, (worlds, 28, 28, 1)."""
    coarse = np.empty((len(worlds), SCENE // COARSE, SCENE // COARSE, 1), np.float32)
    fovea = np.empty((len(worlds), FOVEA, FOVEA, 1), np.float32)
    for start in range(0, len(worlds), AT_A_TIME):
        part = slice(start, start + AT_A_TIME)
        scenes = scenes_of(worlds[part])
        coarse[part], fovea[part] = seen_badly(scenes), seen_at(scenes, places[part])
    return {"coarse": coarse, "fovea": fovea}


def _worlds() -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Those to train on, the place of the digit in each, those to test on, and their source."""
    mnist = MNIST.load()
    assert mnist.y_train is not None and mnist.y_test is not None  # MNIST has labels
    parts = (mnist.x_train, mnist.y_train), (mnist.x_test, mnist.y_test)
    (train, best), (test, _) = (draw_worlds(only(x)[..., 0], only(y), seed) for seed, (x, y) in enumerate(parts))
    return (
        train,
        best,
        test,
        f"drawn of {mnist.source.split(',')[0]}, {len(train):,} train and {len(test):,} test scenes",
    )


def load_glimpses() -> Dataset:
    """x: `looks`, at the digit to train on, at the middle to test on; y: worlds, in which a network may look about."""
    train, best, test, source = _worlds()
    x_train, x_test = looks(train, best), looks(test, np.full(len(test), MIDDLE))
    return Dataset(x_train, train, x_test, test, tuple("0123456789"), f"{source} {SCENE}x{SCENE}", task="glimpse")


def _overviews(worlds: np.ndarray) -> np.ndarray:
    starts = range(0, len(worlds), AT_A_TIME)
    return np.concatenate([seen_badly(scenes_of(worlds[start : start + AT_A_TIME]), HALF) for start in starts])


def load_overviews() -> Dataset:
    """x: the same scenes at half their size, (samples, 30, 30, 1), for a net that does not look about; y: digits."""
    train, _, test, source = _worlds()
    x_train, x_test = (_overviews(worlds) for worlds in (train, test))
    y_train, y_test = (worlds[:, 0].astype(np.int64) for worlds in (train, test))
    side = SCENE // HALF
    return Dataset(x_train, y_train, x_test, y_test, tuple("0123456789"), f"{source}, seen whole {side}x{side}")
