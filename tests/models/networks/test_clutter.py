"""`clutter` and the pictures that it is trained on."""

import dataclasses

import numpy as np
import pytest

from netloom.models import get_network, load_dataset
from netloom.models.data.clutter import MOST, SIDE, SIZES, draw_clutter
from netloom.models.networks.optimizers import adam
from netloom.models.tasks import Detection

INK = np.ones((10, 8, 8))


def test_pictures_are_drawn_the_same_every_time_and_boxes_are_where_digits_are() -> None:
    pictures, boxes = draw_clutter(INK, np.arange(10), 50, seed=3)
    again, _ = draw_clutter(INK, np.arange(10), 50, seed=3)
    assert (pictures == again).all()
    assert (pictures.shape, boxes.shape) == ((50, SIDE, SIDE, 1), (50, MOST, 5))
    assert (pictures * 256 == np.round(pictures * 256)).all() and (pictures.max(), pictures.min()) == (255 / 256, 0)
    there = boxes[..., 0] >= 0
    assert 0 < there.sum() < there.size and set(boxes[there][:, 0]) == set(range(10))
    for picture, ones in zip(pictures, boxes, strict=True):
        for label, *edges in ones:
            if label < 0:
                continue
            top, left, bottom, right = np.round(np.array(edges) * SIDE).astype(int)
            assert SIZES[0] <= bottom - top == right - left <= SIZES[1]
            assert picture[top:bottom, left:right].mean() > 0.9
    assert Detection().read("y", boxes) is not None


@pytest.mark.slow
def test_the_data_set_says_what_it_is() -> None:
    data = load_dataset("clutter")
    assert data.source == (
        "drawn from scikit-learn digits, 4,000 train and 1,000 test pictures 48x48 of clutter,"
        f" with {(np.asarray(data.y_test)[..., 0] >= 0).sum():,} digits in the latter"
    )
    assert data.task == "detection"
    assert data.class_names == tuple("0123456789")


@pytest.mark.slow
def test_a_few_epochs_on_a_few_pictures_find_half_of_the_digits() -> None:
    """It is slow to tell classes apart: after half as many steps it finds things, and no class."""
    network, data = get_network("clutter"), load_dataset("clutter")
    few = dataclasses.replace(data, x_train=data.x_train[:1500], y_train=data.y_train[:1500])  # type: ignore[index]
    model = network.build()
    network.train(model, few, dataclasses.replace(network.training, epochs=8, optimizer=adam(1e-2)))
    outputs = model.predict(np.asarray(data.x_test)[:300], verbose=0)
    assert Detection().measure(outputs, np.asarray(data.y_test)[:300])["average_precision"] > 0.4
