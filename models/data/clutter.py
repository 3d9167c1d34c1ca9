"""`clutter`: the bundled digits, larger and smaller, among scraps of digits: where is which?"""

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.digits import load_digits
from netloom.models.data.examples import only
from netloom.models.data.scenes import Square, as_targets, enlarged, free_place, on_steps, pasted

SIDE, MOST = 48, 3
"""Of a picture: its height and width in pixels, and how many digits are in it at most."""
SIZES = (10, 18)
"""Height and width of a digit, in pixels: the least and the most."""
TRAIN, TEST = 4000, 1000
SCRAPS, SCRAP = 8, 4
"""How many there are in a picture, and their height and width in the digit that they are of."""
SCRAP_SIZES = (5, 9)
"""Their height and width in the picture, in pixels."""
NOISE = 0.05
"""Standard deviation, of the grey levels 0 to 1."""


def load_clutter() -> Dataset:
    """Pictures, x: (samples, 48, 48, 1), 0 to 1 in steps of 1/256; y: boxes of the digits. The same ones every time.

    The digits of test pictures are those of the test split of `digits`, and so are the scraps.
    """
    digits = load_digits()
    assert digits.y_train is not None and digits.y_test is not None  # the bundled digits have labels
    train, test = only(digits.x_train).reshape(-1, 8, 8), only(digits.x_test).reshape(-1, 8, 8)
    x_train, y_train = draw_clutter(train, only(digits.y_train), TRAIN, seed=0)
    x_test, y_test = draw_clutter(test, only(digits.y_test), TEST, seed=1)
    found = int((y_test[..., 0] >= 0).sum())
    source = (
        f"drawn from scikit-learn digits, {TRAIN:,} train and {TEST:,} test pictures {SIDE}x{SIDE} of clutter,"
        f" with {found:,} digits in the latter"
    )
    return Dataset(x_train, y_train, x_test, y_test, digits.class_names, source, task="detection")


def draw_clutter(digits: np.ndarray, labels: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of up to three digits that do not touch, over scraps of others and noise.

    Args:
        digits: (digits, 8, 8), 0 to 1.
        labels: of the digits.
        count: of pictures.
        seed: of all that is drawn.

    Returns:
        The pictures, (count, 48, 48, 1), and their boxes, as the task `detection` takes them.
    """
    random = np.random.default_rng(seed)
    pictures, boxes = np.zeros((count, SIDE, SIDE)), []
    for picture in pictures:
        for _ in range(SCRAPS):
            row, column = random.integers(0, 8 - SCRAP + 1, 2)
            scrap = digits[random.integers(len(digits)), row : row + SCRAP, column : column + SCRAP]
            size = int(random.integers(SCRAP_SIZES[0], SCRAP_SIZES[1] + 1))
            top, left = random.integers(0, SIDE - size + 1, 2)
            part = picture[top : top + size, left : left + size]
            np.maximum(part, enlarged(scrap, size), out=part)
        found: list[tuple[int, Square]] = []
        for _ in range(random.integers(0, MOST + 1)):
            size = int(random.integers(SIZES[0], SIZES[1] + 1))
            place = free_place(random, [taken for _, taken in found], SIDE, size)
            if place is not None:
                number = int(random.integers(len(digits)))
                pasted(picture, enlarged(digits[number], size), place, softness=0)
                found.append((int(labels[number]), place))
        boxes.append(found)
    pictures += random.normal(0, NOISE, pictures.shape)
    return on_steps(pictures), as_targets(boxes, SIDE, MOST)
