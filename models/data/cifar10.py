"""CIFAR-10 in part: the first 10,000 train and the first 1,000 test images, 32x32, in colour."""

import io
from collections.abc import Mapping

import numpy as np

from netloom.models.data.dataset import Dataset, digest_arrays
from netloom.models.data.loader import Loader, NamedArrays

FILE, REST = "cifar10/cifar10_subset.npz", "cifar10/cifar10_train_4000_9999_jpeg.npz"
LOSSLESS, TRAIN, TEST = 4000, 10_000, 1000
"""Images of the train split without loss in the files, and in all; and of the test split."""
CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_DIGEST = "319d0129a85749bbdd3a29f2a1df0d4eaca70c2fb7a4d7b408f49ae1c549afdd"
"""Of the arrays in `FILE`, which the public source must give too."""


def _parse(files: Mapping[str, bytes]) -> NamedArrays:
    """The first 4,000 train images as they are, the others as JPEG left them."""
    from PIL import Image

    with np.load(io.BytesIO(files[FILE]), allow_pickle=False) as file:
        arrays = {name: file[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    with np.load(io.BytesIO(files[REST]), allow_pickle=False) as file:
        ends, content, labels = file["offsets"][1:-1], file["jpeg"], file["y"]
    others = [np.asarray(Image.open(io.BytesIO(one.tobytes())).convert("RGB")) for one in np.split(content, ends)]
    arrays["x_train"] = np.concatenate([arrays["x_train"], others])
    arrays["y_train"] = np.concatenate([arrays["y_train"], labels])
    return arrays


def _fetch() -> NamedArrays:
    from keras.datasets import cifar10

    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    arrays = {
        "x_train": x_train[:TRAIN],
        "y_train": y_train[:TRAIN].reshape(-1).astype(np.uint8),
        "x_test": x_test[:TEST],
        "y_test": y_test[:TEST].reshape(-1).astype(np.uint8),
    }
    known = digest_arrays({name: array[:LOSSLESS] for name, array in arrays.items()})
    if known != _DIGEST:
        raise ValueError(f"what it gave is not the expected data, SHA-256 {known[:12]}...")
    return arrays


def _prepare(arrays: NamedArrays, place: str) -> Dataset:
    """x: (samples, 32, 32, 3), 0 to 255/256, exact multiples of 2**-8."""
    x_train, x_test = (arrays[name].astype(np.float32) / 256 for name in ("x_train", "x_test"))
    y_train, y_test = (arrays[name].astype(np.int64) for name in ("y_train", "y_test"))
    source = f"CIFAR-10 subset ({place}), {len(x_train):,} train and {len(x_test):,} test images 32x32"
    return Dataset(x_train, y_train, x_test, y_test, CLASS_NAMES, source)


CIFAR10 = Loader(
    name="cifar10",
    files={
        FILE: "e48015fd8460684d29ab3dbc926453b35d776cd6dfb7a97b78f8e209f63c9802",
        REST: "5abc1d26f8c15e84959d3587f1161a0b6f6a53353ace7353be5457db8761d26b",
    },
    parse=_parse,
    public_source="keras.datasets.cifar10",
    fetch=_fetch,
    prepare=_prepare,
)
