"""`speech`: windows of sound become fragments of words, and two recurrent layers hear the word in them."""

from typing import TYPE_CHECKING

from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adamw
from netloom.models.networks.words import pictures

if TYPE_CHECKING:
    import keras

FRAGMENTS, UNITS = 32, 32


def build() -> "keras.Model":
    """62 frames x 24 bands -> windows of 5, 2 apart -> 32 fragments, of 3 of them -> LSTM 32, LSTM 32, mean -> 10."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((62, 24), name="frames")], name="speech")
    for number, (frames, apart) in enumerate(((5, 2), (3, 1)), start=1):
        model.add(layers.Conv1D(FRAGMENTS, frames, strides=apart, name=f"fragments{number}"))
        model.add(layers.BatchNormalization(name=f"norm{number}"))
        model.add(layers.Activation("relu", name=f"relu{number}"))
        model.add(layers.SpatialDropout1D(0.3, name=f"dropout{number}"))
    model.add(layers.LSTM(UNITS, return_sequences=True, name="lstm1"))
    model.add(layers.Dropout(0.3, name="dropout3"))
    model.add(layers.LSTM(UNITS, return_sequences=True, name="lstm2"))
    model.add(layers.Dropout(0.3, name="dropout4"))
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
    dataset="spoken-digits",
    builder=build,
    training=Training(epochs=25, batch_size=64, optimizer=adamw(3e-3)),
    expected_score=0.85,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-85F", target_ii=20_000, rtl_samples=20),
    training_seconds=200,
    csim_samples=100,
    pictures=pictures,
)
