"""`characters`, `characters-rnn`: recurrent networks that foresee the next character of a text, and write one."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from netloom.common.palette import INK, MEAN, MUTED
from netloom.models.data.examples import only
from netloom.models.data.shakespeare import STEPS
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adamw
from netloom.models.sampling import written
from netloom.models.tasks.next_symbol import in_bits, surprise
from netloom.models.tasks.pictures.picture import Picture, Shows

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

CHARACTERS = 65
"""Different ones, in the text."""
EMBEDDED = 32
"""Numbers that a character becomes."""
UNITS = 160
START, WRITTEN, LINE, TEMPERATURE = "\n", 600, 76, 0.8
"""Of the text in the report: what it begins with, its characters, those of a line at most; and how it is drawn."""


def build() -> "keras.Model":
    """100 characters -> 32 numbers each -> LSTM of 160 units -> 65 logits after each."""
    from keras import layers

    return _build("characters", layers.LSTM)


def build_rnn() -> "keras.Model":
    """The same of plain recurrent units: one matrix in the place of four, and no memory beside what a step gives."""
    from keras import layers

    return _build("characters-rnn", layers.SimpleRNN)


def _build(name: str, cell: Callable[..., Any]) -> "keras.Model":
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((STEPS,), dtype="uint8", name="text"),
            layers.Embedding(CHARACTERS, EMBEDDED, name="embedding"),
            cell(UNITS, return_sequences=True, name="recurrent"),
            layers.Dense(CHARACTERS, name="logits"),
        ],
        name=name,
    )


def pictures(shows: Shows) -> Sequence[Picture]:
    """A text that the network writes, character by character; and how well it foresees, by how much it has read."""
    found = [_foreseen(shows)] if shows.y is not None else []
    return found if shows.steps is None or not shows.names else [_text(shows), *found]


def _text(shows: Shows) -> Picture:
    assert shows.steps
    with shows.steps() as step:
        numbers = written(step, [shows.names.index(one) for one in START], WRITTEN, temperature=TEMPERATURE)
    lines = folded("".join(shows.names[number] for number in numbers).strip("\n"))

    def draw(figure: "Figure") -> None:
        figure.text(0.01, 0.99, "\n".join(lines), va="top", family="monospace", fontsize=7, color=INK)

    note = (
        "Every character is drawn by the host from the scores that the network gave after the one before, and is its"
        " next input: the network, in the hardware's arithmetic, takes one step at a time and keeps its state. Scores"
        f" are divided by {TEMPERATURE} before."
    )
    return Picture("What it writes", note, (8.4, 0.14 * len(lines) + 0.2), draw)


def folded(text: str) -> list[str]:
    """Lines of at most `LINE` characters, without what a drawing would take for a formula."""
    lines = text.replace("$", "S").split("\n")
    return [line[start : start + LINE] for line in lines for start in range(0, max(len(line), 1), LINE)]


def _foreseen(shows: Shows) -> Picture:
    y = only(shows.y) if shows.y is not None else np.zeros(0, np.int64)
    curves = {}
    for engine in ("float", "fixed"):
        if engine in shows.predictions:
            outputs = shows.predictions[engine][0]
            curves[engine] = surprise(outputs, y[: len(outputs)]).mean(axis=0)

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        for (engine, curve), colour in zip(curves.items(), (MUTED, MEAN), strict=False):
            axes.plot(np.arange(1, len(curve) + 1), [in_bits(one) for one in curve], color=colour, label=engine)
        axes.set(xlabel="characters read", ylabel="bits")
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False)

    note = "How many bits the next character takes, on average over the test set, after so many have been read."
    return Picture("How well it foresees", note, (8.4, 2.2), draw)


def _network(
    name: str, title: str, builder: Callable[[], "keras.Model"], what: str, expected: float, seconds: int
) -> Network:
    return Network(
        name=name,
        title=title,
        review="Recurrent neural networks: predicting the next character in the text; Figure 5",
        description=f"The next character of Shakespeare's plays, by {what}; it also writes, a character at a time.",
        dataset="shakespeare",
        builder=builder,
        training=Training(epochs=18, batch_size=64, optimizer=adamw(5e-3)),
        expected_score=expected,
        allowed_loss=0.1,
        bits=8,
        fine_tune_epochs=0,
        target=Target("ULX3S-85F", target_ii=200_000, clock_mhz=60, rtl_samples=2),
        training_seconds=seconds,
        task="characters",
        csim_samples=20,
        pictures=pictures,
    )


NETWORK = _network("characters", "LSTM that writes", build, "160 LSTM units", 2.2, 414)
RNN = _network("characters-rnn", "Recurrent network that writes", build_rnn, "160 plain recurrent units", 2.3, 300)
