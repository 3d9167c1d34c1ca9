"""`digits`: a multilayer network trained by backpropagation and stochastic gradient descent."""

from typing import TYPE_CHECKING

from netloom.models.networks.network import Network, Target, Training

if TYPE_CHECKING:
    import keras


def build() -> "keras.Model":
    """64 pixels -> 64 -> 32 -> 10 logits, with ReLU between."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((64,), name="pixels"),
            layers.Dense(64, name="fc1"),
            layers.Activation("relu", name="relu1"),
            layers.Dense(32, name="fc2"),
            layers.Activation("relu", name="relu2"),
            layers.Dense(10, name="logits"),
        ],
        name="digits",
    )


def sgd(steps: int) -> "keras.optimizers.Optimizer":
    """SGD with momentum and a little weight decay; the learning rate falls to zero along a cosine."""
    import keras

    schedule = keras.optimizers.schedules.CosineDecay(0.1, steps)
    return keras.optimizers.SGD(schedule, momentum=0.9, weight_decay=0.01)


NETWORK = Network(
    name="digits",
    title="Multilayer network",
    review="Backpropagation to train multilayer architectures; Figure 1",
    description="Handwritten digits, 8x8 pixels, by three dense layers and stochastic gradient descent.",
    dataset="digits",
    builder=build,
    training=Training(epochs=40, batch_size=32, optimizer=sgd),
    expected_score=0.97,
    bits=6,
    fine_tune_epochs=10,
    target=Target("ULX3S-25F", target_ii=128),
    training_seconds=13,
)
