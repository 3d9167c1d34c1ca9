"""`faces`: one convolutional network that slides over a picture and says where faces are."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.errors import DataUnavailableError
from netloom.models.data.faces import EACH, SIDE, bundled, grey, shrunk
from netloom.models.data.scenes import on_steps
from netloom.models.data.tiles import Tiling
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam
from netloom.models.tasks.detection import SAME, Detection
from netloom.models.tasks.measures.boxes import Boxes, thinned
from netloom.models.tasks.pictures.frames import framed
from netloom.models.tasks.pictures.picture import Picture, Shows

if TYPE_CHECKING:
    import keras

STRIDE, REACH = 4, 12
"""Pixels from one cell of the outputs to the next, and how many a cell sees to each side of its middle."""
SHARES = (0.5, 0.375, 0.25, 0.1875)
"""Of a photograph's size, in which it is looked through: the network knows faces of 20 to 32 pixels."""
FACE = np.array([[0, 0.11, 0.325, 0.36, 0.555]])
"""Of the astronaut, as drawn by hand: class, top, left, bottom, right."""


def detector(name: str, side: int, filters: tuple[int, int, int, int], classes: int) -> "keras.Model":
    """Four convolutions 3x3, the first every other pixel, a pooling after the second: cells of 4x4 pixels.

    A cell sees 25x25 pixels. Nothing of it depends on where it is, so the same weights work on pictures of any size.

    Args:
        name: of the model.
        side: of a picture, in pixels.
        filters: of each convolution.
        classes: that it tells apart.
    """
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((side, side, 1), name="pixels")], name=name)
    for number, count in enumerate(filters, start=1):
        model.add(layers.Conv2D(count, 3, strides=2 if number == 1 else 1, padding="same", name=f"conv{number}"))
        model.add(layers.BatchNormalization(name=f"norm{number}"))
        model.add(layers.Activation("relu", name=f"relu{number}"))
        if number == 2:
            model.add(layers.MaxPooling2D(2, name="pool"))
    model.add(layers.Conv2D(classes + 4, 1, name="boxes"))
    # It begins with boxes of a usual size, and with the opinion that there is nothing, which is right of most cells.
    model.layers[-1].bias.assign([-4.0] * classes + [0.0, 0.0, 2.0, 2.0])
    return model


def build() -> "keras.Model":
    """64x64x1 -> 16x16 cells, each with the score of a face and its box."""
    return detector("faces", SIDE, (8, 16, 16, 16), 1)


def search(photograph: np.ndarray, outputs_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Find faces of many sizes: the photograph is made smaller step by step and goes through the network in tiles.

    Tiles overlap by what a cell sees, so that their cells, joined, are those of a network as large as the picture.

    Args:
        photograph: grey, 0 to 1, at least 344 pixels high and wide.
        outputs_of: the network's outputs, (tiles, 16, 16, 5), of tiles (tiles, 64, 64, 1).

    Returns:
        Boxes, (1, boxes, 6), as the task `detection` decodes them, the most certain first.
    """
    found = []
    for share in SHARES:
        picture = shrunk(photograph, share)
        height, width = (length // STRIDE * STRIDE for length in picture.shape)
        picture = picture[:height, :width]
        outputs = outputs_of(Tiling((height, width), (SIDE, SIDE), REACH).cut(on_steps(picture[None])))
        cells = Tiling((height // STRIDE, width // STRIDE), (SIDE // STRIDE, SIDE // STRIDE), REACH // STRIDE)
        found.append(Detection().decode(cells.join(outputs)))
    boxes = np.concatenate(found, axis=1)
    boxes = boxes[:, np.argsort(-boxes[0, :, 5], kind="stable")]
    kept = thinned(Boxes(boxes[..., 0], boxes[..., 1:5], boxes[..., 5]), SAME).labels >= 0
    return boxes[:, kept[0]]


def pictures(shows: Shows) -> Sequence[Picture]:
    """A photograph with the face that is in it, and what `fixed` finds; none without scikit-image."""
    try:
        photograph = grey(bundled("astronaut"))
    except DataUnavailableError:
        return ()
    tiles: list[int] = []

    def outputs_of(x: np.ndarray) -> np.ndarray:
        tiles.append(len(x))
        return np.asarray(list(shows.layers("fixed", x).values())[-1])

    found = search(photograph, outputs_of)[0, :, :5]
    note = (
        f"The astronaut of scikit-image, {photograph.shape[1]}x{photograph.shape[0]} pixels, looked through in"
        f" {len(SHARES)} sizes, {sum(tiles)} tiles: faces of {20 / SHARES[0]:.0f} to {32 / SHARES[-1]:.0f} pixels."
    )
    return [framed("A photograph of any size", note, [photograph], [FACE], [found], shows.names, across=2)]


NETWORK = Network(
    name="faces",
    title="Faces in photographs",
    review="Convolutional neural networks: detection of faces in natural images",
    description="Where faces are in a picture of any size: a network that slides over it and gives boxes.",
    dataset="faces",
    task="detection",
    builder=build,
    training=Training(epochs=12, batch_size=32, optimizer=adam(3e-3)),
    expected_score=0.94,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-25F", target_ii=147456, rtl_samples=240),
    io_type="io_stream",
    together=EACH,
    training_seconds=163,
    pictures=pictures,
)
