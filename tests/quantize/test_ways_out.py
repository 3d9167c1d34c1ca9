"""Every way out that a refusal names is taken here: the network that follows it converts, exactly."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import netloom
from netloom.errors import LayerNotSupportedError
from netloom.quantize.support.table import REFUSED

IMAGE, STEPS, VECTOR = (6, 8, 4), (8, 4), (6,)


def network(shape: tuple[int, ...], *steps: Any) -> Any:
    """A model of layers, or functions of tensors, one after the other."""
    start = tensor = keras.Input(shape)
    for step in steps:
        tensor = step(tensor)
    return keras.Model(start, tensor)


def doubled(tensor: Any) -> Any:
    return layers.Add()([tensor, layers.Dense(6)(tensor)])


CASES: dict[str, tuple[tuple[int, ...], list[Any], str, list[list[Any]]]] = {
    "Lambda": (VECTOR, [layers.Lambda(lambda x: x + x)], "build it from keras layers", [[doubled]]),
    "Normalization": (
        VECTOR,
        [layers.Normalization(mean=[0.0] * VECTOR[-1], variance=[1e6] + [1.0] * (VECTOR[-1] - 1)), layers.Dense(2)],
        "normalize the data before the network, or give",
        [[layers.Dense(2)]],
    ),
    "a mask": (
        STEPS,
        [layers.Masking(), layers.GlobalAveragePooling1D()],
        "give it a result of theirs that has none",
        [[layers.Masking(), layers.LSTM(3)], [layers.GlobalAveragePooling1D()]],
    ),
    "dtype": (VECTOR, [layers.Dense(2, dtype="float64")], "in float32", [[layers.Dense(2, dtype="float32")]]),
    "activation": (
        VECTOR,
        [layers.Dense(3, activation="sparsemax")],
        "use softmax",
        [[layers.Dense(3, activation="softmax")]],
    ),
    "ConvLSTM1D": (
        (3, 6, 2),
        [layers.ConvLSTM1D(2, 3)],
        "use convolutions in TimeDistributed, then SimpleRNN, LSTM or GRU",
        [[layers.TimeDistributed(layers.Conv1D(2, 3)), layers.Reshape((3, 8)), layers.LSTM(3)]],
    ),
    "Hashing": (
        (3,),
        [layers.Hashing(5)],
        "encode the data before the network, and give an Embedding the numbers",
        [[layers.Embedding(5, 2)]],
    ),
    "Equalization": (
        IMAGE,
        [layers.Conv2D(3, 1), layers.AutoContrast()],
        "do that to the images before the network",
        [[layers.Conv2D(3, 1)]],
    ),
    "MelSpectrogram": (
        (24,),
        [layers.MelSpectrogram(8, 4, num_mel_bins=3, sampling_rate=100)],
        "use power_to_db=False, and 10",
        [
            [
                layers.MelSpectrogram(8, 4, num_mel_bins=3, sampling_rate=100, power_to_db=False),
                lambda x: 10 * keras.ops.log10(keras.ops.maximum(x, 1e-10)),
            ]
        ],
    ),
    "STFTSpectrogram": (
        (24, 1),
        [layers.STFTSpectrogram(mode="angle", frame_length=8, frame_step=4)],
        "take mode='stft'",
        [[layers.STFTSpectrogram(mode="stft", frame_length=8, frame_step=4)]],
    ),
}


def quantized(model: Any) -> tuple[Any, np.ndarray]:
    rng, shape = np.random.default_rng(0), (40, *model.inputs[0].shape[1:])
    rows = [layer.input_dim for layer in model.layers if isinstance(layer, layers.Embedding)]
    x = (rng.integers(0, rows[0], shape) if rows else rng.normal(0, 1, shape)).astype(np.float32)
    return netloom.quantize(model, netloom.Policy.uniform(6), x, fine_tune_epochs=0), x


@pytest.mark.parametrize("case", CASES)
def test_a_refusal_names_a_way_out(case: str) -> None:
    shape, steps, words, _ = CASES[case]
    with pytest.raises(LayerNotSupportedError, match=words) as raised:
        quantized(network(shape, *steps))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("case", CASES)
def test_the_way_out_converts_and_is_exact(case: str, tmp_path: Any) -> None:
    shape, _, _, ways = CASES[case]
    for number, way in enumerate(ways):
        twin, x = quantized(network(shape, *way))
        conversion = netloom.convert(twin, netloom.HlsSettings(), tmp_path / str(number))
        with netloom.open_engine("quantized", model=twin) as engine:
            np.testing.assert_array_equal(netloom.simulate(conversion, x), engine.predict(x))


def test_every_way_out_is_among_them() -> None:
    untried = "rebuild the network with keras layers"  # of layers that other libraries make
    assert {one.instead for one in REFUSED.values()} - {untried} <= {
        REFUSED[kind].instead for kind in CASES if kind in REFUSED
    }
