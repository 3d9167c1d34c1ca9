"""Traffic signs: which images are taken, and what is done to them."""

import dataclasses
import hashlib
import io
import zipfile

import numpy as np
import pytest

from netloom.errors import DataUnavailableError
from netloom.models import load_dataset
from netloom.models.data import signs as data
from netloom.models.data.dataset import digest_arrays

RANDOM = np.random.default_rng(0)
TRAIN = RANDOM.integers(0, 256, (3, 5, 32, 32, 3), dtype=np.uint8)
TEST = RANDOM.integers(0, 256, (9, 32, 32, 3), dtype=np.uint8)
WHOLE = dict(data.MIRRORED)
LABELS = [2, 0, 1, 1, 0, 2, 2, 1, 0]


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Three classes, four of five images to train on, two of three to test on; in a mirror 1 is 2, and 0 nothing."""
    for name, value in {"CLASSES": 3, "TRAIN_IMAGES": 4, "TEST_IMAGES": 2, "MIRRORED": {1: 2, 2: 1}}.items():
        monkeypatch.setattr(data, name, value)


def raw():
    random = np.random.default_rng(0)
    train = [np.sort(random.choice(5, 4, replace=False)) for _ in range(3)]
    of_tests = np.array(LABELS)
    chosen = [random.choice(np.flatnonzero(of_tests == label), 2, replace=False) for label in range(3)]
    tests = np.sort(np.concatenate(chosen))
    return {
        "x_train": np.concatenate([images[numbers] for images, numbers in zip(TRAIN, train, strict=True)]),
        "y_train": np.repeat(np.arange(3), 4).astype(np.uint8),
        "x_test": TEST[tests],
        "y_test": of_tests[tests].astype(np.uint8),
    }


def archive():
    """The public source's."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("signs/scale.py", "")
        for label, images in enumerate(TRAIN):
            for number, image in enumerate(images):
                path = f"signs/GTSRB/Final_Training/Images/{label:05}/{number:05}_00000.ppm"
                opened.writestr(path, b"P6\n32 32\n255\n" + image.tobytes())
        rows = ["Filename;Width;ClassId"]
        for number, image in enumerate(TEST):
            opened.writestr(f"signs/GTSRB/Final_Test/Images/{number:05}.ppm", b"P6\n32 32\n255\n" + image.tobytes())
            rows.append(f"{number:05}.ppm;32;{LABELS[number]}")
        opened.writestr("signs/GTSRB/Final_Test/GT-final_test.csv", "\r\n".join(rows))
    return file.getvalue()


def test_images_are_on_the_grid_of_pixels_and_some_are_there_mirrored_too(tmp_path, monkeypatch):
    file = io.BytesIO()
    np.savez(file, **raw())
    (tmp_path / data.FILE).parent.mkdir()
    (tmp_path / data.FILE).write_bytes(file.getvalue())
    monkeypatch.setenv("NETLOOM_DATA", str(tmp_path))
    files = {data.FILE: hashlib.sha256(file.getvalue()).hexdigest()}
    found = dataclasses.replace(data.SIGNS, files=files).load()
    assert "12 train images 32x32, 8 of them mirrored too, and 6 test images" in found.source
    assert found.x_train.shape == (20, 32, 32, 3)
    assert found.y_train.tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [2] * 4 + [1] * 4
    assert (found.x_train[12:] == found.x_train[4:12, :, ::-1]).all()
    assert found.x_test.shape == (6, 32, 32, 3)
    for x in (found.x_train, found.x_test):
        assert x.dtype == np.float32
        assert x.min() == 0 and x.max() == 255 / 256
        assert (x * 256 == np.round(x * 256)).all()


def test_the_public_source_gives_the_same_arrays_and_no_others(monkeypatch):
    monkeypatch.setattr(data, "download", lambda address: archive())
    with pytest.raises(DataUnavailableError, match="not the expected data, SHA-256"):
        load_dataset("gtsrb")
    found = dataclasses.replace(data.SIGNS, digest=digest_arrays(raw())).load()
    assert "github.com" in found.source


def test_a_dark_image_and_a_pale_one_are_stretched_alike_whatever_is_around_the_sign():
    image = RANDOM.integers(0, 256, (1, 32, 32, 3)).astype(float)
    plain, dark, pale = (data.stretched(one) for one in (image, image * 0.2, image * 0.3 + 150))
    np.testing.assert_allclose(dark, plain, atol=1 / 256)
    np.testing.assert_allclose(pale, plain, atol=1 / 256)
    image[:, :5] = 10_000
    np.testing.assert_allclose(data.stretched(image)[:, 6:-6, 6:-6], plain[:, 6:-6, 6:-6], atol=1 / 256)


def test_signs_in_a_mirror_are_signs_there():
    names = data.CLASS_NAMES
    assert len(names) == 43
    for label, other in WHOLE.items():
        sides = [names[one].replace("left", "?").replace("right", "?") for one in (label, other)]
        assert sides[0] == sides[1] or "of way" in names[label]
    assert all(WHOLE[other] == label for label, other in WHOLE.items())
