"""Quantize the float model, and fine-tune it."""

from dataclasses import asdict
from pathlib import Path

from netloom.models.deformation import Deformation
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.fitted import fitted
from netloom.pipeline.stage import Job, Stage
from netloom.progress import keras_progress
from netloom.quantize.policy import DEFAULT_BATCH_SIZE


def _inputs(job: Job) -> dict[str, object]:
    return {
        "data": job.data().digest,
        "task": job.data().task,
        "policy": job.settings.policy_for(job.network).model_dump(mode="json"),
        "epochs": _epochs(job),
        "seed": job.settings.seed,
        "batch_size": _batch_size(job),
        "deformation": asdict(deformation) if (deformation := _deformation(job)) else None,
    }


def _batch_size(job: Job) -> int:
    return job.network.training.batch_size if job.network else DEFAULT_BATCH_SIZE


def _deformation(job: Job) -> Deformation | None:
    return job.network.training.deformation if job.network else None


def _epochs(job: Job) -> int:
    return job.settings.fine_tune_epochs_for(job.network, job.state.origin.model_file)


def _work(job: Job, out: Path) -> None:
    from netloom.quantize import load_model, quantize, save_model

    epochs = _epochs(job)
    start = load_model(job.directory / rundir.FLOAT_MODEL)
    model = quantize(
        start,
        job.settings.policy_for(job.network),
        fitted(start, rundir.FLOAT_MODEL, job.data()),
        fine_tune_epochs=epochs,
        seed=job.settings.seed,
        batch_size=_batch_size(job),
        deformation=_deformation(job),
        progress=[keras_progress(job.progress, "fine-tuning")],
        calibrated=(lambda twin: save_model(twin, out / rundir.CALIBRATED_MODEL)) if epochs else None,
    )
    save_model(model, out / rundir.QUANTIZED_MODEL)


STAGE = Stage(
    "quantize",
    needs=(rundir.FLOAT_MODEL,),
    makes=(rundir.QUANTIZED_MODEL, rundir.CALIBRATED_MODEL),
    made=lambda job: (rundir.QUANTIZED_MODEL, rundir.CALIBRATED_MODEL) if _epochs(job) else (rundir.QUANTIZED_MODEL,),
    inputs=_inputs,
    work=_work,
    applies=lambda job: job.state.origin.kind != "quantized",
    code=(
        "models/data",
        "models/tasks",
        "models/deformation.py",
        "models/deformed_batches.py",
        "models/seeding.py",
        "quantize",
        "netloom/pipeline/evaluation/fitted.py",
    ),
    uses=("keras", "tensorflow", "qkeras", "hgq2", "onnx", "qonnx", "scipy"),
)
