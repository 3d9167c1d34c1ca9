"""Quantization-aware fine-tuning: a few epochs at a small rate, in which the weights learn to live on their grid."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from netloom.quantize.data import Samples, model_arguments

VALIDATION_SHARE = 0.1
"""Share of the samples that is held out and chooses the epoch to keep."""


def fine_tune(
    model: Any,
    teacher: Any,
    samples: Samples,
    *,
    loss: Any = None,
    epochs: int,
    seed: int,
    batch_size: int,
    learning_rate: float,
    callbacks: Sequence[Any] = (),
) -> None:
    """Train a QKeras model in place, and leave it at its best epoch; if none beat the start, at the start.

    The rounding is passed by QKeras's straight-through estimator. Everything else runs as at inference: dropout is
    gone, and a kept batch normalization keeps its statistics. Seeds Keras's global generators.

    Args:
        model: the QKeras model; its weights change.
        teacher: the float model: without labels, its outputs are the targets (mean squared error).
        samples: training samples; a tenth, at least one, is held out.
        loss: a Keras loss, or None for the usual one: squared error for float labels or no labels, else cross-entropy
            (of each class by itself if the outputs are sigmoids).
        epochs: passes over the samples; 0 does nothing.
        seed: seeds the split and the order of the samples; same seed, same weights.
        batch_size: samples a step.
        learning_rate: of Adam.
        callbacks: Keras callbacks, for progress.
    """
    import keras
    import tensorflow as tf

    if epochs == 0 or len(samples) < 2:
        return
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    order = np.random.default_rng(seed).permutation(len(samples))
    held_out = max(1, int(len(samples) * VALIDATION_SHARE))
    validation, training = samples.take(order[:held_out]), samples.take(order[held_out:])
    loss = loss or _default_loss(model, samples.labels)
    targets, validation_targets = (_targets(part, teacher, loss, batch_size) for part in (training, validation))
    trainer = _inference_mode(model)
    trainer.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=loss,
        jit_compile=False,
    )
    held_out_data = (model_arguments(validation.inputs), validation_targets)
    start, start_loss = model.get_weights(), _loss(trainer, held_out_data, batch_size)
    best = keras.callbacks.EarlyStopping("val_loss", patience=epochs, restore_best_weights=True, mode="min")
    trainer.fit(
        model_arguments(training.inputs),
        targets,
        validation_data=held_out_data,
        epochs=epochs,
        batch_size=batch_size,
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


def _targets(samples: Samples, teacher: Any, loss: Any, batch_size: int) -> Any:
    import keras

    if samples.labels is None:
        return teacher.predict(model_arguments(samples.inputs), batch_size=batch_size, verbose=0)
    classes = teacher.output_shape[-1] if isinstance(loss, keras.losses.BinaryCrossentropy) else 1
    if classes > 1 and samples.labels.size == len(samples):
        return keras.utils.to_categorical(samples.labels.reshape(-1), classes)
    return samples.labels


def _default_loss(model: Any, labels: np.ndarray | None) -> Any:
    import keras

    if labels is None or labels.dtype.kind == "f":
        return "mse"
    function = getattr(getattr(model.layers[-1], "activation", None), "__name__", "linear")
    if function == "sigmoid":
        return keras.losses.BinaryCrossentropy()
    if model.output_shape[-1] == 1:
        return keras.losses.BinaryCrossentropy(from_logits=True)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=function != "softmax")
