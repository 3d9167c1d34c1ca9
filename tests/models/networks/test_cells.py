"""`cells` and the images it is trained on."""

import dataclasses
import hashlib
import io
from pathlib import Path

import numpy as np
import pytest

from netloom.models import Dataset, get_network
from netloom.models.data.nuclei import FILE, NUCLEI, TILING, draw_cells
from netloom.models.tasks.pictures.picture import Shows
from netloom.models.tasks.segmentation import NOT_JUDGED, Segmentation
from netloom.report.pictures import drawn
from netloom.settings import RunSettings


@pytest.fixture(scope="module")
def stand_in() -> Dataset:
    return NUCLEI.prepare(draw_cells(), NUCLEI.public_source)


@pytest.mark.slow
def test_what_stands_in_says_so_and_is_the_same_every_time(stand_in: Dataset) -> None:
    assert stand_in.source == (
        "nuclei (drawn in their stead: blobs on noise), 40 train and 10 test images 256x256,"
        " the latter in 1,210 tiles 32x32"
    )
    assert isinstance(stand_in.x_train, np.ndarray) and isinstance(stand_in.x_test, np.ndarray)
    assert isinstance(stand_in.y_train, np.ndarray) and isinstance(stand_in.y_test, np.ndarray)
    assert stand_in.x_train.shape == (2560, 32, 32, 1)
    assert stand_in.x_test.shape == (1210, 32, 32, 1)
    for x in (stand_in.x_train, stand_in.x_test):
        assert (x.min(), x.max()) == (0, 255 / 256)
        assert (x * 256 == np.round(x * 256)).all()
    assert set(np.unique(stand_in.y_train)) == {0, 1}
    assert (stand_in.y_test != NOT_JUDGED).sum() == 10 * 256 * 256
    assert stand_in.digest == NUCLEI.prepare(draw_cells(), NUCLEI.public_source).digest


def test_photographs_are_read_and_made_as_bright_as_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = draw_cells()
    x = np.array(raw["x_train"][:2])
    x[1] = x[0] // 2 + 7
    instances = np.array([raw["y_train"][0] * 3] * 2, np.uint16)
    file = io.BytesIO()
    np.savez(file, x_train=x, x_test=x[:1], instances_train=instances, instances_test=instances[:1])
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_bytes(file.getvalue())
    monkeypatch.setenv("NETLOOM_DATA", str(tmp_path))
    found = dataclasses.replace(NUCLEI, files={FILE: hashlib.sha256(file.getvalue()).hexdigest()}).load()
    assert "nuclei (NETLOOM_DATA), 2 train and 1 test images" in found.source
    assert isinstance(found.x_train, np.ndarray)
    one, other = np.split(found.x_train, 2)
    assert abs(one - other).mean() < 0.03
    assert isinstance(found.y_test, np.ndarray)
    assert (TILING.join(found.y_test) == (instances[:1] > 0)).all()


@pytest.mark.slow
def test_an_epoch_on_the_stand_in_finds_its_blobs(stand_in: Dataset) -> None:
    network = get_network("cells")
    model = network.build()
    network.train(model, stand_in, dataclasses.replace(network.training, epochs=2))
    scores = Segmentation().measure(model.predict(stand_in.x_test, verbose=0), np.asarray(stand_in.y_test))
    assert scores["mean_iou"] > 0.8


def test_its_c_is_of_streams_and_of_two_whole_images() -> None:
    settings = RunSettings.of(get_network("cells"))
    assert settings.hls.io_type == "io_stream"
    assert settings.csim_samples == 2 * len(TILING.places)
    assert RunSettings.of(get_network("lenet")).hls.io_type == "io_parallel"


def test_its_picture_is_of_whole_images(stand_in: Dataset) -> None:
    x, y = np.asarray(stand_in.x_test), np.asarray(stand_in.y_test)
    said = np.where(y == 0, -1.0, 1.0)[..., None]
    pictures = get_network("cells").pictures
    assert pictures is not None
    shows = Shows(x, y, (), {"fixed": [said]}, lambda engine, inputs: {})
    (picture,) = pictures(shows)
    text = drawn(picture, "cells")
    assert text.count("<image") == 3
    assert "unbroken outline" in picture.note
    assert not pictures(dataclasses.replace(shows, predictions={"fixed": [said[:120]]}))
