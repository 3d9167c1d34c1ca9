"""`kernel-digits`: its layers compute what scikit-learn's kernel and ridge do, and the firmware what was quantized."""

import dataclasses

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import rbf_kernel

import netloom
from netloom.errors import InputError, SettingsError
from netloom.models import get_network, load_dataset

KERNEL = get_network("kernel-digits")


@pytest.fixture(scope="module")
def data():
    return load_dataset("digits")


@pytest.fixture(scope="module")
def model(data):
    model = KERNEL.build()
    KERNEL.train(model, data)
    return model


def test_the_layers_compute_gaussian_kernels_of_examples(model, data):
    gamma = 1 / (64 * data.x_train.var())
    examples = data.x_train[np.random.default_rng(0).choice(len(data.x_train), 128, replace=False)]
    ridge = Ridge(alpha=0.1).fit(rbf_kernel(data.x_train, examples, gamma), np.eye(10)[data.y_train])
    wanted = ridge.predict(rbf_kernel(data.x_test, examples, gamma))
    np.testing.assert_allclose(model.predict(data.x_test, verbose=0), wanted, atol=2e-3)
    assert KERNEL.reaches((wanted.argmax(axis=1) == data.y_test).mean())


def test_other_seeds_draw_other_examples(data):
    first, second = (KERNEL.build() for _ in range(2))
    KERNEL.train(first, data, seed=1)
    KERNEL.train(second, data, seed=2)
    assert (first.get_layer("examples").kernel.numpy() != second.get_layer("examples").kernel.numpy()).any()


def test_it_becomes_firmware_that_is_what_was_quantized(model, data, tmp_path):
    twin = netloom.quantize(model, netloom.Policy.uniform(8), data, fine_tune_epochs=0)
    conversion = netloom.convert(twin, netloom.HlsSettings(), tmp_path / "converted")
    with netloom.open_engine("quantized", model=twin) as quantized:
        wanted = quantized.predict(data.x_test)
    outputs = netloom.simulate(conversion, data.x_test)
    np.testing.assert_array_equal(outputs, wanted)
    assert (outputs.argmax(axis=1) == data.y_test).mean() > 0.95


def test_data_without_labels_are_refused(data):
    with pytest.raises(InputError, match="training needs labels, and there is no y_train"):
        KERNEL.train(KERNEL.build(), dataclasses.replace(data, y_train=None))


def test_epochs_are_refused(tmp_path):
    with pytest.raises(SettingsError, match="kernel-digits is solved for, not trained in epochs; leave --epochs out"):
        netloom.run("kernel-digits", directory=tmp_path, settings=netloom.RunSettings(epochs=3), until="train")
