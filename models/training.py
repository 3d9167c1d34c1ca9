"""Training, reproducible bit for bit on one machine."""

from collections.abc import Sequence
from math import ceil, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from netloom.errors import InputError
from netloom.models.data.dataset import Dataset
from netloom.models.data.examples import Arrays, Examples, as_list, take
from netloom.models.deformed_batches import deformed_batches
from netloom.models.networks.network import Training
from netloom.models.seeding import seed_training
from netloom.models.tasks import Task, find_task

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
        model: inputs (batch, *sample shape), outputs as the task takes them.
        dataset: with `y_train`, if its task needs targets.
        training: epochs, batch size, optimizer, share held out to report on.
        seed: of the order of the samples and of what is held out. The initial weights are the model's own.
        callbacks: Keras callbacks.

    Returns:
        One list of values, an entry an epoch: 'loss' (nats for classes), of a classifier 'accuracy' (0 to 1), and the
        same with the prefix 'val_' on the samples held out, if there are any.

    Raises:
        InputError: there are no targets, data and model do not fit, or the training diverged.
    """
    import keras

    task = find_task(dataset.task)
    _check_fit(model, dataset, task)
    seed_training(seed)
    # Drawn at random: a user's samples may come sorted by class, and Keras' validation_split (the last ones) would
    # then hold out a class.
    order = np.random.default_rng(seed).permutation(len(as_list(dataset.x_train)[0]))
    held_out = int(len(order) * training.validation_fraction)
    train_part, validation_part = order[held_out:], order[:held_out]
    wanted = task.wanted(Examples(dataset.x_train, dataset.y_train))
    assert wanted is not None  # _check_fit has seen to it
    x, y = dataset.x_train, task.fitted(model, wanted)
    model.compile(
        optimizer=training.optimizer(ceil(len(train_part) / training.batch_size) * training.epochs),
        loss=task.loss(model),
        metrics=list(task.watched),
    )
    inputs, targets = _inputs(x, train_part), _targets(y, train_part)
    given: Any = inputs, targets
    if training.deformation is not None:
        given = (deformed_batches(inputs, targets, training.batch_size, training.deformation, seed),)
    history = model.fit(
        *given,
        validation_data=(_inputs(x, validation_part), _targets(y, validation_part)) if held_out else None,
        batch_size=training.batch_size if training.deformation is None else None,
        shuffle=training.deformation is None,  # the batches are drawn anew already
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


def _inputs(x: Arrays, chosen: np.ndarray) -> Any:
    arrays = as_list(take(x, chosen))
    return arrays if len(arrays) > 1 else arrays[0]


def _targets(y: Any, chosen: np.ndarray) -> Any:
    return [one[chosen] for one in y] if isinstance(y, list) else y[chosen]


def _check_fit(model: "keras.Model", dataset: Dataset, task: Task) -> None:
    if dataset.y_train is None and task.has_targets:
        raise InputError(f"{dataset.source}: training needs labels, and there is no y_train")
    arrays = as_list(dataset.x_train)
    if len(arrays) != len(model.inputs):
        raise InputError(f"{dataset.source}: {model.name!r} has {len(model.inputs)} inputs, not {len(arrays)}")
    for array, tensor in zip(arrays, model.inputs, strict=True):
        wanted, given = tuple(tensor.shape[1:]), array.shape[1:]
        if len(wanted) != len(given) or any(size not in (None, one) for size, one in zip(wanted, given, strict=True)):
            raise InputError(
                f"{dataset.source}: a sample has shape {given}, but the network {model.name!r} takes {wanted}"
            )
    if dataset.y_train is not None and len(model.outputs) == 1:
        shape = tuple(model.outputs[0].shape[1:])
        task.check(f"{dataset.source}: y_train", f"the network {model.name!r}", shape, dataset.y_train)
