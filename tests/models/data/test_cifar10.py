"""The part of CIFAR-10 that networks are trained on."""

import dataclasses
import hashlib
import io

import keras
import numpy as np
import pytest
from PIL import Image

from netloom.errors import DataUnavailableError
from netloom.models import load_dataset
from netloom.models.data import cifar10 as data
from netloom.models.data.dataset import digest_arrays

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8), RANDOM.integers(0, 10, 12).astype(np.uint8)


def packed(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def jpeg(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=95)
    return np.frombuffer(file.getvalue(), np.uint8)


def test_images_without_loss_come_first_and_then_those_of_jpeg(tmp_path, monkeypatch):
    smooth = np.linspace(0, 255, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)
    others = [jpeg(smooth), jpeg(smooth[::-1])]
    ends = np.cumsum([0, *map(len, others)])
    contents = {
        data.FILE: packed(x_train=X[:4], y_train=Y[:4], x_test=X[4:7], y_test=Y[4:7]),
        data.REST: packed(jpeg=np.concatenate(others), offsets=ends, y=np.array([3, 8], np.uint8), index=[4, 5]),
    }
    (tmp_path / "cifar10").mkdir()
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("NETLOOM_DATA", str(tmp_path))
    files = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    found = dataclasses.replace(data.CIFAR10, files=files).load()
    assert found.source == "CIFAR-10 subset (NETLOOM_DATA), 6 train and 3 test images 32x32"
    assert (found.x_train[:4] * 256 == X[:4]).all()
    assert np.abs(found.x_train[4] * 256 - smooth).max() < 12
    assert np.abs(found.x_train[5] * 256 - smooth[::-1]).max() < 12
    assert found.y_train.tolist() == [*Y[:4].tolist(), 3, 8]
    assert (found.x_test * 256 == X[4:7]).all() and (found.y_test == Y[4:7]).all()
    assert found.x_train.dtype == np.float32 and found.y_test.dtype == np.int64


def test_the_public_source_gives_the_same_part_and_no_other(monkeypatch):
    """Which is known of the images without loss."""
    monkeypatch.setattr(data, "LOSSLESS", 4)
    monkeypatch.setattr(data, "TRAIN", 8)
    monkeypatch.setattr(data, "TEST", 3)
    whole = ((X, Y[:, None]), (X[::-1], Y[::-1, None]))
    monkeypatch.setattr(keras.datasets.cifar10, "load_data", lambda: whole)
    with pytest.raises(DataUnavailableError, match="not the expected data, SHA-256"):
        load_dataset("cifar10")
    known = {"x_train": X[:4], "y_train": Y[:4], "x_test": X[::-1][:3], "y_test": Y[::-1][:3]}
    monkeypatch.setattr(data, "_DIGEST", digest_arrays(known))
    found = load_dataset("cifar10")
    assert "keras.datasets.cifar10), 8 train and 3 test images" in found.source
    assert (found.y_train == Y[:8]).all() and (found.x_test * 256 == X[::-1][:3]).all()
