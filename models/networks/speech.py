"""`speech`: windows of sound become fragments of words, and two recurrent layers hear the word in them."""

from typing import TYPE_CHECKING

from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adamw
from netloom.models.networks.words import pictures

if TYPE_CHECKING:
    import keras

FRAGMENTS, UNITS, DROPOUT = 32, 32, 0.2
WINDOWS = (
    {"kernel_size": 5, "strides": 2},
    {"kernel_size": 3, "dilation_rate": 2},
    {"kernel_size": 3, "dilation_rate": 4},
)
"""From frames to fragments; then from fragments to longer ones."""


def build() -> "keras.Model":
    """62 frames x 24 bands -> 32 fragments, by `WINDOWS` -> LSTM 32, LSTM 32, mean over time -> 10 logits."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((62, 24), name="frames")], name="speech")
    for number, window in enumerate(WINDOWS, start=1):
        model.add(layers.Conv1D(FRAGMENTS, **window, name=f"fragments{number}"))
        model.add(layers.BatchNormalization(name=f"norm{number}"))
        model.add(layers.Activation("relu", name=f"relu{number}"))
        model.add(layers.Dropout(DROPOUT, name=f"dropout{number}"))
    model.add(layers.LSTM(UNITS, return_sequences=True, name="lstm1"))
    model.add(layers.Dropout(DROPOUT, name="dropout4"))
    model.add(layers.LSTM(UNITS, return_sequences=True, name="lstm2"))
    model.add(layers.Dropout(DROPOUT, name="dropout5"))
    model.add(layers.GlobalAveragePooling1D(name="mean"))
    model.add(layers.Dense(10, name="logits"))
    return model


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
    training=Training(epochs=15, batch_size=64, optimizer=adamw(3e-3)),
    expected_score=0.89,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-85F", target_ii=20_000, rtl_samples=20),
    training_seconds=73,
    csim_samples=100,
    pictures=pictures,
)
