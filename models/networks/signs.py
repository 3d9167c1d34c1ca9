"""`signs`: a convolutional network on photographs of traffic signs, whose classifier sees every stage."""

from typing import TYPE_CHECKING

from netloom.models.deformation import Deformation
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adamw
from netloom.models.tasks.pictures.confusions import confusions

if TYPE_CHECKING:
    import keras

STAGES = ((32, 5), (64, 3), (128, 3))
"""Filters and size of each convolution."""


def build() -> "keras.Model":
    """32x32x3 -> convolution 5x5x32, 3x3x64, 3x3x128, each with ReLU and pooling 2x2; all three -> 43 logits.

    What the first and the second stage see is pooled to 4x4 places, as the third's is, and goes to the classifier too.
    """
    import keras
    from keras import layers

    pixels = x = keras.Input((32, 32, 3), name="pixels")
    seen = []
    for number, (filters, size) in enumerate(STAGES, start=1):
        x = layers.Conv2D(filters, size, padding="same", name=f"conv{number}")(x)
        x = layers.BatchNormalization(name=f"norm{number}")(x)
        x = layers.Activation("relu", name=f"relu{number}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{number}")(x)
        x = layers.Dropout(0.1, name=f"dropout{number}")(x)
        seen.append(x)
    first = layers.MaxPooling2D(4, name="coarse1")(seen[0])
    second = layers.MaxPooling2D(2, name="coarse2")(seen[1])
    every = layers.Flatten(name="flatten")(layers.Concatenate(name="every_stage")([first, second, x]))
    every = layers.Dropout(0.5, name="dropout4")(every)
    return keras.Model(pixels, layers.Dense(43, name="logits")(every), name="signs")


NETWORK = Network(
    name="signs",
    title="Traffic signs",
    review="Image understanding with deep convolutional networks: traffic sign recognition",
    description="Photographs of 43 German traffic signs, by a convolutional network whose classifier sees every stage.",
    dataset="gtsrb",
    builder=build,
    training=Training(
        epochs=32,
        batch_size=64,
        optimizer=adamw(3e-3),
        validation_fraction=0.0,
        deformation=Deformation(turn=0.2, scale=0.15, stretch=0.1, shear=0.1, shift=2.5, contrast=0.3, brightness=0.1),
    ),
    expected_score=0.95,
    bits=8,
    fine_tune_epochs=0,
    target=Target("ULX3S-85F", target_ii=98304, clock_mhz=50, rtl_samples=200),
    io_type="io_stream",
    csim_samples=200,
    training_seconds=445,
    pictures=confusions,
)
