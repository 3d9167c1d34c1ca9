"""The stages that make models and firmware. Each writes what it makes under the directory it is given."""

import dataclasses
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from netloom.errors import InputError, NotSupportedError
from netloom.models import Dataset, Network, train
from netloom.pipeline import rundir
from netloom.pipeline.testset import TestSet
from netloom.progress import Progress
from netloom.settings import USER_MODEL_BATCH_SIZE, RunSettings

if TYPE_CHECKING:
    import keras


def train_network(network: Network, dataset: Dataset, settings: RunSettings, out: Path, progress: Progress) -> None:
    """Train a registered network; makes `float.keras` and `data.npz`."""
    from netloom.quantize import save_model

    training = network.training
    if settings.epochs is not None:
        training = dataclasses.replace(training, epochs=settings.epochs)
    model = network.build(settings.seed)
    train(model, dataset, training, settings.seed, [keras_progress(progress, "training")])
    save_model(model, out / rundir.FLOAT_MODEL)
    TestSet.of(dataset).save(out / rundir.DATA)


def load_user_model(model_file: Path, name: str, dataset: Dataset | None, out: Path) -> None:
    """Check a user's model and take a copy of it; makes `name` and, with data, `data.npz`.

    Raises:
        ModelFileError: if the file cannot be loaded, or would run code.
        NotSupportedError: if there is data, and the model has several inputs or outputs.
        InputError: if data and model do not fit.
    """
    from netloom.quantize import load_model

    model = load_model(model_file)
    if dataset is not None:
        check_single(model, model_file.name)
        check_fit(model, model_file.name, dataset)
        TestSet.of(dataset).save(out / rundir.DATA)
    shutil.copyfile(model_file, out / name)


def quantize_model(
    dataset: Dataset, settings: RunSettings, network: Network | None, directory: Path, out: Path, progress: Progress
) -> None:
    """Quantize and fine-tune `float.keras` of the run directory.

    Makes `quantized.keras`, and if it is fine-tuned `calibrated.keras`, which is it before that.
    """
    from netloom.quantize import load_model, quantize, save_model

    epochs = settings.fine_tune_epochs_for(network)
    model = quantize(
        load_model(directory / rundir.FLOAT_MODEL),
        settings.policy_for(network),
        dataset,
        fine_tune_epochs=epochs,
        seed=settings.seed,
        batch_size=network.training.batch_size if network else USER_MODEL_BATCH_SIZE,
        progress=[keras_progress(progress, "fine-tuning")],
        calibrated=(lambda twin: save_model(twin, out / rundir.CALIBRATED_MODEL)) if epochs else None,
    )
    save_model(model, out / rundir.QUANTIZED_MODEL)


def convert_model(settings: RunSettings, directory: Path, out: Path) -> None:
    """Convert `quantized.keras` of the run directory with hls4ml; makes `conversion/`."""
    from netloom.hls import convert
    from netloom.quantize import load_model

    convert(load_model(directory / rundir.QUANTIZED_MODEL), settings.hls, out / rundir.CONVERSION)


def check_single(model: "keras.Model", name: str) -> None:
    """Refuse models with several inputs or outputs, which one data set cannot serve."""
    for what, tensors in (("input", model.inputs), ("output", model.outputs)):
        if len(tensors) != 1:
            raise NotSupportedError(
                f"{name}: a run takes models with one {what}, and this one has {len(tensors)}; join its {what}s in the"
                " model, or quantize it with netloom.quantize and convert it without data (netloom convert)"
            )


def check_fit(model: "keras.Model", name: str, dataset: Dataset) -> None:
    """Refuse data whose samples or labels the model cannot take."""
    wanted = tuple(model.inputs[0].shape[1:])
    if None in wanted:
        raise NotSupportedError(f"{name}: its input shape {wanted} is not fixed; hardware needs every size: set it")
    if wanted != dataset.sample_shape:
        raise InputError(
            f"{dataset.source}: samples have the shape {dataset.sample_shape}, but {name} takes {wanted};"
            " reshape the data"
        )
    outputs = tuple(model.outputs[0].shape[1:])
    if (dataset.y_train is not None or dataset.y_test is not None) and len(outputs) != 1:
        raise InputError(
            f"{dataset.source}: there is one label a sample, but {name} gives outputs of shape {outputs};"
            " end the model with Flatten, or leave the labels out and do without accuracy"
        )
    for split, labels in (("y_train", dataset.y_train), ("y_test", dataset.y_test)):
        # A single output tells two classes apart.
        if labels is not None and int(np.max(labels, initial=0)) >= max(2, outputs[0]):
            many = "one output, for classes 0 and 1" if outputs[0] == 1 else f"{outputs[0]} outputs"
            raise InputError(
                f"{dataset.source}: {split} has class {int(labels.max())}, but {name} has {many};"
                f" number the classes from 0, or leave {split} out and do without accuracy"
            )


def keras_progress(progress: Progress, what: str) -> "keras.callbacks.Callback":
    """A Keras callback that reports every step of a training."""
    import keras

    class Steps(keras.callbacks.Callback):
        epoch = 0

        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002
            self.epoch = epoch

        def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002
            steps = self.params["steps"]
            progress.advanced(what, self.epoch * steps + batch + 1, self.params["epochs"] * steps)

    return Steps()
