"""`deep`: a residual network of 14 layers on natural images, with dropout and deformed examples."""

from typing import TYPE_CHECKING

from netloom.models.deformation import Deformation
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adamw
from netloom.models.tasks.pictures.confusions import confusions

if TYPE_CHECKING:
    import keras

WIDTHS, BLOCKS = (16, 32, 64), 2
"""Filters of each stage, and its blocks; each but the first stage halves height and width."""


def build(dropout: float = 0.1) -> "keras.Model":
    """32x32x3 -> convolution 3x3x16, pooling -> six blocks of two convolutions 3x3 -> mean of all places -> 10 logits.

    Each block adds what came in to what its convolutions make of it; where it grows, by way of a convolution 1x1.

    Args:
        dropout: share of each block's values that is left out in training, and twice that before the logits.
    """
    import keras
    from keras import layers

    def convolution(x: "keras.KerasTensor", filters: int, size: int, strides: int, name: str) -> "keras.KerasTensor":
        x = layers.Conv2D(filters, size, strides=strides, padding="same", name=name)(x)
        return layers.BatchNormalization(name=f"{name}_norm")(x)

    def block(x: "keras.KerasTensor", filters: int, strides: int, name: str) -> "keras.KerasTensor":
        past = x if strides == 1 else convolution(x, filters, 1, strides, f"{name}_past")
        x = layers.Activation("relu", name=f"{name}_relu1")(convolution(x, filters, 3, strides, f"{name}_conv1"))
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
        x = layers.Add(name=f"{name}_add")([past, convolution(x, filters, 3, 1, f"{name}_conv2")])
        return layers.Activation("relu", name=f"{name}_relu2")(x)

    pixels = keras.Input((32, 32, 3), name="pixels")
    x = layers.Activation("relu", name="relu")(convolution(pixels, WIDTHS[0], 3, 1, "conv"))
    x = layers.MaxPooling2D(2, name="pool")(x)
    for stage, filters in enumerate(WIDTHS, start=1):
        for number in range(1, BLOCKS + 1):
            x = block(x, filters, 2 if stage > 1 and number == 1 else 1, f"stage{stage}_block{number}")
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dropout(2 * dropout, name="dropout")(x)
    return keras.Model(pixels, layers.Dense(10, name="logits")(x), name="deep")


NETWORK = Network(
    name="deep",
    title="Deep residual network",
    review="Image understanding with deep convolutional networks: 10 to 20 layers, ReLU, dropout, deformed examples",
    description="Natural images of ten classes, by 14 layers with shortcuts past every two, and what 2012 brought.",
    dataset="cifar10",
    builder=build,
    training=Training(
        epochs=30,
        batch_size=64,
        optimizer=adamw(3e-3),
        validation_fraction=0.0,
        deformation=Deformation(scale=0.1, shift=3, turn=0.1, contrast=0.2, brightness=0.1, mirror=True),
    ),
    expected_score=0.69,
    bits=8,
    fine_tune_epochs=1,
    target=Target("ULX3S-85F", target_fps=1000, rtl_samples=200),
    io_type="io_stream",
    csim_samples=200,
    training_seconds=500,
    pictures=confusions,
)
