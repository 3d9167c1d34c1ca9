"""`tiny-ic`: MLPerf Tiny's image classification, a residual network of eight layers (ResNet-8)."""

from typing import TYPE_CHECKING

from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adamw

if TYPE_CHECKING:
    import keras

BLOCKS = ((16, 1), (32, 2), (64, 2))
"""Channels of a block, and its stride."""


def build() -> "keras.Model":
    """32x32x3 -> convolution 3x3x16 -> three blocks of two convolutions 3x3 -> mean -> 10 logits.

    Each block adds what came in to what its convolutions make of it; where it grows, by way of a convolution 1x1.
    """
    import keras
    from keras import layers

    def relu(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
        return layers.Activation("relu", name=f"{name}_relu")(x)

    def convolution(x: "keras.KerasTensor", channels: int, stride: int, name: str) -> "keras.KerasTensor":
        x = layers.Conv2D(channels, 3, strides=stride, padding="same", name=name)(x)
        return layers.BatchNormalization(name=f"{name}_norm")(x)

    pixels = keras.Input((32, 32, 3), name="pixels")
    x = relu(convolution(pixels, 16, 1, "conv"), "conv")
    for number, (channels, stride) in enumerate(BLOCKS, start=1):
        name = f"block{number}"
        y = relu(convolution(x, channels, stride, f"{name}_conv1"), f"{name}_conv1")
        y = convolution(y, channels, 1, f"{name}_conv2")
        if stride > 1:
            x = layers.Conv2D(channels, 1, strides=stride, padding="same", name=f"{name}_past")(x)
        x = relu(layers.Add(name=f"{name}_add")([x, y]), name)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(pixels, layers.Dense(10, name="logits")(x), name="tiny-ic")


NETWORK = Network(
    name="tiny-ic",
    title="MLPerf Tiny: image classification",
    review="Image understanding with deep convolutional networks",
    description=(
        "Natural images of ten classes, by three blocks with shortcuts, trained on a fifth of CIFAR-10 and tested on a"
        " tenth of its test images."
    ),
    dataset="cifar10",
    builder=build,
    training=Training(epochs=6, batch_size=64, optimizer=adamw(3e-3), validation_fraction=0.0),
    expected_score=0.6,
    bits=8,
    fine_tune_epochs=1,
    target=Target("ULX3S-85F", clock_mhz=70, rtl_samples=200),
    io_type="io_stream",
    csim_samples=200,
    training_seconds=129,
)
