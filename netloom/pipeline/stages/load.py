"""Check a user's model and take a copy of it."""

import shutil
from pathlib import Path

from netloom.pipeline import rundir
from netloom.pipeline.evaluation.fitted import fitted
from netloom.pipeline.evaluation.testset import TestSet
from netloom.pipeline.stage import Job, Stage


def _model_name(job: Job) -> str:
    return rundir.QUANTIZED_MODEL if job.state.origin.kind == "quantized" else rundir.FLOAT_MODEL


def _inputs(job: Job) -> dict[str, object]:
    assert job.start is not None
    return {
        "model": job.start.digest(),
        "as": _model_name(job),
        "data": job.dataset.digest if job.dataset else None,
        "task": (job.dataset.task, job.dataset.guessed) if job.dataset else None,
    }


def _work(job: Job, out: Path) -> None:
    """Makes the copy and, of data that fits the model, `data.npz`."""
    from netloom.quantize import load_model, save_model

    assert job.start is not None
    with job.start.as_file() as model_file:
        model = load_model(model_file, job.start.input_shapes, job.start.input_types)
        if job.dataset is not None:
            TestSet.of(fitted(model, model_file.name, job.dataset)).save(out / rundir.DATA)
        if model_file.suffix == ".keras" and job.start.input_shapes is None:
            shutil.copyfile(model_file, out / _model_name(job))
        else:
            save_model(model, out / _model_name(job))


STAGE = Stage(
    "load",
    makes=(rundir.FLOAT_MODEL, rundir.QUANTIZED_MODEL, rundir.DATA),
    made=lambda job: (_model_name(job), rundir.DATA) if job.dataset else (_model_name(job),),
    inputs=_inputs,
    work=_work,
    applies=lambda job: job.start is not None and job.start.network is None,
    code=(
        "models/data",
        "models/tasks",
        "quantize",
        "netloom/pipeline/evaluation/fitted.py",
        "netloom/pipeline/evaluation/testset.py",
    ),
    uses=("keras", "tensorflow", "qkeras", "hgq2", "onnx", "qonnx", "scipy"),
)
