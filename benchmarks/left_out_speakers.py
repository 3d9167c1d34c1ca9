"""How well `words` and `speech` know speakers of the train split that they were not trained on.

    python benchmarks/left_out_speakers.py [--epochs 12] [--results FILE]

For choosing how they are trained without a look at the test split: each of the four speakers of the train split is left
out in turn, and a network trained with seed 0 on the other three hears all copies of that speaker's recordings.
`speech` is trained as it is, with its LSTM units trained for longer, and all at once, from random weights. The scores
are of the float network: accuracy, and cross-entropy in nats, which tells more where ten words of each of four speakers
are right or wrong all at once. What stands in the file of results is not measured again.
"""

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from netloom.models import Dataset, get_network, load_dataset, train
from netloom.models.data.words import SPEAKERS, SPEEDS, TEST_SPEAKERS
from netloom.models.networks.optimizers import adamw
from netloom.models.networks.speech import TOGETHER, fit

HEADER = ("network", "accuracy", "of each speaker", "cross-entropy")
ROWS: dict[str, tuple[str, Callable[..., object]]] = {
    "`words`": ("words", train),
    "`speech`": ("speech", fit),
    "`speech`, LSTM units trained for longer": (
        "speech",
        partial(fit, together=replace(TOGETHER, epochs=4, optimizer=adamw(1e-3))),
    ),
    "`speech`, all at once": ("speech", train),
}
TAKES, LEFT_OUT = 50, len(SPEAKERS) - len(TEST_SPEAKERS)
"""Recordings of each word by each speaker, one after the other; and speakers that are left out in turn."""


def main() -> None:
    """Measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--results", type=Path, default=Path("left_out_speakers.json"))
    asked = parser.parse_args()
    found = json.loads(asked.results.read_text()) if asked.results.exists() else {}
    dataset = load_dataset("spoken-digits")
    for line in (HEADER, ("---",) * len(HEADER)):
        print(f"| {' | '.join(line)} |", flush=True)
    for row, (name, trainer) in ROWS.items():
        scores = found.setdefault(f"{row}, {asked.epochs} epochs", [])
        while len(scores) < LEFT_OUT:
            scores.append(measured(dataset, name, trainer, asked.epochs, len(scores)))
            asked.results.write_text(json.dumps(found, indent=2) + "\n")
        right, nats = np.array(scores).T
        each = ", ".join(f"{100 * one:.1f}" for one in right)
        print(f"| {row} | {100 * right.mean():.1f} % | {each} | {nats.mean():.2f} |", flush=True)


def measured(
    dataset: Dataset, name: str, trainer: Callable[..., object], epochs: int, speaker: int
) -> tuple[float, float]:
    """Accuracy and cross-entropy on the recordings of one speaker, of a network that was trained on the others'."""
    x, y = np.asarray(dataset.x_train), np.asarray(dataset.y_train)
    out = np.arange(len(x)) // (len(SPEEDS) * TAKES) % LEFT_OUT == speaker
    network = get_network(name)
    model = network.build()
    trainer(model, replace(dataset, x_train=x[~out], y_train=y[~out]), replace(network.training, epochs=epochs))
    logits = model.predict(x[out], verbose=0)
    nats = keras.losses.sparse_categorical_crossentropy(y[out], logits, from_logits=True)
    return float((logits.argmax(axis=1) == y[out]).mean()), float(np.mean(nats))


if __name__ == "__main__":
    main()
