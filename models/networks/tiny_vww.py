"""`tiny-vww`: MLPerf Tiny's visual wake words, MobileNet with a quarter of its channels."""

from typing import TYPE_CHECKING

from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam

if TYPE_CHECKING:
    import keras

BLOCKS = (
    *((1, 16), (2, 32), (1, 32), (2, 64), (1, 64), (2, 128)),
    *((1, 128), (1, 128), (1, 128), (1, 128), (1, 128), (2, 256), (1, 256)),
)
"""Stride and channels of each depthwise separable convolution."""


def build() -> "keras.Model":
    """96x96x3 -> convolution 3x3x8, every other place -> 13 times (depthwise 3x3, pointwise), 16 to 256 channels ->
    mean -> 2 logits; normalization and ReLU after each convolution.
    """
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((96, 96, 3), name="pixels")], name="tiny-vww")

    def add(convolution: "keras.Layer", name: str) -> None:
        model.add(convolution)
        # Few steps are made here; means over a hundred of them would still be far off in the end.
        model.add(layers.BatchNormalization(momentum=0.9, name=f"{name}_norm"))
        model.add(layers.Activation("relu", name=f"{name}_relu"))

    add(layers.Conv2D(8, 3, strides=2, padding="same", name="conv"), "conv")
    for number, (stride, channels) in enumerate(BLOCKS, start=1):
        deep, wide = f"depthwise{number}", f"pointwise{number}"
        add(layers.DepthwiseConv2D(3, strides=stride, padding="same", name=deep), deep)
        add(layers.Conv2D(channels, 1, name=wide), wide)
    model.add(layers.GlobalAveragePooling2D(name="mean"))
    model.add(layers.Dense(2, name="logits"))
    return model


NETWORK = Network(
    name="tiny-vww",
    title="MLPerf Tiny: visual wake words",
    review="Image understanding with deep convolutional networks: pedestrians",
    description=(
        "Whether somebody is in a picture, by MobileNet. Drawn figures stand in for people: the score says nothing of"
        " photographs."
    ),
    dataset="figures",
    builder=build,
    training=Training(epochs=5, batch_size=32, optimizer=adam(3e-3), validation_fraction=0.0),
    expected_score=0.64,
    bits=8,
    fine_tune_epochs=1,
    target=Target("ULX3S-85F", target_ii=100_000, clock_mhz=75, rtl_samples=200),
    io_type="io_stream",
    csim_samples=200,
    training_seconds=134,
)
