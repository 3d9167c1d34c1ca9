"""`jets`: the jet-tagging network of Duarte et al., 2018, a standard of inference on FPGAs."""

from typing import TYPE_CHECKING

from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adamw

if TYPE_CHECKING:
    import keras


def build() -> "keras.Model":
    """16 features -> 64 -> 32 -> 32 -> 5 logits, with ReLU between."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((16,), name="features"),
            layers.Dense(64, name="fc1"),
            layers.Activation("relu", name="relu1"),
            layers.Dense(32, name="fc2"),
            layers.Activation("relu", name="relu2"),
            layers.Dense(32, name="fc3"),
            layers.Activation("relu", name="relu3"),
            layers.Dense(5, name="logits"),
        ],
        name="jets",
    )


NETWORK = Network(
    name="jets",
    title="Jet tagging",
    review="Introduction: analysing particle accelerator data",
    description=(
        "Which particle a jet at the LHC stems from, by four dense layers. Published networks trained on all"
        " 830,000 jets tell about 0.75 of them right; the 1,000-jet sample is a functional check."
    ),
    dataset="lhc-jets",
    builder=build,
    training=Training(epochs=25, batch_size=32, optimizer=adamw(1e-3)),
    expected_score=0.65,
    bits=6,
    fine_tune_epochs=10,
    target=Target("ULX3S-25F", target_ii=32, clock_mhz=100),
    training_seconds=6,
)
