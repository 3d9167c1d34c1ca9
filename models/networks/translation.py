"""`translation`, `translation-pairs`: an encoder that reads, a decoder that writes, and attention between them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import INK, MUTED, PROVEN
from netloom.models.data import sentence_pairs
from netloom.models.data.number_words import ENGLISH, ENGLISH_WORDS, FRENCH, FRENCH_WORDS
from netloom.models.flat_map import flat_map
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam
from netloom.models.tasks.pictures.picture import Picture, Shows
from netloom.models.tasks.sentences import Sentences

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

DRAWN, MAPPED = 3, 120
"""Sentences whose attention is drawn, and those that are put on a map."""


def build() -> "keras.Model":
    """7 English words of 32, the French ones so far -> 32 logits at each of 8 places."""
    english, french = (ENGLISH_WORDS, len(ENGLISH)), (FRENCH_WORDS, len(FRENCH))
    return _translator("translation", "uint8", english, french, units=48, embedded=16)


def build_pairs() -> "keras.Model":
    """7 English words of 1,002, the French ones so far -> 1,002 logits at each of 9 places."""
    words = sentence_pairs.WORDS + 2
    english, french = (sentence_pairs.ENGLISH_WORDS, words), (sentence_pairs.FRENCH_WORDS, words)
    return _translator("translation-pairs", "uint16", english, french, units=96, embedded=48, spread=1.0, dropout=0.1)


def _translator(
    name: str,
    dtype: str,
    english: tuple[int, int],
    french: tuple[int, int],
    units: int,
    embedded: int,
    spread: float = 0.05,
    dropout: float = 0.0,
) -> "keras.Model":
    """Words -> GRU, GRU that begins where it ends -> attention -> logits of the French word at each place.

    At each place the decoder's state asks, the encoder's outputs answer (Luong, Pham, Manning, "Effective approaches to
    attention-based neural machine translation", EMNLP 2015, with a matrix between them). Words that a sentence does not
    have are a word like another, which says nothing: no mask.

    Args:
        name: of the model.
        dtype: of words.
        english: places of a sentence, and words that are told apart.
        french: likewise.
        units: of each recurrent net.
        embedded: numbers that a word becomes.
        spread: of those before training, to either side of 0.
        dropout: share of numbers that are left out in training.
    """
    import keras
    from keras import layers

    def dropped(x: "keras.KerasTensor", called: str) -> "keras.KerasTensor":
        return layers.Dropout(dropout, name=f"{called}_dropped")(x) if dropout else x

    def vectors(x: "keras.KerasTensor", words: int, called: str) -> "keras.KerasTensor":
        start = keras.initializers.RandomUniform(-spread, spread)
        found = layers.Embedding(words, embedded, embeddings_initializer=start, name=f"{called}_words")(x)
        return dropped(found, called)

    source = keras.Input((english[0],), dtype=dtype, name="english")
    said = keras.Input((french[0],), dtype=dtype, name="said")
    read = vectors(source, english[1], "english")
    read, thought = layers.GRU(units, return_sequences=True, return_state=True, name="encoder")(read)
    words = vectors(said, french[1], "french")
    state = layers.GRU(units, return_sequences=True, name="decoder")(words, initial_state=thought)
    asked = layers.Dense(units, use_bias=False, name="asked")(state)
    attention = layers.Softmax(name="attention")(layers.Dot(axes=(2, 2), name="match")([asked, read]))
    found = layers.Dot(axes=(2, 1), name="found")([attention, read])
    both = layers.Concatenate(name="both")([state, found])
    word = dropped(layers.Activation("tanh", name="tanh")(layers.Dense(units, name="word")(both)), "word")
    return keras.Model([source, said], layers.Dense(french[1], name="logits")(word), name=name)


def pictures(shows: Shows) -> Sequence[Picture]:
    """Where the decoder looks while it writes; and what the encoder makes of phrases, as points in a plane."""
    assert isinstance(shows.x, Mapping)
    few = {name: array[: max(DRAWN, MAPPED)] for name, array in shows.x.items()}
    said = Sentences().said(
        lambda x: shows.layers("fixed", x)["logits"], {name: one[:DRAWN] for name, one in few.items()}
    )
    layers = shows.layers("fixed", few)
    return [_attention(few, said, layers["attention"]), _map(few, layers["encoder"])]


def _attention(x: Mapping[str, np.ndarray], said: np.ndarray, looks: np.ndarray) -> Picture:
    def draw(figure: "Figure") -> None:
        for number, axes in enumerate(figure.subplots(1, len(said), squeeze=False)[0]):
            source = ENGLISH.sentence(x["english"][number]).split()
            target = [*FRENCH.sentence(said[number]).split(), "."][:FRENCH_WORDS]
            axes.imshow(looks[number, : len(target), : len(source)], cmap="Blues", vmin=0, vmax=1, aspect="auto")
            axes.set_xticks(range(len(source)), source, rotation=60, fontsize=7, color=INK)
            axes.set_yticks(range(len(target)), target, fontsize=7, color=INK)

    note = (
        "Test sentences, and what the network says word by word in the hardware's arithmetic: each word it has said is"
        " its next input. The darker, the more it attends to a word."
    )
    return Picture("Where it looks while it writes", note, (8.4, 3.0), draw)


def _map(x: Mapping[str, np.ndarray], states: np.ndarray) -> Picture:
    phrases = [ENGLISH.sentence(row) for row in x["english"]]
    points = flat_map(states[:, -1].reshape(len(states), -1))
    short = np.argsort([len(phrase) for phrase in phrases], kind="stable")[: MAPPED // 4]

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        axes.plot(*points.T, ".", color=MUTED, markersize=3)
        axes.plot(*points[short].T, ".", color=PROVEN, markersize=4)
        for number in short:
            axes.annotate(phrases[number], points[number], (2, 2), textcoords="offset points", fontsize=5, color=INK)
        axes.set(xticks=[], yticks=[])

    note = (
        "Figure 4 of the review, right: the state in which the encoder ends, of test sentences, brought into a plane by"
        " t-SNE. Those that are near one another are much alike to the network; the shortest ones are named."
    )
    return Picture("What it makes of phrases", note, (8.4, 4.6), draw)


NETWORK = Network(
    name="translation",
    title="Encoder, decoder, attention",
    review="Recurrent neural networks: translation by an encoder and a decoder; attention; Figure 4, right",
    description=(
        "Numbers in English words into French ones, which follow rules with exceptions, by two recurrent nets and"
        " attention; the host appends each word and asks for the next."
    ),
    dataset="number-words",
    builder=build,
    training=Training(epochs=20, batch_size=64, optimizer=adam(4e-3)),
    expected_score=0.99,
    allowed_loss=0.01,
    bits=8,
    fine_tune_epochs=4,
    target=Target("ULX3S-85F", target_ii=40_000, rtl_samples=20),
    training_seconds=70,
    task="sentences",
    csim_samples=200,
    pictures=pictures,
)

PAIRS = Network(
    name="translation-pairs",
    title="Encoder, decoder, attention: sentences",
    review=NETWORK.review,
    description=(
        "Short English sentences into French ones, as people wrote them, by the same network with more units: few pairs"
        " and small vocabularies, so it is often wrong."
    ),
    dataset="sentence-pairs",
    builder=build_pairs,
    training=Training(epochs=10, batch_size=32, optimizer=adam(5e-3), validation_fraction=0.02),
    expected_score=0.1,
    allowed_loss=0.01,
    bits=8,
    fine_tune_epochs=2,
    target=Target("ULX3S-85F", target_ii=1_000_000, rtl_samples=2),
    training_seconds=260,
    task="sentences",
    csim_samples=20,
)
