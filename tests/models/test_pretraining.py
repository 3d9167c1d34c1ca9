"""Layer by layer without labels: what is learnt gives its input again, and is where backpropagation begins."""

import dataclasses

import keras
import numpy as np
import pytest

from netloom.models import Dataset, load_dataset, training
from netloom.models.networks import pretrain as home
from netloom.models.networks.pretrain import AUTOENCODER, NETWORK
from netloom.models.pretraining import Pretraining, pretrain

SHORT = Pretraining(epochs=60, batch_size=10, rate=0.1)


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
