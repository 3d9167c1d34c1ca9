"""Check a user's model and take a copy of it."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from netloom.errors import InputError, NotSupportedError
from netloom.models import Dataset
from netloom.pipeline import rundir
from netloom.pipeline.stage import Job, Stage
from netloom.pipeline.testset import TestSet

if TYPE_CHECKING:
    import keras


def _model_name(job: Job) -> str:
    return rundir.QUANTIZED_MODEL if job.state.origin.kind == "quantized" else rundir.FLOAT_MODEL


def _inputs(job: Job) -> dict[str, object]:
    assert job.start is not None
    return {
        "model": job.start.digest(),
        "as": _model_name(job),
        "data": job.dataset.digest if job.dataset else None,
    }


def _work(job: Job, out: Path) -> None:
    """As `STAGE.work`.

    Raises:
        ModelFileError: if the file cannot be loaded, or would run code.
        NotSupportedError: if there is data, and the model has several inputs or outputs.
        InputError: if data and model do not fit.
    """
    from netloom.quantize import load_model

    assert job.start is not None
    with job.start.as_file() as model_file:
        model = load_model(model_file)
        if job.dataset is not None:
            check_single(model, model_file.name)
            check_fit(model, model_file.name, job.dataset)
            TestSet.of(job.dataset).save(out / rundir.DATA)
        shutil.copyfile(model_file, out / _model_name(job))


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


STAGE = Stage(
    "load",
    makes=(rundir.FLOAT_MODEL, rundir.QUANTIZED_MODEL, rundir.DATA),
    made=lambda job: (_model_name(job), rundir.DATA) if job.dataset else (_model_name(job),),
    inputs=_inputs,
    work=_work,
    applies=lambda job: job.start is not None and job.start.network is None,
    code=("models", "quantize"),
    uses=("keras", "tensorflow", "qkeras"),
)
