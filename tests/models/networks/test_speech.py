"""`speech`: its fragments are trained first; LSTM units that have not learnt yet gather them."""

import dataclasses

import keras
import numpy as np
import pytest

from netloom.models import Dataset, get_network
from netloom.models.networks.speech import AGAIN, gather


def test_units_gather_what_they_are_given() -> None:
    model = keras.Sequential([keras.Input((40, 3))])
    for _ in range(2):
        model.add(keras.layers.LSTM(3, return_sequences=True))
        gather(model.layers[-1])
    x = np.zeros((2, 40, 3), np.float32)
    x[0, :, 0], x[1, 5, 2] = 0.5, 0.5
    steady, once = model.predict(x, verbose=0)
    assert 0.8 < AGAIN * steady[-1, 0] / 0.5 < 1.2
    assert (steady[:, 1:] == 0).all() and (np.diff(steady[:, 0]) >= 0).all()
    assert (once[:5] == 0).all() and (once[:, :2] == 0).all() and (once[5:, 2] > 0).all()
    assert once[-1, 2] < 0.1 * once[:, 2].max()


@pytest.mark.slow
def test_all_of_it_is_trained_and_the_same_seed_gives_the_same_weights() -> None:
    network = get_network("speech")
    random = np.random.default_rng(0)
    x, y = random.random((64, 62, 24)).astype(np.float32), np.arange(64) % 10
    training = dataclasses.replace(network.training, epochs=1, batch_size=32)

    def trained() -> list[np.ndarray]:
        model = network.build()
        start = [layer.get_weights() for layer in model.layers]
        history = network.train(model, Dataset(x, y, x, y, None, "noise"), training)
        assert "accuracy" in history
        for layer, before in zip(model.layers, start, strict=True):
            assert all((one != other).any() for one, other in zip(layer.get_weights(), before, strict=True)), layer.name
        for name in ("lstm1", "lstm2"):
            assert all(one.any() for one in model.get_layer(name).get_weights()), "they are trained, too"
        return [*model.get_weights()]

    assert all((one == other).all() for one, other in zip(trained(), trained(), strict=True))
