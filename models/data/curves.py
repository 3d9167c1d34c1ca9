"""Two curves in a plane, drawn: a parabola, and the same one a little higher."""

import numpy as np

from netloom.models.data.dataset import Dataset

TRAIN_SAMPLES, TEST_SAMPLES = 2000, 1000
GAP, JITTER = 0.5, 0.05


def curve(place: np.ndarray, which: np.ndarray | int) -> np.ndarray:
    """Points (samples, 2) of curve 0, the lower, or 1, at `place` from -1 to 1 along it."""
    return np.stack([place, 0.25 + GAP * which - place**2], axis=1)


def load_curves() -> Dataset:
    """x: (samples, 2), -1 to 1, points of either curve moved up or down at random; always the same. 2 classes.

    No straight line parts them.
    """
    random = np.random.default_rng(0)
    splits = []
    for samples in (TRAIN_SAMPLES, TEST_SAMPLES):
        y = np.arange(samples) % 2
        x = curve(random.uniform(-1, 1, samples), y)
        x[:, 1] += random.normal(0, JITTER, samples)
        splits += [np.clip(x, -1, 1).astype(np.float32), y]
    x_train, y_train, x_test, y_test = splits
    source = f"two curves (drawn), {TRAIN_SAMPLES:,} train and {TEST_SAMPLES:,} test points"
    return Dataset(x_train, y_train, x_test, y_test, ("lower", "upper"), source)
