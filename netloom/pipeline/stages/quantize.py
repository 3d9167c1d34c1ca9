"""Quantize the float model, and fine-tune it."""

from dataclasses import asdict
from pathlib import Path

from netloom.models.deformation import Deformation
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.fitted import fitted
from netloom.pipeline.stage import Job, Stage
from netloom.progress import keras_progress
from netloom.settings import USER_MODEL_BATCH_SIZE


def _inputs(job: Job) -> dict[str, object]:
    batch_size, deformation = _batches(job)
    return {
        "data": job.data().digest,
        "task": job.data().task,
        "policy": job.settings.policy_for(job.network).model_dump(mode="json"),
        "epochs": _epochs(job),
        "seed": job.settings.seed,
        "batch_size": batch_size,
        "deformation": asdict(deformation) if deformation else None,
    }


def _batches(job: Job) -> tuple[int, Deformation | None]:
    """Their size, and how their samples are deformed."""
    training = job.network.training if job.network else None
    return (training.batch_size, training.deformation) if training else (USER_MODEL_BATCH_SIZE, None)


def _epochs(job: Job) -> int:
    return job.settings.fine_tune_epochs_for(job.network, job.state.origin.model_file)


def _work(job: Job, out: Path) -> None:
    from netloom.quantize import load_model, quantize, save_model

    epochs, (batch_size, deformation) = _epochs(job), _batches(job)
    start = load_model(job.directory / rundir.FLOAT_MODEL)
    model = quantize(
        start,
        job.settings.policy_for(job.network),
        fitted(start, rundir.FLOAT_MODEL, job.data()),
        fine_tune_epochs=epochs,
        seed=job.settings.seed,
        batch_size=batch_size,
        deformation=deformation,
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
        "quantize",
        "netloom/pipeline/evaluation/fitted.py",
    ),
    uses=("keras", "tensorflow", "qkeras", "hgq2", "onnx", "qonnx", "scipy"),
)
