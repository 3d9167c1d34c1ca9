"""`language`: a neural language model, which foresees the next word from learned vectors of those before it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import INK, LINE, MEAN, MUTED
from netloom.models.data.examples import only
from netloom.models.data.wikitext import BEFORE, WORDS
from netloom.models.flat_map import flat_map
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adamw
from netloom.models.ngrams import NGrams
from netloom.models.tasks.next_symbol import perplexity, surprise
from netloom.models.tasks.pictures.picture import Picture, Shows

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

EMBEDDED, UNITS = 48, 192
MAPPED = 250
"""Words that are put on a map: the most frequent ones."""
LONGEST = 5
"""Words of the longest N-grams that it is held against."""


def build() -> "keras.Model":
    """5 words -> 48 numbers each -> 192 hidden units, ReLU -> 1,000 logits of the next word."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((BEFORE,), dtype="uint16", name="before"),
            layers.Embedding(WORDS, EMBEDDED, name="vectors"),
            layers.Flatten(name="flatten"),
            layers.Dropout(0.3, name="dropout1"),
            layers.Dense(UNITS, name="hidden"),
            layers.Activation("relu", name="relu"),
            layers.Dropout(0.3, name="dropout2"),
            layers.Dense(WORDS, name="logits"),
        ],
        name="language",
    )


def pictures(shows: Shows) -> Sequence[Picture]:
    """How it does beside N-grams of the same words; and the vectors of frequent words as points in a plane."""
    found = [_map(shows)] if shows.names else []
    return found if shows.y is None else [_beside(shows), *found]


def counted(train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], words: int) -> dict[str, float]:
    """Perplexities of N-grams that have seen the train split.

    Args:
        train: words before each, and each, in the order of the text.
        test: likewise.
        words: how many different ones there are.
    """
    text = np.concatenate([train[0][0].astype(np.int64), train[1]])
    test = test[0].astype(np.int64), test[1]
    lengths = range(1, LONGEST + 1)
    return {f"{length} word{'s' * (length > 1)}": NGrams(text, length, words).perplexity(*test) for length in lengths}


def _beside(shows: Shows) -> Picture:
    from netloom.models.data.sets import load_dataset

    assert shows.y is not None
    x, y, data = only(shows.x), only(shows.y), load_dataset(NETWORK.dataset)
    assert data.y_train is not None
    bars = counted((only(data.x_train), only(data.y_train)), (x, y), WORDS)
    networks = {}
    for engine in ("float", "fixed"):
        if engine in shows.predictions:
            scores = shows.predictions[engine][0]
            networks[engine] = perplexity(float(surprise(scores, y[: len(scores)]).mean()))

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        both = bars | networks
        axes.barh(list(both)[::-1], list(both.values())[::-1], color=[MEAN] * len(networks) + [LINE] * len(bars))
        for place, value in enumerate(list(both.values())[::-1]):
            axes.annotate(f"{value:.2f}", (value, place), (3, -3), textcoords="offset points", fontsize=7, color=INK)
        axes.spines[:].set_visible(False)
        axes.set_xticks([])

    note = (
        "Perplexity on the test words, less is better: of N-grams with modified Kneser-Ney smoothing, counted in the"
        " same train words, by their length, and of the network. A perplexity of n is as surprising as a choice of n."
    )
    return Picture("Beside counted words", note, (8.4, 2.4), draw)


def _map(shows: Shows) -> Picture:
    chosen = np.arange(1, min(MAPPED + 1, len(shows.names)))
    x = np.repeat(chosen[:, None], BEFORE, axis=1).astype(np.uint16)
    points = flat_map(np.asarray(shows.layers("fixed", x)["vectors"])[:, -1])

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        axes.plot(*points.T, ".", color=MUTED, markersize=2)
        for number, point in zip(chosen, points, strict=True):
            word = shows.names[int(number)].replace("$", "S")
            axes.annotate(word, point, (1, 1), textcoords="offset points", fontsize=5, color=INK)
        axes.set(xticks=[], yticks=[])

    note = (
        "Figure 4 of the review: the vectors that the network has learned for the most frequent words, brought into a"
        " plane by t-SNE. Words that are used alike are near one another; nobody has said which are."
    )
    return Picture("What words are to it", note, (8.4, 7.0), draw)


NETWORK = Network(
    name="language",
    title="Neural language model",
    review="Distributed representations and language processing: predicting the next word from word vectors; Figure 4",
    description=(
        "The next word of Wikipedia's articles, of the 1,000 most frequent ones, from the five before it, by vectors of"
        " words and a hidden layer; beside N-grams of the same words."
    ),
    dataset="wikitext-2",
    builder=build,
    training=Training(epochs=10, batch_size=256, optimizer=adamw(2e-3)),
    expected_score=29.5,
    bits=8,
    fine_tune_epochs=1,
    target=Target("ULX3S-85F", target_ii=10_000, clock_mhz=60, rtl_samples=100),
    training_seconds=150,
    task="language",
    csim_samples=2000,
    pictures=pictures,
)
