"""`memory`, `memory-two-facts`: memory networks, which read a story and answer questions about it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import INK, MUTED
from netloom.models.data.examples import Arrays
from netloom.models.data.stories import PLACES, SENTENCES, WORDS, sentence
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam
from netloom.models.tasks.pictures.picture import Picture, Shows

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

DRAWN = 2
"""Questions that are drawn."""


def build() -> "keras.Model":
    """Two hops, one more than the answer needs, and 20 numbers for a sentence."""
    return _hopping("memory", hops=2, numbers=20)


def build_two_facts() -> "keras.Model":
    """Three hops, one more than the answer needs, and 32 numbers for a sentence."""
    return _hopping("memory-two-facts", hops=3, numbers=32)


def _hopping(name: str, hops: int, numbers: int) -> "keras.Model":
    """A story and a question -> hops: attention of the question over the sentences adds what they say -> 6 logits.

    A sentence is the sum of the vectors of its words and of its age (end-to-end memory networks, Sukhbaatar, Szlam,
    Weston, Fergus, "End-to-end memory networks", NeurIPS 2015, with adjacent weights: what a hop reads is what the next
    one looks at). Sentences that a story does not have are zeros, and stay zeros: nothing masks them.
    """
    import keras
    from keras import layers

    def embedding(called: str) -> layers.Layer:
        start = keras.initializers.RandomNormal(stddev=0.1)
        return layers.Dense(numbers, use_bias=False, kernel_initializer=start, name=called)

    story = keras.Input((SENTENCES, len(WORDS) + SENTENCES), name="story")
    question = keras.Input((len(WORDS),), name="question")
    memories = [embedding(f"memory{number}")(story) for number in range(hops + 1)]
    state = embedding("asked")(question)
    for hop in range(1, hops + 1):
        match = layers.Dot(axes=(2, 1), name=f"match{hop}")([memories[hop - 1], state])
        attention = layers.Softmax(name=f"attention{hop}")(match)
        read = layers.Dot(axes=(1, 1), name=f"read{hop}")([memories[hop], attention])
        state = layers.Add(name=f"state{hop}")([state, read])
    return keras.Model([story, question], layers.Dense(len(PLACES), name="answer")(state), name=name)


def pictures(shows: Shows) -> Sequence[Picture]:
    """Where each hop looks in a few stories; stories with more sentences first."""
    x: Arrays = shows.x
    assert not isinstance(x, np.ndarray)
    told = (x["story"] != 0).any(axis=2)
    chosen = np.argsort(-told.sum(axis=1), kind="stable")[:DRAWN]
    few = {name: array[chosen] for name, array in x.items()}
    layers = shows.layers("fixed", few)
    looks = [values for name, values in layers.items() if name.startswith("attention")]
    answers = layers["answer"].argmax(axis=1)

    def draw(figure: "Figure") -> None:
        for number, axes in enumerate(figure.subplots(1, len(chosen), squeeze=False)[0]):
            sentences = [sentence(bag) for bag in few["story"][number][: told[chosen[number]].sum(), : len(WORDS)]]
            look = np.stack([one[number, : len(sentences)] for one in looks], axis=1)[::-1]
            axes.imshow(look, cmap="Blues", vmin=0, vmax=1, aspect="auto")
            axes.set_yticks(range(len(sentences)), sentences[::-1], fontsize=7)
            axes.set_xticks(range(len(looks)), [str(hop + 1) for hop in range(len(looks))], fontsize=7)
            axes.set_xlabel("hop", color=MUTED)
            asked = f"{sentence(few['question'][number])}? {PLACES[answers[number]]}"
            axes.set_title(asked, fontsize=9, loc="right", color=INK)

    note = (
        "Stories as they were told, with the question and what the network answers in the hardware's arithmetic. The"
        " darker, the more a hop attends to a sentence."
    )
    return [Picture("Where it looks for the answer", note, (8.4, 3.6), draw)]


_REVIEW = "The future of deep learning: memory networks, which answer questions about stories"

NETWORK = Network(
    name="memory",
    title="Memory network",
    review=_REVIEW,
    description=(
        f"Answers where somebody is, after a story of up to {SENTENCES} sentences, one of which has the answer, by"
        " attention over them."
    ),
    dataset="stories-1",
    builder=build,
    training=Training(epochs=8, batch_size=64, optimizer=adam(1e-2)),
    expected_score=0.99,
    bits=8,
    fine_tune_epochs=4,
    target=Target("ULX3S-85F", target_ii=4096, rtl_samples=100),
    training_seconds=15,
    pictures=pictures,
)

TWO_FACTS = Network(
    name="memory-two-facts",
    title="Memory network, two facts",
    review=_REVIEW,
    description=(
        f"Answers where something is, from the newest {SENTENCES} sentences of a story: who had it last, and where that"
        " one was then, which are two sentences."
    ),
    dataset="stories-2",
    builder=build_two_facts,
    training=Training(epochs=12, batch_size=64, optimizer=adam(1e-2)),
    expected_score=0.95,
    bits=8,
    fine_tune_epochs=4,
    target=Target("ULX3S-85F", target_ii=8192, rtl_samples=100),
    training_seconds=20,
    pictures=pictures,
)
