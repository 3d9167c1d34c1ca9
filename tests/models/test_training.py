import dataclasses
import secrets

import keras
import numpy as np
import pytest

from netloom.errors import InputError
from netloom.models import Dataset, Training, get_network, load_dataset, train

FEW = Training(epochs=2, batch_size=32, optimizer=lambda steps: keras.optimizers.SGD(0.1))


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


def weights(network, dataset, seed):
    model = network.build(seed)
    keras.utils.set_random_seed(secrets.randbits(32))  # Whatever happens in between must not matter.
    train(model, dataset, dataclasses.replace(network.training, epochs=1), seed)
    return model.get_weights()


def test_digits_reaches_its_expected_score_in_30_seconds(digits):
    network = get_network("digits")
    model = network.build()
    history = network.train(model, digits)
    right = model.predict(digits.x_test, verbose=0).argmax(axis=1) == digits.y_test
    assert network.reaches(right.mean())
    assert history.keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert all(len(values) == network.training.epochs for values in history.values())


@pytest.mark.parametrize("name", ["digits", "lenet"])
def test_training_is_reproducible_bit_for_bit(name):
    network = get_network(name)
    model = network.build()
    rng = np.random.default_rng(0)
    x = rng.random((512, *model.input_shape[1:]), np.float32)
    y = rng.integers(0, 10, 512)
    dataset = Dataset(x, y, x, y, None, "noise")
    first, second, other = (weights(network, dataset, seed) for seed in (5, 5, 6))
    assert all((a == b).all() for a, b in zip(first, second, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_a_network_is_trained_in_its_own_way(digits):
    asked = []

    def trainer(model, dataset, training, seed, callbacks):
        asked.append((training.epochs, seed))
        return train(model, dataset, training, seed, callbacks)

    network = dataclasses.replace(get_network("digits"), trainer=trainer)
    network.train(network.build(), digits, dataclasses.replace(network.training, epochs=1), seed=3)
    assert asked == [(1, 3)]


def test_the_optimizer_is_told_the_number_of_steps(digits):
    given = []

    def optimizer(steps):
        given.append(steps)
        return keras.optimizers.SGD(0.1)

    model = get_network("digits").build()
    train(model, digits, Training(epochs=2, batch_size=100, optimizer=optimizer, validation_fraction=0.5))
    assert given == [16]  # 1,437 samples, 718 held out: 8 steps an epoch.
    assert int(model.optimizer.iterations) == 16


def test_nothing_need_be_held_out(digits):
    training = dataclasses.replace(FEW, epochs=1, validation_fraction=0)
    history = train(get_network("digits").build(), digits, training)
    assert history.keys() == {"loss", "accuracy"}


def test_samples_held_out_are_not_trained_on_and_come_from_every_class():
    """Sorted by class, as users' files are, with only the bias free to learn: it finds the classes' shares."""
    x, y = np.zeros((1000, 1), np.float32), np.repeat([0, 1], 500)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2)])
    training = Training(30, 50, lambda steps: keras.optimizers.SGD(0.5), validation_fraction=0.5)
    train(model, Dataset(x, y, x, y, None, "sorted"), training)
    shares = keras.ops.softmax(model(x[:1]))
    np.testing.assert_allclose(shares[0], [0.5, 0.5], atol=0.1)


def refused(dataset, message, training=FEW):
    with pytest.raises(InputError, match=message) as caught:
        train(get_network("digits").build(), dataset, training)
    assert "\n" not in str(caught.value)


def test_training_without_labels_is_refused(digits):
    refused(dataclasses.replace(digits, y_train=None), "scikit-learn digits.*: training needs labels")


def test_samples_of_another_shape_are_refused(digits):
    images = dataclasses.replace(digits, x_train=digits.x_train.reshape(-1, 8, 8))
    refused(images, r"a sample has shape \(8, 8\), but the network 'digits' takes \(64,\)")
    shorter = dataclasses.replace(digits, x_train=digits.x_train[:, :63])
    refused(shorter, r"a sample has shape \(63,\)")


def test_labels_beyond_the_outputs_are_refused(digits):
    more = dataclasses.replace(digits, y_train=digits.y_train + 1)
    refused(more, r"y_train has class 10, but the network 'digits' has 10 outputs")


def test_a_training_that_diverges_is_an_error(digits):
    wild = dataclasses.replace(FEW, optimizer=lambda steps: keras.optimizers.SGD(1e30))
    refused(digits, "training of 'digits' diverged in epoch 1", wild)
