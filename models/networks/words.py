"""`words`: a time-delay network, which is a one-dimensional convolutional network, on spoken digits."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import INK, LINE
from netloom.models.data.examples import only
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adamw
from netloom.models.tasks import Picture, Shows
from netloom.models.tasks.task import name_of

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

DILATIONS = (1, 2, 4, 8)
DRAWN = 3
"""Recordings whose scores are drawn."""


def build() -> "keras.Model":
    """62 frames x 24 bands -> four convolutions 3x32, with dilations 1, 2, 4, 8 -> mean over frames -> 10 logits.

    A convolution takes frames as they come, and looks back only: 31 frames are before a score, which leaves 32 scores
    to average.
    """
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((62, 24), name="frames")], name="words")
    for number, dilation in enumerate(DILATIONS, start=1):
        model.add(layers.Conv1D(32, 3, dilation_rate=dilation, name=f"conv{number}"))
        model.add(layers.BatchNormalization(name=f"norm{number}"))
        model.add(layers.Activation("relu", name=f"relu{number}"))
        model.add(layers.Dropout(0.2, name=f"dropout{number}"))
    model.add(layers.GlobalAveragePooling1D(name="mean"))
    model.add(layers.Dense(10, name="logits"))
    return model


def heard(frames: np.ndarray) -> np.ndarray:
    """A recording as it has come so far, after each of its frames: what is still to come is silent.

    Args:
        frames: (frames, bands).

    Returns:
        (frames, frames, bands).
    """
    count = len(frames)
    return frames * (np.arange(count)[:, None] >= np.arange(count))[..., None]


def pictures(shows: Shows) -> Sequence[Picture]:
    """The scores of a few recordings, frame by frame."""
    if shows.y is None:
        return ()
    x, labels = only(shows.x), only(shows.y)
    chosen = np.linspace(0, len(x) - 1, DRAWN).astype(int)
    scores = [list(shows.layers("fixed", heard(x[number])).values())[-1] for number in chosen]

    def draw(figure: "Figure") -> None:
        above, below = figure.subplots(2, DRAWN, squeeze=False, height_ratios=[1, 1.4], sharex=True)
        for sound, axes, number, lines in zip(above, below, chosen, scores, strict=True):
            sound.imshow(x[number].T, origin="lower", aspect="auto", cmap="Blues")
            sound.set_title(
                f"sample {number}: {name_of(shows.names, labels[number])}", fontsize=9, loc="left", color=INK
            )
            sound.set_yticks([])
            for digit, line in enumerate(lines.T):
                axes.plot(line, color=INK if digit == labels[number] else LINE, linewidth=1.2)
                axes.annotate(
                    name_of(shows.names, digit), (len(line) - 1, line[-1]), (3, -3), textcoords="offset points"
                )
            axes.set_xlabel("frame")
        below[0].set_ylabel("score")

    note = (
        "Above, what the network hears: 24 bands of frequencies, frame by frame. Below, the scores it has come to after"
        " each frame, in the hardware's arithmetic, with silence for what is to come; dark is what was said."
    )
    return (Picture("How a word is recognized", note, (8.4, 3.6), draw),)


NETWORK = Network(
    name="words",
    title="Time-delay network",
    review="Convolutional neural networks: time-delay networks for phonemes and simple words",
    description=(
        "Spoken digits of speakers that it has never heard, by dilated one-dimensional convolutions that take the"
        " frames as they come."
    ),
    dataset="spoken-digits",
    builder=build,
    training=Training(epochs=12, batch_size=64, optimizer=adamw(3e-3)),
    expected_score=0.94,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-25F", target_ii=32768),
    training_seconds=100,
    pictures=pictures,
)
