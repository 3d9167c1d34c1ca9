"""`faces`: small photographs of faces, and others of none, put into photographs: where are the faces?"""

from collections.abc import Sequence

import numpy as np

from netloom.errors import DataUnavailableError
from netloom.models.data.dataset import Dataset
from netloom.models.data.scenes import Square, as_targets, enlarged, free_place, on_steps, pasted

SIDE, MOST = 64, 2
"""Of a picture: its height and width in pixels, and how many faces are in it at most."""
SIZES = (20, 32)
"""Height and width of a face, in pixels: the least and the most."""
TRAIN_FACES = 70
"""So many of the 100 faces, and of the 100 others, are for training."""
TRAIN, EACH = 4000, 12
"""Train pictures, and test pictures of each test face."""
SOFT = 2
"""Over so many pixels the edges of what is put in run into what is around."""
PHOTOGRAPHS = {
    "train": ("cat", "rocket", "gravel", "moon", "brick", "page"),
    "test": ("coffee", "grass", "coins"),
}
"""Without a face, by scikit-image's names."""


def load_faces() -> Dataset:
    """Pictures, x: (samples, 64, 64, 1), 0 to 1 in steps of 1/256; y: boxes of the faces. The same ones every time.

    Of the faces, the others and the photographs that test pictures are made of none is in a train picture. Each test
    face has `EACH` pictures, one after the other, with another face in some of them.

    Raises:
        DataUnavailableError: there is no scikit-image, which the photographs come with.
    """
    windows = bundled("lfw_subset")
    faces, others = windows[:100], windows[100:]
    grounds = {split: [grey(bundled(name)) for name in names] for split, names in PHOTOGRAPHS.items()}
    x_train, y_train = draw_scenes(
        faces[:TRAIN_FACES], others[:TRAIN_FACES], grounds["train"], np.arange(TRAIN) % TRAIN_FACES, seed=0
    )
    tested = 100 - TRAIN_FACES
    x_test, y_test = draw_scenes(
        faces[TRAIN_FACES:], others[TRAIN_FACES:], grounds["test"], np.repeat(np.arange(tested), EACH), seed=1
    )
    source = (
        f"drawn from scikit-image's photographs, {TRAIN:,} train and {len(x_test):,} test pictures {SIDE}x{SIDE},"
        f" of {TRAIN_FACES} and {tested} faces"
    )
    return Dataset(x_train, y_train, x_test, y_test, ("face",), source, task="detection")


def draw_scenes(
    faces: np.ndarray, others: np.ndarray, grounds: Sequence[np.ndarray], first: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of photographs into which faces are put, and in the same way what is none.

    Args:
        faces: (faces, side, side), 0 to 1.
        others: likewise, of no faces.
        grounds: photographs, grey, 0 to 1.
        first: of each picture, the number of its face; three of four pictures have it, and a quarter another one, too.
        seed: of all else that is drawn.

    Returns:
        The pictures, (pictures, 64, 64, 1), and their boxes, as the task `detection` takes them.
    """
    random = np.random.default_rng(seed)
    pictures, boxes = np.zeros((len(first), SIDE, SIDE)), []
    for picture, number in zip(pictures, first, strict=True):
        picture[:] = _view(random, grounds[int(random.integers(len(grounds)))])
        shown = [faces[number]] if random.random() < 0.75 else []
        shown += [faces[random.integers(len(faces))]] if random.random() < 0.25 else []
        none = [others[random.integers(len(others))] for _ in range(random.integers(0, 3))]
        taken: list[Square] = []
        found: list[tuple[int, Square]] = []
        for image in [*shown, *none]:
            size = int(random.integers(SIZES[0], SIZES[1] + 1))
            place = free_place(random, taken, SIDE, size)
            if place is None:
                continue
            taken.append(place)
            turned = image[:, ::-1] if random.random() < 0.5 else image
            pasted(picture, _lit(random, enlarged(turned, size)), place, SOFT)
            if len(taken) <= len(shown):
                found.append((0, place))
        boxes.append(found[:MOST])
    pictures += random.normal(0, 0.01, pictures.shape)
    return on_steps(pictures), as_targets(boxes, SIDE, MOST)


def _view(random: np.random.Generator, photograph: np.ndarray) -> np.ndarray:
    """A square part of a photograph, of any size from that of a picture on, brought to that of a picture."""
    side = int(random.integers(SIDE, min(photograph.shape) + 1))
    top, left = (int(random.integers(0, length - side + 1)) for length in photograph.shape)
    part = photograph[top : top + side, left : left + side]
    return _lit(random, shrunk(part, SIDE / side)[:SIDE, :SIDE])


def _lit(random: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Lighter or darker, with more contrast or less."""
    return np.clip((image - image.mean()) * random.uniform(0.6, 1.4) + image.mean() + random.uniform(-0.15, 0.15), 0, 1)


def shrunk(image: np.ndarray, share: float) -> np.ndarray:
    """An image made smaller by a share of at most 1, each pixel a mean of those it takes the place of."""
    from scipy.ndimage import gaussian_filter, zoom

    return zoom(gaussian_filter(image, max(0.0, 0.4 / share - 0.4)), share, order=1, grid_mode=True, mode="nearest")


def grey(image: np.ndarray) -> np.ndarray:
    """A photograph as grey levels, 0 to 1, (height, width)."""
    levels = image @ [0.299, 0.587, 0.114] if image.ndim == 3 else image
    return np.asarray(levels / 255, np.float64)


def bundled(name: str) -> np.ndarray:
    """What scikit-image has in its package.

    Raises:
        DataUnavailableError: it is not installed.
    """
    try:
        import skimage.data
    except ImportError as error:
        raise DataUnavailableError(
            "data set 'faces': its photographs come with scikit-image: pip install scikit-image"
        ) from error
    image: np.ndarray = getattr(skimage.data, name)()
    return image
