"""`lenet`: the convolutional network of the review's Figure 2, with the layer sizes of LeNet-5."""

from typing import TYPE_CHECKING

from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam

if TYPE_CHECKING:
    import keras


def build() -> "keras.Model":
    """28x28x1 -> twice (convolution 5x5, ReLU, max pooling 2x2) -> 400 -> 120 -> 84 -> 10 logits."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1), name="pixels"),
            layers.Conv2D(6, 5, padding="same", name="conv1"),
            layers.Activation("relu", name="relu1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.Conv2D(16, 5, name="conv2"),
            layers.Activation("relu", name="relu2"),
            layers.MaxPooling2D(2, name="pool2"),
            layers.Flatten(name="flatten"),
            layers.Dense(120, name="fc1"),
            layers.Activation("relu", name="relu3"),
            layers.Dense(84, name="fc2"),
            layers.Activation("relu", name="relu4"),
            layers.Dense(10, name="logits"),
        ],
        name="lenet",
    )


NETWORK = Network(
    name="lenet",
    title="Convolutional network",
    review="Convolutional neural networks; Figure 2",
    description="Handwritten digits, 28x28 pixels: convolution, ReLU and pooling, twice, then dense layers.",
    dataset="mnist",
    builder=build,
    training=Training(epochs=8, batch_size=128, optimizer=adam(2e-3)),
    expected_score=0.988,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-85F", target_ii=1024),
    training_seconds=66,
)
