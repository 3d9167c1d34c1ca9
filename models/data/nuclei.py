"""`nuclei`: pictures from a fluorescence microscope, and which pixels belong to nuclei of cells; in tiles."""

import io
from collections.abc import Mapping

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.loader import Loader, NamedArrays
from netloom.models.data.tiles import Tiling

FILE = "nuclei-segmentation/nuclei_256.npz"
SIDE, TILE, MARGIN = 256, 32, 4
TILING = Tiling((SIDE, SIDE), (TILE, TILE), MARGIN)
"""Of the test images: 121 tiles each."""
CLASS_NAMES = ("ground", "nucleus")
_DRAWN = {"train": 40, "test": 10}


def _parse(files: Mapping[str, bytes]) -> NamedArrays:
    with np.load(io.BytesIO(files[FILE]), allow_pickle=False) as file:
        x = {f"x_{split}": file[f"x_{split}"] for split in ("train", "test")}
        y = {f"y_{split}": (file[f"instances_{split}"] > 0).astype(np.uint8) for split in ("train", "test")}
        return x | y


def draw_cells() -> NamedArrays:
    """What stands in for the photographs: bright ellipses with soft edges on a dark, noisy ground."""
    random = np.random.default_rng(0)
    arrays = {}
    for split, count in _DRAWN.items():
        light, mask = np.zeros((count, SIDE, SIDE)), np.zeros((count, SIDE, SIDE), np.uint8)
        for number in range(count):
            for _ in range(random.integers(8, 30)):
                inside = _ellipse(random)
                light[number] = np.maximum(light[number], random.uniform(0.3, 1) / (1 + np.exp(-8 * (inside - 1))))
                mask[number] |= inside > 1
        brightest = random.uniform(60, 250, (count, 1, 1))
        noise = random.normal(8, 3, light.shape)
        arrays[f"x_{split}"] = np.clip(light * brightest + noise, 0, 255).astype(np.uint8)
        arrays[f"y_{split}"] = mask
    return arrays


def _ellipse(random: np.random.Generator) -> np.ndarray:
    """How far inside of an ellipse each pixel is: above 1 inside, (256, 256)."""
    turn, sizes = random.uniform(0, np.pi), random.uniform(5, 14, 2)
    place = np.indices((SIDE, SIDE)) - random.uniform(0, SIDE, (2, 1, 1))
    along = np.cos(turn) * place[0] + np.sin(turn) * place[1]
    across = np.cos(turn) * place[1] - np.sin(turn) * place[0]
    return 2 - np.hypot(along / sizes[0], across / sizes[1])


def _prepare(arrays: NamedArrays, place: str) -> Dataset:
    """x: tiles (samples, 32, 32, 1), 0 to 255/256, exact multiples of 2**-8; y: 1 in nuclei, 0 elsewhere.

    Train tiles lie side by side, and test tiles overlap: in them y is `NOT_JUDGED` where another one answers.
    """
    apart = Tiling(TILING.image, TILING.tile)
    x_train, x_test = (_stretched(arrays[f"x_{split}"])[..., np.newaxis] for split in ("train", "test"))
    y_train, y_test = (arrays[f"y_{split}"].astype(np.int64) for split in ("train", "test"))
    source = (
        f"nuclei ({place}), {len(x_train):,} train and {len(x_test):,} test images {SIDE}x{SIDE},"
        f" the latter in {len(x_test) * len(TILING.places):,} tiles {TILE}x{TILE}"
    )
    return Dataset(
        apart.cut(x_train),
        apart.cut_labels(y_train),
        TILING.cut(x_test),
        TILING.cut_labels(y_test),
        CLASS_NAMES,
        source,
        task="segmentation",
    )


def _stretched(images: np.ndarray) -> np.ndarray:
    """Images as bright as each other: from 0, its median, to 255/256, what a thousandth of its pixels exceed.

    Under the root, which spreads what is dark.
    """
    ground, bright = np.percentile(images.reshape(len(images), -1), (50, 99.9), axis=1)[..., None, None]
    light = np.clip((images - ground) / np.maximum(bright - ground, 1), 0, 1)
    return (np.floor(np.minimum(np.sqrt(light) * 256, 255)) / 256).astype(np.float32)


NUCLEI = Loader(
    name="nuclei",
    files={FILE: "78c608c2d631be952f5820104f56451c22e24989845c32f7376ca128fa2c5d46"},
    parse=_parse,
    public_source="drawn in their stead: blobs on noise",
    fetch=draw_cells,
    prepare=_prepare,
)
