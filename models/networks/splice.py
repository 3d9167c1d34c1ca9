"""`splice`: a one-dimensional convolutional network on DNA, and what each mutation does to its score."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import INK, MEAN, MUTED
from netloom.models.data.examples import only
from netloom.models.data.splice import BASES, CLASS_NAMES
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adamw
from netloom.models.tasks import Picture, Shows

if TYPE_CHECKING:
    import keras
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

READINGS = {"EI": "an intron begins", "IE": "an intron ends"}
"""Classes whose mutations are drawn, and what they mean."""
AVERAGED = 16
"""Sequences of a class that mutations are averaged over."""


def build() -> "keras.Model":
    """60 bases x 4 -> convolution 9x16, ReLU, pooling 2 -> convolution 5x32, ReLU, pooling 2 -> 3 logits."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((60, 4), name="bases"),
            layers.Conv1D(16, 9, padding="same", name="conv1"),
            layers.Activation("relu", name="relu1"),
            layers.MaxPooling1D(2, name="pool1"),
            layers.Dropout(0.4, name="dropout1"),
            layers.Conv1D(32, 5, padding="same", name="conv2"),
            layers.Activation("relu", name="relu2"),
            layers.MaxPooling1D(2, name="pool2"),
            layers.Flatten(name="flatten"),
            layers.Dropout(0.4, name="dropout2"),
            layers.Dense(3, name="logits"),
        ],
        name="splice",
    )


def mutants(sequence: np.ndarray) -> np.ndarray:
    """Every sequence with one base put in the place of another.

    Args:
        sequence: one-hot, (length, 4).

    Returns:
        (length, 4, length, 4): by place and base put there; the sequence itself where it has that base already.
    """
    length, bases = sequence.shape
    changed = np.tile(sequence, (length, bases, 1, 1))
    for place in range(length):
        changed[place, :, place] = np.eye(bases, dtype=sequence.dtype)
    return changed


def effects(shows: Shows, sequences: np.ndarray, label: int) -> np.ndarray:
    """What each mutation does to the margin of class `label` over the best other one, in the firmware's arithmetic.

    Args:
        shows: what the run knows.
        sequences: one-hot, (samples, length, 4).
        label: of all of them.

    Returns:
        Margin with the mutation minus margin without, (samples, length, 4); 0 where nothing is changed.
    """
    changed = np.stack([mutants(one) for one in sequences])
    x = np.concatenate([sequences, changed.reshape(-1, *sequences.shape[1:])])
    scores = np.array(list(shows.layers("fixed", x).values())[-1])
    margins = scores[:, label] - np.delete(scores, label, axis=1).max(axis=1)
    before, after = margins[: len(sequences)], margins[len(sequences) :]
    return after.reshape(changed.shape[:3]) - before[:, None, None]


def pictures(shows: Shows) -> Sequence[Picture]:
    """A map of mutations for a junction of each kind; none if `fixed` finds no junction."""
    if shows.y is None:
        return ()
    x, y, chosen = only(shows.x), only(shows.y), shows.predictions["fixed"][0].argmax(axis=1)
    found = {}
    for name in READINGS:
        label = CLASS_NAMES.index(name)
        right = np.flatnonzero((chosen == label) & (y[: len(chosen)] == label))[:AVERAGED]
        if len(right):
            found[name] = x[right], effects(shows, x[right], label)
    if not found:
        return ()

    def draw(figure: "Figure") -> None:
        for axes, (name, (sequences, changes)) in zip(
            figure.subplots(2 * len(found), 1, height_ratios=[1.6, 1] * len(found)).reshape(-1, 2),
            found.items(),
            strict=True,
        ):
            _map(axes[0], name, sequences[0], changes[0])
            _means(axes[1], changes)

    note = (
        "Each base of a test sequence put in the place of each other: blue raises the score of its class over the best"
        " other one, orange lowers it. Dots are the bases that stand there. Bars: the mean over all three"
        f" mutations of a place and over {AVERAGED} sequences, or as many as are told right. The junction is at 0."
    )
    return (Picture("What each mutation does to the score", note, (8.4, 2.6 * len(found)), draw),)


def _map(axes: "Axes", name: str, sequence: np.ndarray, change: np.ndarray) -> None:
    """Mutations of one sequence, bases in rows."""
    axes.imshow(tinted(change.T), aspect="auto", interpolation="none")
    places, letters = np.nonzero(sequence)
    axes.plot(places, letters, ".", color=MUTED, markersize=3)
    axes.set_yticks(range(len(BASES)), BASES)
    axes.set_xticks([])
    axes.set_title(f"{name}: {READINGS[name]}; at most {np.abs(change).max():.3g}", fontsize=9, loc="left", color=INK)


def _means(axes: "Axes", changes: np.ndarray) -> None:
    """What a mutation does on average, place by place."""
    length = changes.shape[1]
    means = changes.sum(axis=2).mean(axis=0) / 3
    axes.bar(np.arange(length) - length // 2, means, color=MEAN, width=0.8)
    axes.set_xlim(-length // 2 - 0.5, length - length // 2 - 0.5)
    axes.set_ylabel("mean")


def tinted(values: np.ndarray) -> np.ndarray:
    """Values as pixels, (..., 4): blue above zero, orange below, the more opaque the further from it."""
    pixels = np.zeros((*values.shape, 4))
    pixels[..., :3] = np.where(values[..., None] > 0, (0.0, 0.45, 0.70), (0.84, 0.37, 0.0))
    pixels[..., 3] = np.sqrt(np.abs(values) / (np.abs(values).max() or 1.0))
    return pixels


NETWORK = Network(
    name="splice",
    title="Splice junctions",
    review="Introduction: predicting the effects of mutations in DNA",
    description=(
        "Whether the middle of 60 bases of DNA is where an intron begins (EI), where it ends (IE), or neither, by a"
        " one-dimensional convolutional network; the report shows what each mutation does to the score."
    ),
    dataset="splice-junctions",
    builder=build,
    training=Training(epochs=40, batch_size=32, optimizer=adamw(2e-3)),
    expected_score=0.95,
    bits=6,
    fine_tune_epochs=10,
    target=Target("ULX3S-25F", target_ii=4096),
    training_seconds=50,
    pictures=pictures,
)
