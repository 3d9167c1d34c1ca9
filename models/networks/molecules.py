"""`molecules`: a multilayer network that predicts in which tests a molecule is active, from its fingerprint."""

from typing import TYPE_CHECKING

from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adamw

if TYPE_CHECKING:
    import keras


def build() -> "keras.Model":
    """1,024 bits -> 64 -> 12 logits, a test each, with ReLU between."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((1024,), name="fingerprint"),
            layers.Dropout(0.1, name="dropout1"),
            layers.Dense(64, name="fc1"),
            layers.Activation("relu", name="relu1"),
            layers.Dropout(0.5, name="dropout2"),
            layers.Dense(12, name="logits"),
        ],
        name="molecules",
    )


NETWORK = Network(
    name="molecules",
    title="Activity of molecules",
    review="Introduction: predicting the activity of potential drug molecules",
    description=(
        "In which of twelve tests of toxicity a molecule is active, from 1,024 bits that say which substructures it"
        " has; most molecules were not tried in all tests."
    ),
    dataset="tox21",
    builder=build,
    training=Training(epochs=12, batch_size=64, optimizer=adamw(2e-3)),
    expected_score=0.77,
    bits=6,
    fine_tune_epochs=4,
    target=Target("ULX3S-25F", target_ii=4096),
    training_seconds=16,
    task="multilabel",
)
