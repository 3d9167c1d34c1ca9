"""German traffic signs, 32x32: 100 photographs a class to train on and 40 to test on; some mirrored."""

import io
import zipfile
from collections.abc import Mapping

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.download import download
from netloom.models.data.loader import Loader, NamedArrays

FILE = "gtsrb/gtsrb_32x32.npz"
ADDRESS = "https://github.com/hergerr/traffic-sign-recognition/archive/80c6270c952cb66ec6eda521911d5cd992788333.zip"
CLASSES, TRAIN_IMAGES, TEST_IMAGES = 43, 100, 40
"""Images are those of a class."""
SIDE, BORDER = 32, 6
"""Pixels: of an image, and along its edge, where there is more ground than sign."""
DARK, BRIGHT = 2, 98
"""Percentiles of the middle of an image that become black and white."""
_ALIKE = (11, 12, 13, 15, 17, 18, 22, 26, 30, 35)
MIRRORED = dict(zip(_ALIKE, _ALIKE, strict=True)) | {19: 20, 20: 19, 33: 34, 34: 33, 36: 37, 37: 36, 38: 39, 39: 38}
"""What a sign becomes in a mirror, if that is one of the 43: most do not."""


def _parse(files: Mapping[str, bytes]) -> NamedArrays:
    with np.load(io.BytesIO(files[FILE]), allow_pickle=False) as file:
        return {name: file[name] for name in ("x_train", "y_train", "x_test", "y_test")}


def _fetch() -> NamedArrays:
    """Of the whole data set as many images of each class, drawn, in the order of their files."""
    random = np.random.default_rng(0)
    with zipfile.ZipFile(io.BytesIO(download(ADDRESS))) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith((".ppm", "GT-final_test.csv")))
        train = []
        for label in range(CLASSES):
            of_class = [name for name in names if f"/Final_Training/Images/{label:05}/" in name]
            train += [of_class[number] for number in _drawn(np.arange(len(of_class)), TRAIN_IMAGES, random)]
        tests = [name for name in names if "/Final_Test/Images/" in name and name.endswith(".ppm")]
        (table,) = (name for name in names if name.endswith("/Final_Test/GT-final_test.csv"))
        lines = archive.read(table).decode("ascii").split()[1:]
        label_of = {line.split(";")[0]: int(line.split(";")[-1]) for line in lines}
        labels = np.array([label_of[name.rpartition("/")[2]] for name in tests])
        chosen = np.sort(
            [_drawn(np.flatnonzero(labels == label), TEST_IMAGES, random) for label in range(CLASSES)], axis=None
        )
        return {
            "x_train": np.stack([_pixels(archive.read(name)) for name in train]),
            "y_train": np.repeat(np.arange(CLASSES, dtype=np.uint8), TRAIN_IMAGES),
            "x_test": np.stack([_pixels(archive.read(tests[number])) for number in chosen]),
            "y_test": labels[chosen].astype(np.uint8),
        }


def _drawn(numbers: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    return np.sort(random.choice(numbers, count, replace=False))


def _pixels(file: bytes) -> np.ndarray:
    """A binary PPM file: its pixels are its last bytes."""
    return np.frombuffer(file[-SIDE * SIDE * 3 :], np.uint8).reshape(SIDE, SIDE, 3)


def _prepare(arrays: NamedArrays, place: str) -> Dataset:
    """x: (samples, 32, 32, 3), 0 to 255/256, exact multiples of 2**-8, as `stretched` leaves them.

    The train split has those mirrored too that show a sign then.
    """
    x_train, y_train = mirrored(stretched(arrays["x_train"]), arrays["y_train"].astype(np.int64))
    given, tests = len(arrays["x_train"]), len(arrays["x_test"])
    source = (
        f"GTSRB subset ({place}), {given:,} train images 32x32, {len(x_train) - given:,} of them mirrored too, and"
        f" {tests:,} test images"
    )
    return Dataset(
        x_train, y_train, stretched(arrays["x_test"]), arrays["y_test"].astype(np.int64), CLASS_NAMES, source
    )


def stretched(images: np.ndarray) -> np.ndarray:
    """Images, each as bright as the others: in its middle, where the sign is, from black to white.

    Args:
        images: (samples, 32, 32, 3), on any scale.

    Returns:
        float32, 0 to 255/256, multiples of 2**-8.
    """
    middle = images[:, BORDER:-BORDER, BORDER:-BORDER].reshape(len(images), -1)
    dark, bright = np.percentile(middle, (DARK, BRIGHT), axis=1)[..., None, None, None]
    light = np.clip((images - dark) / np.maximum(bright - dark, 1), 0, 1)
    return (np.floor(np.minimum(light * 256, 255)) / 256).astype(np.float32)


def mirrored(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Images and class numbers, and after them those that show one of the signs in a mirror, with what it is there."""
    chosen = np.isin(labels, list(MIRRORED))
    others = np.array([MIRRORED[label] for label in labels[chosen]], labels.dtype)
    return np.concatenate([images, images[chosen, :, ::-1]]), np.concatenate([labels, others])


CLASS_NAMES = (
    *("20", "30", "50", "60", "70", "80", "end of 80", "100", "120"),
    *("no passing", "no passing for trucks", "right of way", "priority road", "yield", "stop", "no vehicles"),
    *("no trucks", "no entry", "caution", "curve left", "curve right", "double curve", "bumpy road", "slippery road"),
    *("road narrows", "road works", "traffic lights", "pedestrians", "children", "bicycles", "ice", "wild animals"),
    *("end of limits", "turn right", "turn left", "ahead", "ahead or right", "ahead or left", "keep right"),
    *("keep left", "roundabout", "end of no passing", "end of no passing for trucks"),
)

SIGNS = Loader(
    name="gtsrb",
    files={FILE: "a853cfc70b9500f8fbb33b25886c5df8a663cb2b0d6c288b8033d384afa069d8"},
    parse=_parse,
    public_source="github.com/hergerr/traffic-sign-recognition",
    fetch=_fetch,
    prepare=_prepare,
    digest="31e2b133a65abd002fdb813f441200157895a658b401b172ae4e7dc21bb201af",
)
