"""`cheque`: one convolutional network slides over a strip of writing, and a grammar says what may be written there."""

from typing import TYPE_CHECKING

from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam

if TYPE_CHECKING:
    import keras


def build() -> "keras.Model":
    """28x160x1 -> twice (convolution, ReLU, pooling 2x2) -> convolution 7x5x48 over the whole height -> 13 logits each.

    What comes out is 1x36x13: of nothing, 0 to 9, point and comma, at 36 positions, each of which sees 28 columns.
    """
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 160, 1), name="strip"),
            layers.Conv2D(6, 5, padding="same", name="conv1"),
            layers.Activation("relu", name="relu1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.Conv2D(16, 3, padding="same", name="conv2"),
            layers.Activation("relu", name="relu2"),
            layers.MaxPooling2D(2, name="pool2"),
            layers.Conv2D(48, (7, 5), name="conv3"),
            layers.Activation("relu", name="relu3"),
            layers.Conv2D(13, 1, name="logits"),
        ],
        name="cheque",
    )


NETWORK = Network(
    name="cheque",
    title="Reader of amounts",
    review="Convolutional neural networks: document reading with a probabilistic model of language constraints",
    description=(
        "Amounts of money in digits that touch: a convolutional network slides over them on the FPGA, and on"
        " the host a grammar finds the likeliest amount."
    ),
    dataset="cheques",
    builder=build,
    training=Training(epochs=8, batch_size=32, optimizer=adam(3e-3), validation_fraction=0),
    expected_score=0.6,
    bits=8,
    fine_tune_epochs=1,
    target=Target("ULX3S-85F", target_ii=40960, rtl_samples=200),
    training_seconds=111,
    task="amounts",
    io_type="io_stream",
    csim_samples=200,
)
