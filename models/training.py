"""Training, reproducible bit for bit on one machine."""

from collections.abc import Sequence
from math import ceil, isfinite
from typing import TYPE_CHECKING

import numpy as np

from netloom.errors import InputError
from netloom.models.dataset import Dataset
from netloom.models.network import Training

if TYPE_CHECKING:
    import keras


def train(
    model: "keras.Model",
    dataset: Dataset,
    training: Training,
    seed: int = 0,
    callbacks: Sequence["keras.callbacks.Callback"] = (),
) -> dict[str, list[float]]:
    """Compile `model` and train it in place on the train split of `dataset`; the test split is not touched.

    The same model, data, settings and seed give the same weights, bit for bit, on one machine. For that
    TensorFlow's deterministic operations are switched on for the process: random operations then need a seed.

    Args:
        model: input (batch, *sample shape), output (batch, classes) of logits.
        dataset: with `y_train`.
        training: epochs, batch size, optimizer, share held out to report on.
        seed: of the order of the samples and of what is held out. The initial weights are the model's own.
        callbacks: Keras callbacks.

    Returns:
        One list of values, an entry an epoch: 'loss' (nats), 'accuracy' (0 to 1), and the same two with the
        prefix 'val_' on the samples held out, if there are any.

    Raises:
        InputError: there are no labels, data and model do not fit, or the training diverged.
    """
    import keras
    import tensorflow as tf

    _check_fit(model, dataset)
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    # Drawn at random: a user's samples may come sorted by class, and Keras' validation_split (the last ones) would
    # then hold out a class.
    order = np.random.default_rng(seed).permutation(len(dataset.x_train))
    held_out = int(len(order) * training.validation_fraction)
    train_part, validation_part = order[held_out:], order[:held_out]
    x, y = dataset.x_train, dataset.y_train
    if y is None:
        raise InputError(f"training {model.name!r} needs labels, and the data set has none")
    model.compile(
        optimizer=training.optimizer(ceil(len(train_part) / training.batch_size) * training.epochs),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(
        x[train_part],
        y[train_part],
        validation_data=(x[validation_part], y[validation_part]) if held_out else None,
        batch_size=training.batch_size,
        epochs=training.epochs,
        callbacks=[keras.callbacks.TerminateOnNaN(), *callbacks],
        verbose=0,
    ).history
    if not all(map(isfinite, history["loss"])):
        raise InputError(
            f"training of {model.name!r} diverged in epoch {len(history['loss'])}: the loss is not finite;"
            " scale the data to about -1..1 or lower the learning rate"
        )
    return {name: [float(value) for value in values] for name, values in history.items()}


def _check_fit(model: "keras.Model", dataset: Dataset) -> None:
    if dataset.y_train is None:
        raise InputError(f"{dataset.source}: training needs labels, and there is no y_train")
    wanted = tuple(model.input_shape[1:])
    if len(wanted) != len(dataset.sample_shape) or any(
        size not in (None, given) for size, given in zip(wanted, dataset.sample_shape, strict=True)
    ):
        raise InputError(
            f"{dataset.source}: a sample has shape {dataset.sample_shape},"
            f" but the network {model.name!r} takes {wanted}"
        )
    classes, highest = model.output_shape[-1], int(dataset.y_train.max())
    if highest >= classes:
        raise InputError(
            f"{dataset.source}: y_train has class {highest},"
            f" but the network {model.name!r} has {classes} classes (0 to {classes - 1})"
        )
