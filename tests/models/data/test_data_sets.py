import dataclasses
import gzip
import hashlib
import io
import os
import struct
from types import SimpleNamespace

import numpy as np
import pytest

from netloom.errors import DataUnavailableError
from netloom.models import Dataset, load_dataset
from netloom.models.data import mnist
from netloom.models.data.jets import CLASS_NAMES, LHC_JETS, SAMPLE
from netloom.models.data.mnist import MNIST, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, few_labels

REAL_DATA = os.environ.get("NETLOOM_DATA")
needs_real_data = pytest.mark.skipif(not REAL_DATA, reason="NETLOOM_DATA is not set")

RNG = np.random.default_rng(0)
IMAGES = {
    "x_train": RNG.integers(0, 256, (12, 28, 28), dtype=np.uint8),
    "y_train": RNG.integers(0, 10, 12, dtype=np.uint8),
    "x_test": RNG.integers(0, 256, (5, 28, 28), dtype=np.uint8),
    "y_test": RNG.integers(0, 10, 5, dtype=np.uint8),
}
IDX_FILES = {"x_train": TRAIN_IMAGES, "y_train": TRAIN_LABELS, "x_test": TEST_IMAGES, "y_test": TEST_LABELS}
JETS = {"x": RNG.normal(3, 7, (100, 16)).astype(np.float32), "y": np.arange(100, dtype=np.uint8) % 5}


def idx(array):
    """The gzipped IDX format of MNIST's files."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes())


def with_files(loader, contents, directory):
    """`loader` with synthetic files of these contents in place of the real ones."""
    for name, content in contents.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_bytes(content)
    return dataclasses.replace(
        loader, files={name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    )


def check(dataset, train, test, shape, classes):
    assert dataset.x_train.shape == (train, *shape)
    assert dataset.x_test.shape == (test, *shape)
    assert dataset.x_train.dtype == dataset.x_test.dtype == np.float32
    assert dataset.y_train.dtype == dataset.y_test.dtype == np.int64
    assert len(dataset.y_train) == train
    assert len(dataset.y_test) == test
    assert np.isfinite(dataset.x_train).all()
    assert np.isfinite(dataset.x_test).all()
    assert len(dataset.class_names) == classes


def test_digits_are_bundled_stratified_and_on_their_grid():
    dataset = load_dataset("digits")
    check(dataset, 1437, 360, (64,), 10)
    assert dataset.source == "scikit-learn digits, 1,437 train and 360 test images 8x8"
    for x in (dataset.x_train, dataset.x_test):
        assert x.min() == 0
        assert x.max() == 1
        assert (x * 16 == np.round(x * 16)).all()
    assert set(np.bincount(dataset.y_test)) <= {35, 36, 37}
    assert dataset.digest == load_dataset("digits").digest


def test_mnist_reads_its_idx_files(tmp_path, monkeypatch):
    contents = {IDX_FILES[name]: idx(array) for name, array in IMAGES.items()}
    monkeypatch.setenv("NETLOOM_DATA", str(tmp_path))
    dataset = with_files(MNIST, contents, tmp_path).load()
    check(dataset, 12, 5, (28, 28, 1), 10)
    assert (dataset.x_train[..., 0] * 256 == IMAGES["x_train"]).all()
    assert (dataset.x_test[..., 0] * 256 == IMAGES["x_test"]).all()
    assert dataset.y_test.tolist() == IMAGES["y_test"].tolist()
    assert dataset.source == "MNIST (NETLOOM_DATA), 12 train and 5 test images 28x28"


def test_mnist_from_keras_is_the_same_and_cached(monkeypatch):
    splits = (IMAGES["x_train"], IMAGES["y_train"]), (IMAGES["x_test"], IMAGES["y_test"])
    monkeypatch.setattr("keras.datasets.mnist.load_data", lambda: splits)
    fetched = load_dataset("mnist")
    check(fetched, 12, 5, (28, 28, 1), 10)
    assert fetched.source == "MNIST (keras.datasets.mnist), 12 train and 5 test images 28x28"
    monkeypatch.delattr("keras.datasets.mnist.load_data")
    assert load_dataset("mnist").digest == fetched.digest


def test_mnist_without_a_network_is_one_clear_line(monkeypatch):
    def load_data():
        raise Exception("URL fetch failure on ...: None -- Name or service not known")  # noqa: TRY002

    monkeypatch.setattr("keras.datasets.mnist.load_data", load_data)
    with pytest.raises(DataUnavailableError, match=r"'mnist' is not .*keras\.datasets\.mnist failed \(URL fetch"):
        load_dataset("mnist")


def test_the_jets_sample_is_standardized_and_says_that_it_is_a_sample(tmp_path, monkeypatch):
    file = io.BytesIO()
    np.savez(file, **JETS)
    monkeypatch.setenv("NETLOOM_DATA", str(tmp_path))
    dataset = with_files(LHC_JETS, {SAMPLE: file.getvalue()}, tmp_path).load()
    check(dataset, 80, 20, (16,), 5)
    assert dataset.source == "lhc-jets sample (NETLOOM_DATA), 100 jets (of 830,000): 80 train and 20 test"
    assert np.bincount(dataset.y_test).tolist() == [4] * 5
    np.testing.assert_allclose(dataset.x_train.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(dataset.x_train.std(axis=0), 1, atol=1e-6)
    assert abs(dataset.x_test.mean()) > 1e-6  # The test split is scaled by the train split's numbers, not its own.


def openml(names):
    """Stands in for fetch_openml."""
    return lambda **_: SimpleNamespace(data=JETS["x"].astype(float), target=np.array(names, object)[JETS["y"]])


def test_jets_from_openml_are_named_and_cached(monkeypatch):
    monkeypatch.setattr("sklearn.datasets.fetch_openml", openml(CLASS_NAMES))
    monkeypatch.setattr("netloom.models.data.jets.ALL_JETS", 100)
    fetched = load_dataset("lhc-jets")
    check(fetched, 80, 20, (16,), 5)
    assert fetched.source == "lhc-jets (OpenML 42468), 100 jets: 80 train and 20 test"
    monkeypatch.delattr("sklearn.datasets.fetch_openml")
    assert load_dataset("lhc-jets").digest == fetched.digest


def test_jets_of_other_classes_are_refused(monkeypatch):
    monkeypatch.setattr("sklearn.datasets.fetch_openml", openml(["a", "b", "c", "d", "e"]))
    with pytest.raises(DataUnavailableError, match=r"OpenML 42468 failed \(classes are a, b, c, d, e, not g, q"):
        load_dataset("lhc-jets")


def test_jets_without_a_network_are_one_clear_line(monkeypatch):
    def fetch_openml(**_):
        raise OSError("<urlopen error [Errno -2] Name or service not known>")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch_openml)
    with pytest.raises(DataUnavailableError, match=r"'lhc-jets' is not .* with lhc-jets/lhc_jets_1k\.npz$"):
        load_dataset("lhc-jets")


def test_an_unknown_data_set_is_refused():
    with pytest.raises(
        DataUnavailableError, match="no data set 'cifar'; choose one of cifar10, blocks, catching, cheques, clutter"
    ):
        load_dataset("cifar")


@needs_real_data
def test_the_real_mnist(monkeypatch):
    monkeypatch.setenv("NETLOOM_DATA", REAL_DATA)
    dataset = load_dataset("mnist")
    check(dataset, 60_000, 10_000, (28, 28, 1), 10)
    assert dataset.x_train.max() == 255 / 256
    assert dataset.y_train[:5].tolist() == [5, 0, 4, 1, 9]


@needs_real_data
def test_the_real_jets_sample(monkeypatch):
    monkeypatch.setenv("NETLOOM_DATA", REAL_DATA)
    check(load_dataset("lhc-jets"), 800, 200, (16,), 5)


def thirty_digits():
    """MNIST of three images a digit, each as bright as its number."""
    images = np.repeat(np.arange(30, dtype=np.float32) / 32, 784).reshape(30, 28, 28, 1)
    labels = np.arange(30) % 10
    return Dataset(images, labels, images[:5], labels[:5], tuple("0123456789"), "thirty")


def test_few_labels_are_the_same_number_of_each_digit_and_all_images_stay():
    few = few_labels(thirty_digits(), 20)
    assert np.bincount(few.y_train).tolist() == [2] * 10
    numbers = np.round(few.x_train[:, 0, 0, 0] * 32).astype(int)
    assert len(set(numbers)) == 20 and (numbers % 10 == few.y_train).all()
    assert few.x_unlabelled.shape == (30, 28, 28, 1)
    assert "20 of the train images with labels" in few.source
    assert few.digest == few_labels(thirty_digits(), 20).digest != few_labels(thirty_digits(), 20, seed=1).digest


def test_images_without_labels_are_another_data_set():
    digits = thirty_digits()
    assert dataclasses.replace(digits, x_unlabelled=digits.x_test).digest != digits.digest


def test_mnist_images_have_no_labels(monkeypatch):
    given = {name: array if name[0] == "x" else array % 10 for name, array in IMAGES.items()}
    monkeypatch.setattr(mnist, "MNIST", dataclasses.replace(MNIST, fetch=lambda: given))
    images = mnist.load_images()
    assert images.y_train is None and images.y_test is None and images.unlabelled
    assert images.x_test.shape == (5, 28, 28, 1)
