"""`cells`: an encoder and a decoder with what the encoder saw led past: a label for each pixel."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.models.data.examples import only
from netloom.models.data.nuclei import TILING
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam
from netloom.models.tasks.pictures.outlines import outlines
from netloom.models.tasks.pictures.picture import Picture, Shows

if TYPE_CHECKING:
    import keras


def build() -> "keras.Model":
    """32x32x1 -> 16x16 -> 8x8 -> 16x16 -> 32x32x1: convolutions 3x3 with ReLU, and two skips, concatenated."""
    import keras
    from keras import layers

    def block(x: "keras.KerasTensor", filters: int, name: str) -> "keras.KerasTensor":
        x = layers.Conv2D(filters, 3, padding="same", name=name)(x)
        return layers.Activation("relu", name=f"{name}_relu")(x)

    def decoded(x: "keras.KerasTensor", skip: "keras.KerasTensor", filters: int, name: str) -> "keras.KerasTensor":
        x = layers.UpSampling2D(2, name=f"{name}_up")(x)
        return block(layers.Concatenate(name=f"{name}_skip")([x, skip]), filters, name)

    pixels = keras.Input((32, 32, 1), name="pixels")
    fine = block(pixels, 8, "encode1")
    half = block(layers.MaxPooling2D(2, name="pool1")(fine), 16, "encode2")
    coarse = block(layers.MaxPooling2D(2, name="pool2")(half), 16, "middle")
    x = decoded(coarse, half, 8, "decode2")
    x = decoded(x, fine, 8, "decode1")
    return keras.Model(pixels, layers.Conv2D(1, 1, name="nucleus")(x), name="cells")


def pictures(shows: Shows) -> Sequence[Picture]:
    """Whole images, joined of their tiles: the first three that the simulator has seen all of."""
    tiles = min(3 * len(TILING.places), len(shows.predictions["fixed"][0]) // len(TILING.places) * len(TILING.places))
    if not tiles:
        return ()
    x, y, said = only(shows.x), shows.y, shows.predictions["fixed"][0][..., 0] > 0
    assert isinstance(y, np.ndarray)  # this network's data has targets
    images, truth, found = (TILING.join(one[:tiles]) for one in (x[..., 0], y, said.astype(np.int64)))
    note = f"Test images of {TILING.image[0]}x{TILING.image[1]} pixels, joined of {len(TILING.places)} tiles each."
    return [outlines("Nuclei in whole images", note, images, truth, found)]


NETWORK = Network(
    name="cells",
    title="Encoder and decoder with skips",
    review="Convolutional neural networks: pixel-level labelling, segmentation of biological images",
    description="Which pixels of a microscope's image belong to nuclei of cells: 32x32 tiles of images of any size.",
    dataset="nuclei",
    task="segmentation",
    builder=build,
    training=Training(epochs=12, batch_size=128, optimizer=adam(5e-3)),
    expected_score=0.89,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-85F", rtl_samples=242),
    io_type="io_stream",
    csim_samples=242,
    together=len(TILING.places),
    training_seconds=70,
    pictures=pictures,
)
