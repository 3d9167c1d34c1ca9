"""`captions`: a convolutional net sees, a recurrent one says what, and looks at a place for each word."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import INK
from netloom.models.data.blocks import CAPTION_WORDS, CAPTIONS, SIDE
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam
from netloom.models.tasks.pictures.picture import Picture, Shows
from netloom.models.tasks.sentences import Sentences

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

CHANNELS, UNITS, EMBEDDED = 24, 48, 16
PLACES = SIDE // 4
"""To a side, that can be looked at."""
DRAWN = 3


def build() -> "keras.Model":
    """24x24x5 and the words so far -> three convolutions, 6x6 places; GRU of 48 units -> attention -> 13 logits a word.

    The GRU begins with what the whole picture says; at each word its state asks the places, as in `translation`.
    """
    import keras
    from keras import layers

    picture = keras.Input((SIDE, SIDE, 5), name="picture")
    said = keras.Input((CAPTION_WORDS,), dtype="uint8", name="said")
    seen = picture
    for number, channels in enumerate((16, CHANNELS, CHANNELS), start=1):
        seen = layers.Conv2D(channels, 3, padding="same", name=f"conv{number}")(seen)
        seen = layers.Activation("relu", name=f"relu{number}")(seen)
        seen = layers.MaxPooling2D(2, name=f"pool{number}")(seen) if number < 3 else seen
    places = layers.Reshape((PLACES**2, CHANNELS), name="places")(seen)
    whole = layers.Dense(UNITS, name="whole")(layers.Flatten(name="flatten")(seen))
    whole = layers.Activation("tanh", name="begin")(whole)
    words = layers.Embedding(len(CAPTIONS), EMBEDDED, name="words")(said)
    state = layers.GRU(UNITS, return_sequences=True, name="speaker")(words, initial_state=whole)
    asked = layers.Dense(CHANNELS, use_bias=False, name="asked")(state)
    attention = layers.Softmax(name="attention")(layers.Dot(axes=(2, 2), name="match")([asked, places]))
    found = layers.Dot(axes=(2, 1), name="found")([attention, places])
    both = layers.Concatenate(name="both")([state, found])
    word = layers.Activation("relu", name="relu4")(layers.Dense(UNITS, name="word")(both))
    return keras.Model([picture, said], layers.Dense(len(CAPTIONS), name="logits")(word), name="captions")


def pictures(shows: Shows) -> Sequence[Picture]:
    """A few pictures, and where the network looks at each word that it says of them."""
    assert isinstance(shows.x, Mapping)
    few = {name: array[:DRAWN] for name, array in shows.x.items()}
    said = Sentences().said(lambda x: shows.layers("fixed", x)["logits"], few)
    before = np.concatenate([few["said"][:, :1], said[:, :-1]], axis=1).astype(np.uint8)
    looks = shows.layers("fixed", {**few, "said": before})["attention"].reshape(-1, CAPTION_WORDS, PLACES, PLACES)

    def draw(figure: "Figure") -> None:
        grid = figure.subplots(len(said), CAPTION_WORDS, squeeze=False)
        for axes in grid.ravel():
            axes.set_axis_off()
        for row, image, sentence, look in zip(grid, few["picture"], said, looks, strict=True):
            row[0].imshow(image[..., :3])
            for axes, word, places in zip(row[1:], CAPTIONS.sentence(sentence).split(), look, strict=False):
                bright = places / (places.max() or 1.0)
                fine = np.kron(bright, np.ones((SIDE // PLACES, SIDE // PLACES)))[..., None]
                axes.imshow(image[..., :3] * (0.15 + 0.85 * fine))
                axes.set_title(word, fontsize=7, color=INK)

    note = (
        "Test pictures, and for each word that the network says, in the hardware's arithmetic, where it looks: bright"
        " places are attended to. Figure 3 of the review shows the same of photographs."
    )
    return [Picture("Where it looks at each word", note, (8.4, 1.1 * len(said)), draw)]


NETWORK = Network(
    name="captions",
    title="Pictures put into words",
    review="Image understanding: a convolutional net and a recurrent one that captions pictures; Figure 3",
    description=(
        "Says what two things are in a picture and how they lie, as a sentence, by a convolutional net, attention over"
        " its places and a recurrent net; the host appends each word and asks for the next."
    ),
    dataset="blocks",
    builder=build,
    training=Training(epochs=12, batch_size=64, optimizer=adam(4e-3)),
    expected_score=0.9,
    allowed_loss=0.02,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-85F", target_ii=40_000, rtl_samples=20),
    training_seconds=110,
    task="sentences",
    csim_samples=100,
    pictures=pictures,
)
