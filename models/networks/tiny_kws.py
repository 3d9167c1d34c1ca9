"""`tiny-kws`: MLPerf Tiny's keyword spotting, a network of depthwise separable convolutions (DS-CNN)."""

from typing import TYPE_CHECKING

from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam

if TYPE_CHECKING:
    import keras

CHANNELS, BLOCKS = 64, 4


def build() -> "keras.Model":
    """49x10x1 -> convolution 10x4, every other place -> four times (depthwise 3x3, pointwise), all of 64 channels ->
    mean -> 12 logits; normalization and ReLU after each convolution.
    """
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((49, 10, 1), name="coefficients")], name="tiny-kws")

    def add(convolution: "keras.Layer", name: str) -> None:
        model.add(convolution)
        model.add(layers.BatchNormalization(name=f"{name}_norm"))
        model.add(layers.Activation("relu", name=f"{name}_relu"))

    add(layers.Conv2D(CHANNELS, (10, 4), strides=2, padding="same", name="conv"), "conv")
    model.add(layers.Dropout(0.2, name="dropout1"))
    for number in range(1, BLOCKS + 1):
        deep, wide = f"depthwise{number}", f"pointwise{number}"
        add(layers.DepthwiseConv2D(3, padding="same", name=deep), deep)
        add(layers.Conv2D(CHANNELS, 1, name=wide), wide)
    model.add(layers.Dropout(0.4, name="dropout2"))
    model.add(layers.GlobalAveragePooling2D(name="mean"))
    model.add(layers.Dense(12, name="logits"))
    return model


NETWORK = Network(
    name="tiny-kws",
    title="MLPerf Tiny: keyword spotting",
    review="Convolutional neural networks: phonemes and simple words",
    description=(
        "Which of ten words was said, or another one, or none, by depthwise separable convolutions. Spoken digits stand"
        " in for Speech Commands, and their speakers are those of the train split."
    ),
    dataset="keywords",
    builder=build,
    training=Training(epochs=6, batch_size=64, optimizer=adam(3e-3)),
    expected_score=0.95,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-85F"),
    io_type="io_stream",
    training_seconds=69,
)
