"""`speech`: windows of sound become fragments of words, and two recurrent layers hear the word in them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.networks import words
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adamw

if TYPE_CHECKING:
    import keras

UNITS = 32
"""As many as fragments, and LSTM units in a layer."""
DROPOUT = 0.2
TOGETHER = Training(epochs=1, batch_size=64, optimizer=adamw(1e-4))
"""The training that the LSTM units take part in."""
GATHERED, GATES = 0.2, (2.0, 1.0, 0.0, 2.0)
"""What a unit takes of its input at first; and the biases of its gates: in, forget, the input itself, out."""
AGAIN = 3.5
"""So many times what two such layers give is about what they are given."""


def build() -> "keras.Model":
    """62 frames x 24 bands -> 32 x 32 fragments, by four convolutions -> LSTM 32, LSTM 32, mean over time -> 10 logits.

    A fragment is made of a window of 31 frames; the convolutions over three frames are 1, 2, 4 and 8 apart.
    """
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((62, 24), name="frames")], name="speech")
    for number, dilation in enumerate(words.DILATIONS, start=1):
        model.add(layers.Conv1D(UNITS, 3, dilation_rate=dilation, name=f"window{number}"))
        model.add(layers.BatchNormalization(name=f"norm{number}"))
        model.add(layers.Activation("relu", name=f"relu{number}"))
        model.add(layers.Dropout(DROPOUT, name=f"fragments{number}"))
    for number in (1, 2):
        model.add(layers.LSTM(UNITS, return_sequences=True, name=f"lstm{number}"))
        model.add(layers.Dropout(DROPOUT, name=f"dropout{number}"))
    model.add(layers.GlobalAveragePooling1D(name="mean"))
    model.add(layers.Dense(10, name="logits"))
    return model


def fit(
    model: "keras.Model",
    dataset: Dataset,
    training: Training,
    seed: int = 0,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
    together: Training = TOGETHER,
) -> dict[str, list[float]]:
    """Train `words`, whose convolutions make fragments; put LSTM units before its logits; then train all `together`.

    The units gather at first what the fragments say. There are few speakers to learn from: units that learn for longer
    are surer of what others say, and as often wrong.
    """
    from netloom.models.training import train

    front = words.NETWORK.build(seed)
    train(front, dataset, training, seed, callbacks)
    for number in range(1, len(words.DILATIONS) + 1):
        for of_words, own in (("conv", "window"), ("norm", "norm")):
            model.get_layer(f"{own}{number}").set_weights(front.get_layer(f"{of_words}{number}").get_weights())
    for number in (1, 2):
        gather(model.get_layer(f"lstm{number}"))
    kernel, bias = front.get_layer("logits").get_weights()
    model.get_layer("logits").set_weights([AGAIN * kernel, bias])
    return train(model, dataset, together, seed, callbacks)


def gather(layer: "keras.layers.LSTM") -> None:
    """Give units weights by which each adds up one input, of which it forgets a quarter at each step."""
    units = layer.units
    kernel = np.zeros((units, 4 * units))
    kernel[:, 2 * units : 3 * units] = GATHERED * np.eye(units)
    layer.set_weights([kernel, np.zeros_like(kernel), np.repeat(GATES, units)])


NETWORK = Network(
    name="speech",
    title="Recurrent speech recognizer",
    review="Recurrent neural networks; deep networks for speech: acoustic coefficients to fragments of sound to words",
    description=(
        "Spoken digits of speakers that it has never heard, by windows of frequencies, fragments of sound and two"
        " layers of LSTM units."
    ),
    allowed_loss=0.01,
    dataset="spoken-digits",
    builder=build,
    training=words.NETWORK.training,
    expected_score=0.94,
    bits=8,
    fine_tune_epochs=0,
    target=Target("ULX3S-85F", target_ii=20_000, rtl_samples=20),
    training_seconds=67,
    csim_samples=100,
    trainer=fit,
    pictures=words.pictures,
)
