"""`pretrain` and `autoencoder`: layers that learn one by one without labels, then backpropagation, as in 2006."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from netloom.common.palette import MEAN, MUTED
from netloom.common.reading import read_bytes
from netloom.models.data.dataset import Dataset
from netloom.models.data.examples import only
from netloom.models.networks.network import Network, Target, Training
from netloom.models.networks.optimizers import adam
from netloom.models.pretraining import Pretraining, pretrain
from netloom.models.tasks.pictures.picture import Picture, Shows

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

_REVIEW = "Backpropagation: unsupervised pre-training layer by layer (2006), where labels are few"
_UNITS = (256, 128)
_HOW = Pretraining(epochs=(8, 4), missing=(0.5, 0.5))
MEASURED = Path(__file__).with_name("pretrain.json")
"""Test accuracies, 0 to 1, `{way: {labels: [of each seed]}}`; `benchmarks/pretraining.py` writes it."""


def build() -> "keras.Model":
    """28x28x1 -> 256 -> 128 -> 10 logits, with sigmoids between."""
    import keras
    from keras import layers

    return keras.Sequential([*_way_up(), layers.Dense(10, name="logits")], name="pretrain")


def build_autoencoder() -> "keras.Model":
    """28x28x1 -> 256 -> 128 -> 256 -> 28x28x1: up to a code of 128, and down the same way; sigmoids between."""
    import keras
    from keras import layers

    down = [layers.Dense(_UNITS[0], name="down2"), layers.Activation("sigmoid", name="shown2")]
    down += [layers.Dense(784, name="down1"), layers.Activation("sigmoid", name="shown1")]
    return keras.Sequential([*_way_up(), *down, layers.Reshape((28, 28, 1), name="image")], name="autoencoder")


def _way_up() -> list:
    import keras
    from keras import layers

    steps = [keras.Input((28, 28, 1), name="pixels"), layers.Flatten(name="flatten")]
    for number, units in enumerate(_UNITS, start=1):
        steps += [layers.Dense(units, name=f"up{number}"), layers.Activation("sigmoid", name=f"hidden{number}")]
    return steps


def climb(model: "keras.Model", dataset: Dataset, seed: int) -> list[np.ndarray]:
    """Pre-train the way up on all images, those without labels too; see `pretrain`."""
    layers = [model.get_layer(f"up{number}") for number in range(1, len(_UNITS) + 1)]
    images = dataset.x_train if dataset.x_unlabelled is None else dataset.x_unlabelled
    return pretrain(layers, only(images), _HOW, seed)


def fit(
    model: "keras.Model",
    dataset: Dataset,
    training: Training,
    seed: int = 0,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
) -> dict[str, list[float]]:
    """Pre-train on all images; then train on those that have labels."""
    from netloom.models.training import train

    climb(model, dataset, seed)
    return train(model, dataset, training, seed, callbacks)


def fit_autoencoder(
    model: "keras.Model",
    dataset: Dataset,
    training: Training,
    seed: int = 0,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
) -> dict[str, list[float]]:
    """Pre-train the way up, unroll it into the way down, then train all of it to give its input again."""
    from netloom.models.training import train

    for number, biases in enumerate(climb(model, dataset, seed), start=1):
        up = model.get_layer(f"up{number}").get_weights()[0]
        model.get_layer(f"down{number}").set_weights([up.T, biases])
    return train(model, dataset, training, seed, callbacks)


def pictures(shows: Shows) -> Sequence[Picture]:
    """What pre-training gains with few labels, over several seeds, as the benchmark has measured it."""
    del shows  # it is about many trainings, not about this one
    found = json.loads(read_bytes(MEASURED))
    seeds = len(next(iter(next(iter(found.values())).values())))
    note = (
        f"Test accuracy of this network from few labels, with its layers pre-trained and without: mean and standard"
        f" deviation of {seeds} seeds, each with labels and initial weights of its own (benchmarks/pretraining.py)."
    )
    return [Picture("What pre-training gains", note, (8.4, 3.4), lambda figure: draw_gain(figure, found))]


def draw_gain(
    figure: "Figure", found: Mapping[str, Mapping[str, Sequence[float]]], colours: Sequence[str] = (MUTED, MEAN)
) -> None:
    """Accuracy against the number of labels, with error bars; `found` is as in `MEASURED`, a colour for each way."""
    axes = figure.subplots()
    labels = []
    for (way, scores), colour in zip(found.items(), colours, strict=True):
        labels = [int(number) for number in scores]
        values = 100 * np.array(list(scores.values()))
        spread = values.std(axis=1, ddof=1)
        axes.errorbar(labels, values.mean(axis=1), spread, marker="o", capsize=4, label=way, color=colour)
    axes.set_xscale("log")
    axes.set_xticks(labels, [f"{number:,}" for number in labels])
    axes.minorticks_off()
    axes.grid(axis="y")
    axes.set_xlabel("labelled images, of 60,000")
    axes.set_ylabel("test accuracy, %")
    axes.legend(frameon=False, loc="lower right")


NETWORK = Network(
    name="pretrain",
    title="Pre-trained network",
    review=_REVIEW,
    description=(
        "Handwritten digits from 1,000 labels: two layers of denoising autoencoders learn from all images, then"
        " backpropagation from those with labels."
    ),
    dataset="mnist-few-labels",
    builder=build,
    training=Training(epochs=20, batch_size=20, optimizer=adam(1e-2), validation_fraction=0),
    expected_score=0.92,
    bits=8,
    fine_tune_epochs=10,
    target=Target("ULX3S-85F", target_ii=2048, rtl_samples=1000),
    training_seconds=154,
    csim_samples=1000,
    trainer=fit,
    pictures=pictures,
)

AUTOENCODER = Network(
    name="autoencoder",
    title="Deep autoencoder",
    review=_REVIEW,
    description=(
        "The generative half of the same layers, unrolled: images of digits to a code of 128 numbers and back again."
    ),
    dataset="mnist-images",
    builder=build_autoencoder,
    training=Training(epochs=4, batch_size=128, optimizer=adam(2e-3)),
    expected_score=0.008,
    bits=6,
    fine_tune_epochs=1,
    target=Target("ULX3S-85F", target_ii=4096, rtl_samples=200),
    training_seconds=506,
    task="reconstruction",
    csim_samples=200,
    trainer=fit_autoencoder,
)
