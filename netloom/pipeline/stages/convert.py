"""Convert the quantized model with hls4ml."""

from pathlib import Path

from netloom.pipeline import rundir
from netloom.pipeline.stage import Job, Stage


def _work(job: Job, out: Path) -> None:
    from netloom.hls import convert
    from netloom.quantize import load_model

    convert(load_model(job.directory / rundir.QUANTIZED_MODEL), job.settings.hls, out / rundir.CONVERSION)


STAGE = Stage(
    "convert",
    needs=(rundir.QUANTIZED_MODEL,),
    makes=(rundir.CONVERSION,),
    inputs=lambda job: {"hls": job.settings.hls.model_dump(mode="json")},
    work=_work,
    code=("hls", "quantize"),
    uses=("hls4ml", "keras", "tensorflow", "qkeras", "hgq2", "onnx", "qonnx"),
)
