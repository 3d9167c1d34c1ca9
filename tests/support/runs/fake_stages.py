"""The pipeline's stages, faked: each writes what it should and may fail on the way."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from netloom.models import Dataset
from netloom.pipeline import registry, rundir
from netloom.pipeline import run as pipeline
from netloom.pipeline.stage import Job, Stage
from netloom.pipeline.state import Origin
from netloom.settings import HardwareSettings, RunSettings

STAGES = ["train", "quantize", "convert", "simulate", "report"]


HARDWARE = ["design", "rtl", "synthesize", "netlist", "bitstream"]


INNER = {
    rundir.CONVERSION: f"{rundir.CONVERSION}/dataflow.json",
    rundir.DESIGN: f"{rundir.DESIGN}/design.json",
    rundir.NETLIST: f"{rundir.NETLIST}/network.json",
    rundir.BITSTREAM: f"{rundir.BITSTREAM}/build.json",
}
"""A file in each artefact that is a folder."""


ON_A_BOARD = RunSettings(hardware=HardwareSettings(board="ULX3S-25F"))


class Fakes:
    """Stands in for what the stages do; each writes what it should, and may fail on the way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.fail: dict[str, BaseException] = {}
        self.kind = "float"
        faked = tuple(dataclasses.replace(stage, work=self.fake(stage)) for stage in registry.stages())
        monkeypatch.setattr(registry, "stages", lambda: faked)
        monkeypatch.setattr(pipeline, "load_dataset", lambda name: dataset(0))
        monkeypatch.setattr(
            "netloom.pipeline.origin.Start.origin",
            lambda start, state: Origin(
                network=start.name,
                kind="network" if start.network else self.kind,
                model_file=start.model_file.name if start.model_file else None,
            ),
        )

    def fake(self, stage: Stage):
        def work(job: Job, out: Path) -> None:
            for output in stage.outputs(job):
                path = out / INNER.get(output, output)
                path.parent.mkdir(exist_ok=True)
                path.write_text(f"{stage.name} {len(self.done)}")
                if stage.name in self.fail:
                    raise self.fail.pop(stage.name)
            self.done.append(stage.name)

        return work


def dataset(seed: int) -> Dataset:
    x = np.random.default_rng(seed).random((4, 64), np.float32)
    return Dataset(x, np.zeros(4, np.int64), x, np.zeros(4, np.int64), None, "made up")
