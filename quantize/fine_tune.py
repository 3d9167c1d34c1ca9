"""Quantization-aware fine-tuning: a few epochs at a small rate, in which the weights learn to live on their grid."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from netloom.models.data.examples import Examples
from netloom.models.deformation import Deformation
from netloom.models.deformed_batches import deformed_batches
from netloom.models.seeding import seed_training
from netloom.models.tasks import Task, guess_task, read_targets
from netloom.quantize.data import Samples, model_arguments

VALIDATION_SHARE = 0.1
"""Share of the samples that is held out and chooses the epoch to keep."""


def fine_tune(
    model: Any,
    teacher: Any,
    samples: Samples,
    *,
    task: Task | None = None,
    loss: Any = None,
    epochs: int,
    seed: int,
    batch_size: int,
    learning_rate: float,
    deformation: Deformation | None = None,
    callbacks: Sequence[Any] = (),
) -> None:
    """Train a QKeras model in place, and leave it at its best epoch; if none beat the start, at the start.

    The rounding is passed by QKeras's straight-through estimator. Everything else runs as at inference: dropout is
    gone, and a kept batch normalization keeps its statistics. Seeds Keras's global generators.

    Args:
        model: the QKeras model; its weights change.
        teacher: the float model: without labels, its outputs are the targets (mean squared error).
        samples: training samples; a tenth, at least one, is held out.
        task: what the network is for; None is what the labels look like. Its loss is taken.
        loss: a Keras loss, instead.
        epochs: passes over the samples; 0 does nothing.
        seed: seeds the split and the order of the samples; same seed, same weights.
        batch_size: samples a step.
        learning_rate: of Adam.
        deformation: of the images of each step, anew, as in training; those held out are deformed too, once. Samples
            are images with labels then: one input, (samples, height, width, channels).
        callbacks: Keras callbacks, for progress.
    """
    import keras

    if epochs == 0 or len(samples) < 2:
        return
    seed_training(seed)
    if task is None:
        task = guess_task(samples.labels)
        samples = replace(samples, labels=read_targets("data: labels", samples.labels, task))
    order = np.random.default_rng(seed).permutation(len(samples))
    held_out = max(1, int(len(samples) * VALIDATION_SHARE))
    validation, training = samples.take(order[:held_out]), samples.take(order[held_out:])
    targets, validation_targets = (_targets(part, teacher, task, batch_size) for part in (training, validation))
    taught = samples.labels is None and task.has_targets
    trainer = _inference_mode(model)
    trainer.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=loss or ("mse" if taught else task.loss(model)),
        jit_compile=False,
    )
    given: Any = model_arguments(training.inputs), targets
    if deformation is not None:
        given = (deformed_batches(training.inputs[0], targets, batch_size, deformation, seed),)
        # It is to know deformed images, and the float network has learnt from those held out as well.
        validation = replace(validation, inputs=[deformation(validation.inputs[0], np.random.default_rng(seed))])
    held_out_data = (model_arguments(validation.inputs), validation_targets)
    start, start_loss = model.get_weights(), _loss(trainer, held_out_data, batch_size)
    best = keras.callbacks.EarlyStopping("val_loss", patience=epochs, restore_best_weights=True, mode="min")
    trainer.fit(
        *given,
        validation_data=held_out_data,
        epochs=epochs,
        batch_size=batch_size if deformation is None else None,
        shuffle=deformation is None,  # those batches are drawn anew already
        callbacks=[best, *callbacks],
        verbose=0,
    )
    if not _loss(trainer, held_out_data, batch_size) < start_loss:
        model.set_weights(start)


def _inference_mode(model: Any) -> Any:
    """The model, called as at inference even in training: QBatchNormalization heeds nothing else, `trainable` least."""
    import keras

    class InferenceMode(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.network = model

        def call(self, inputs: Any) -> Any:
            return self.network(inputs, training=False)

    return InferenceMode()


def _loss(trainer: Any, data: tuple[Any, Any], batch_size: int) -> float:
    return trainer.evaluate(*data, batch_size=batch_size, verbose=0, return_dict=True)["loss"]


def _targets(samples: Samples, teacher: Any, task: Task, batch_size: int) -> Any:
    x = (
        samples.inputs[0]
        if len(samples.inputs) == 1
        else dict(zip([one.name for one in teacher.inputs], samples.inputs, strict=True))
    )
    wanted = task.wanted(Examples(x, samples.labels))
    if wanted is None:
        return teacher.predict(model_arguments(samples.inputs), batch_size=batch_size, verbose=0)
    return task.fitted(teacher, wanted)
