"""`tiny-ad`: MLPerf Tiny's anomaly detection, a dense autoencoder."""

from typing import TYPE_CHECKING

from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam

if TYPE_CHECKING:
    import keras

HIDDEN = (128, 128, 128, 128, 8, 128, 128, 128, 128)


def build() -> "keras.Model":
    """640 -> 4 x 128 -> 8 -> 4 x 128 -> 640; normalization and ReLU after each layer but the last."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((640,), name="bands")], name="tiny-ad")
    for number, units in enumerate(HIDDEN, start=1):
        model.add(layers.Dense(units, name=f"dense{number}"))
        model.add(layers.BatchNormalization(name=f"norm{number}"))
        model.add(layers.Activation("relu", name=f"relu{number}"))
    model.add(layers.Dense(640, name="rendered"))
    return model


NETWORK = Network(
    name="tiny-ad",
    title="MLPerf Tiny: anomaly detection",
    review="Deep neural networks: what Figure 1 has, with eight units in its middle",
    description=(
        "Hears which motors are faulty, having heard only sound ones: what an autoencoder renders badly is new to it."
        " The sounds are drawn, in the place of ToyADMOS: the score says nothing of real machines."
    ),
    dataset="machines",
    task="anomaly",
    builder=build,
    training=Training(epochs=100, batch_size=128, optimizer=adam(2e-3)),
    expected_score=0.85,
    bits=8,
    fine_tune_epochs=3,
    target=Target("ULX3S-85F", target_ii=4096),
    training_seconds=140,
)
