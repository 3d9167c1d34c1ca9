"""Run float, quantized, fixed, csim and, if asked to, onnx on the test set and hold them against each other."""

from netloom.pipeline import rundir
from netloom.pipeline.evaluation.evaluation import evaluate
from netloom.pipeline.stage import Job, Stage
from netloom.pipeline.versions import compiler_version


def _inputs(job: Job) -> dict[str, object]:
    read = job.settings.model_dump(include={"csim", "csim_samples", "onnx", "trace_samples"})
    return read | {"compiler": compiler_version() if job.settings.csim else None}


STAGE = Stage(
    "simulate",
    needs=(rundir.FLOAT_MODEL, rundir.CALIBRATED_MODEL, rundir.QUANTIZED_MODEL, rundir.CONVERSION, rundir.DATA),
    makes=(rundir.PREDICTIONS, rundir.SIMULATION),
    inputs=_inputs,
    work=lambda job, out: evaluate(job.directory, job.settings, out, job.progress),
    measures=True,
    code=("models/data", "models/tasks", "quantize", "hls", "sim", "netloom/pipeline", "netloom/records.py"),
    uses=("hls4ml", "keras", "tensorflow", "qkeras", "hgq2", "onnx", "qonnx", "onnxruntime", "scipy"),
)
