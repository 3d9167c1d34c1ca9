"""MNIST: 70,000 handwritten digits, 28x28."""

import gzip
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.loader import Arrays, Loader

TRAIN_IMAGES = "mnist/train-images-idx3-ubyte.gz"
TRAIN_LABELS = "mnist/train-labels-idx1-ubyte.gz"
TEST_IMAGES = "mnist/t10k-images-idx3-ubyte.gz"
TEST_LABELS = "mnist/t10k-labels-idx1-ubyte.gz"

_ARRAYS = {"x_train": TRAIN_IMAGES, "y_train": TRAIN_LABELS, "x_test": TEST_IMAGES, "y_test": TEST_LABELS}


def _read_idx(content: bytes) -> np.ndarray:
    """The array in a gzipped IDX file of bytes: two zeros, a type code, the number of axes, their lengths, data."""
    data = gzip.decompress(content)
    axes = data[3]
    shape = np.frombuffer(data, ">u4", count=axes, offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _parse(files: Mapping[str, bytes]) -> Arrays:
    return {array: _read_idx(files[file]) for array, file in _ARRAYS.items()}


def _fetch() -> Arrays:
    import keras

    try:
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    except Exception as error:
        # keras.utils.get_file raises a bare Exception when the download fails.
        raise OSError(str(error)) from error
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def _prepare(arrays: Arrays, place: str) -> Dataset:
    """x: (samples, 28, 28, 1), 0 (background) to 255/256 (ink), exact multiples of 2**-8."""
    x_train, x_test = (arrays[name][..., np.newaxis] / np.float32(256) for name in ("x_train", "x_test"))
    y_train, y_test = (arrays[name].astype(np.int64) for name in ("y_train", "y_test"))
    source = f"MNIST ({place}), {len(x_train):,} train and {len(x_test):,} test images 28x28"
    return Dataset(x_train, y_train, x_test, y_test, tuple("0123456789"), source)


MNIST = Loader(
    name="mnist",
    files={
        TRAIN_IMAGES: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        TRAIN_LABELS: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        TEST_IMAGES: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        TEST_LABELS: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
    parse=_parse,
    public_source="keras.datasets.mnist",
    fetch=_fetch,
    prepare=_prepare,
)


FEW_LABELS = 1000


def load_few_labels() -> Dataset:
    """MNIST as it would be if only 1,000 of its 60,000 train images had labels."""
    return few_labels(MNIST.load(), FEW_LABELS)


def few_labels(mnist: Dataset, labels: int, seed: int = 0) -> Dataset:
    """MNIST with so many labelled train images, the same number of each digit; all of them are there without labels.

    Args:
        mnist: the whole of it.
        labels: a multiple of 10.
        seed: of the draw.
    """
    assert isinstance(mnist.x_train, np.ndarray) and isinstance(mnist.y_train, np.ndarray)
    random = np.random.default_rng(seed)
    each = [random.choice(np.flatnonzero(mnist.y_train == digit), labels // 10, replace=False) for digit in range(10)]
    chosen = random.permutation(np.concatenate(each))
    return replace(
        mnist,
        x_train=mnist.x_train[chosen],
        y_train=mnist.y_train[chosen],
        source=f"{mnist.source}, {labels:,} of the train images with labels",
        x_unlabelled=mnist.x_train,
    )


def load_images() -> Dataset:
    """MNIST without its labels."""
    return replace(MNIST.load(), y_train=None, y_test=None, class_names=None, unlabelled="its labels are left out")
