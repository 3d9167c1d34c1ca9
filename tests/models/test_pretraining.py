"""Layer by layer without labels: what is learnt gives its input again, and is where backpropagation begins."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from matplotlib.figure import Figure

from netloom.models import Dataset, load_dataset, training
from netloom.models.networks import pretrain as home
from netloom.models.networks.pretrain import AUTOENCODER, NETWORK
from netloom.models.pretraining import Pretraining, pretrain
from netloom.models.tasks import Shows

SHORT = Pretraining(epochs=(20, 20), missing=(0.3, 0.3), batch_size=10, rate=0.1)


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


def test_layers_that_are_pre_trained_give_their_input_again(digits):
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64), keras.layers.Dense(32)])
    up = model.layers[0]
    biases, above = pretrain(model.layers, digits.x_train, SHORT, 0)
    assert biases.shape == (64,) and above.shape == (64,)
    kernel, bias = up.get_weights()
    hidden = 1 / (1 + np.exp(-(digits.x_test @ kernel + bias)))
    again = 1 / (1 + np.exp(-(hidden @ kernel.T + biases)))
    error = ((again - digits.x_test) ** 2).mean()
    assert error < 0.5 * digits.x_train.var(axis=0).mean()


def test_a_layer_is_drawn_from_its_seed(digits):
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(8)])
    kernels = []
    for seed in (1, 1, 2):
        pretrain(model.layers, digits.x_train[:100], Pretraining((1,), (0.3,)), seed)
        kernels.append(model.get_weights()[0])
    assert (kernels[0] == kernels[1]).all() and (kernels[0] != kernels[2]).any()


def few_images():
    random = np.random.default_rng(0)
    images, labels = random.random((40, 28, 28, 1), np.float32), np.arange(40) % 10
    return Dataset(images[:20], labels[:20], images, labels, None, "noise", x_unlabelled=images)


@pytest.mark.parametrize("unlabelled", [True, False])
def test_images_without_labels_are_learnt_from_if_there_are_any(unlabelled, monkeypatch):
    seen = []
    monkeypatch.setattr(home, "pretrain", lambda layers, x, how, seed: seen.append((len(x), seed)))
    data = few_images() if unlabelled else dataclasses.replace(few_images(), x_unlabelled=None)
    NETWORK.train(NETWORK.build(), data, dataclasses.replace(NETWORK.training, epochs=1), seed=4)
    assert seen == [(40 if unlabelled else 20, 4)]


def test_the_way_down_is_the_way_up_unrolled(monkeypatch):
    model = AUTOENCODER.build()
    data = dataclasses.replace(few_images(), y_train=None, y_test=None, task="reconstruction")
    monkeypatch.setattr(training, "train", lambda *_: {})
    AUTOENCODER.train(model, data)
    for number in (1, 2):
        up, down = (model.get_layer(f"{way}{number}").get_weights()[0] for way in ("up", "down"))
        np.testing.assert_array_equal(down, up.T)
    assert model.output_shape == (None, 28, 28, 1)


def test_what_pre_training_gains_is_drawn_with_error_bars(monkeypatch, tmp_path):
    measured = {"from scratch": {"100": [0.7, 0.72], "1000": [0.9, 0.91]}, "pre-trained": {"100": [0.8, 0.81]}}
    measured["pre-trained"]["1000"] = [0.93, 0.94]
    monkeypatch.setattr(home, "MEASURED", tmp_path / "pretrain.json")
    home.MEASURED.write_text(json.dumps(measured))
    nothing = Shows(np.zeros((1, 2)), None, (), {}, lambda engine, x: {})
    (picture,) = NETWORK.pictures(nothing)
    assert "2 seeds" in picture.note
    figure = Figure()
    picture.draw(figure)
    (axes,) = figure.axes
    assert [container.get_label() for container in axes.containers] == list(measured)
    np.testing.assert_allclose(axes.containers[0].lines[0].get_ydata(), [71, 90.5])
    (bars,) = axes.containers[1].lines[2]
    np.testing.assert_allclose(np.ptp(bars.get_segments(), axis=1)[:, 1], [2 * 0.5**0.5] * 2, rtol=1e-6)


def test_pre_training_gained_with_every_number_of_labels():
    scratch, raised = json.loads(home.MEASURED.read_text()).values()
    assert list(scratch) == list(raised) and len(scratch) >= 3
    for labels in scratch:
        assert len(scratch[labels]) == len(raised[labels]) >= 5
        assert np.mean(raised[labels]) > np.mean(scratch[labels])
