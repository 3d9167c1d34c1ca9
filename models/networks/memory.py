"""`memory`: memory networks, which read a story sentence by sentence and answer questions about it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import INK, MUTED
from netloom.models.data.examples import Arrays
from netloom.models.data.stories import PLACES, SENTENCES, WORDS, sentence
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam
from netloom.models.tasks.picture import Picture, Shows

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

EMBEDDED = 20
"""Numbers that a sentence, or a question, becomes."""
DRAWN = 2
"""Questions that are drawn."""


def build() -> "keras.Model":
    """Two hops, one more than the answer needs."""
    return build_with("memory", 2)


def build_with(name: str, hops: int) -> "keras.Model":
    """A story and a question -> hops: attention of the question over the sentences adds what they say -> 6 logits.

    A sentence is the sum of the vectors of its words and of its age (end-to-end memory networks, Sukhbaatar, Szlam,
    Weston, Fergus, "End-to-end memory networks", NeurIPS 2015, with adjacent weights: what a hop reads is what the next
    one looks at). Sentences that a story does not have are zeros, and stay zeros: nothing masks them.
    """
    import keras
    from keras import layers

    def embedding(name: str) -> layers.Layer:
        start = keras.initializers.RandomNormal(stddev=0.1)
        return layers.Dense(EMBEDDED, use_bias=False, kernel_initializer=start, name=name)

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


def _network(
    name: str, number: int, builder: Callable[[], "keras.Model"], training: Training, expected: float, seconds: int
) -> Network:
    facts = {1: "one", 2: "two together"}[number]
    return Network(
        name=name,
        title="Memory network" if number == 1 else "Memory network, two facts",
        review="The future of deep learning: memory networks, which answer questions about stories",
        description=(
            f"Answers where somebody or something is, after a story of up to {SENTENCES} sentences, {facts} of which"
            " have the answer, by attention over them."
        ),
        dataset=f"stories-{number}",
        builder=builder,
        training=training,
        expected_score=expected,
        bits=8,
        fine_tune_epochs=4,
        target=Target("ULX3S-85F", target_ii=4096, rtl_samples=100),
        training_seconds=seconds,
        pictures=pictures,
    )


NETWORK = _network("memory", 1, build, Training(epochs=8, batch_size=64, optimizer=adam(1e-2)), 0.99, 15)
