"""`video`: a network whose kernels slide over time as over height and width: it tells how something moves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.models.data.examples import only
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam
from netloom.models.tasks.pictures.picture import Picture, Shows

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure


def build() -> "keras.Model":
    """5 frames 12x12x1 -> twice (convolution 3x3x3, ReLU) -> mean of all places -> 9 logits."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((5, 12, 12, 1), name="frames"),
            layers.Conv3D(8, 3, strides=(1, 2, 2), padding="same", name="conv1"),
            layers.Activation("relu", name="relu1"),
            layers.Conv3D(16, 3, name="conv2"),
            layers.Activation("relu", name="relu2"),
            layers.GlobalAveragePooling3D(name="pool"),
            layers.Dense(9, name="logits"),
        ],
        name="video",
    )


def pictures(shows: Shows) -> Sequence[Picture]:
    """A film of each movement, and what `fixed` says of it."""
    x, y, said = only(shows.x), shows.y, shows.predictions["fixed"][0].argmax(axis=1)
    assert isinstance(y, np.ndarray)  # this network's data has targets
    first = [int(np.flatnonzero(y[: len(said)] == movement)[0]) for movement in np.unique(y[: len(said)])]

    def draw(figure: "Figure") -> None:
        from netloom.common.palette import LINE

        grid = figure.subplots(-(-len(first) // 3), 3, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for axes, number in zip(grid.flat, first, strict=False):
            frames, height, width, _ = x[number].shape
            strip = x[number, ..., 0].transpose(1, 0, 2).reshape(height, frames * width)
            axes.imshow(strip, cmap="gray_r", vmin=0, vmax=1)
            for edge in range(1, frames):
                axes.axvline(edge * width - 0.5, color=LINE, linewidth=1.5)
            axes.set_title(f"{shows.names[y[number]]}: fixed says {shows.names[said[number]]}", fontsize=8)

    note = "The first film of each movement in the test set, frame after frame, and what the fixed-point network says."
    return [Picture("What moves, and where to", note, (8.4, 0.8 * -(-len(first) // 3)), draw)]


NETWORK = Network(
    name="video",
    title="Convolutions over time",
    review="Convolutional neural networks: 3D for video or volumetric images",
    description="Which way a digit moves, or that it stands still, by two three-dimensional convolutions.",
    dataset="films",
    builder=build,
    training=Training(epochs=12, batch_size=64, optimizer=adam(5e-3)),
    expected_score=0.92,
    bits=6,
    fine_tune_epochs=3,
    target=Target("ULX3S-25F", target_ii=8192),
    training_seconds=20,
    pictures=pictures,
)
