"""The stage that quantizes hands a registered network's own way of training on to fine-tuning."""

import dataclasses
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netloom.models import Dataset, get_network
from netloom.models.deformation import Deformation
from netloom.pipeline import rundir
from netloom.pipeline.origin import Start
from netloom.pipeline.stage import Job
from netloom.pipeline.stages.quantize import STAGE
from netloom.pipeline.state import Origin, RunState
from netloom.settings import RunSettings

keras = pytest.importorskip("keras")


@pytest.mark.parametrize("deformation", [None, Deformation(shift=1)])
def test_a_network_is_fine_tuned_on_images_deformed_as_in_its_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deformation: Deformation | None
) -> None:
    network = get_network("digits")
    network = dataclasses.replace(network, training=dataclasses.replace(network.training, deformation=deformation))
    x, y = np.zeros((4, 8, 8, 1), np.float32), np.arange(4)
    state = RunState(origin=Origin(network="digits", kind="network"))
    job = Job(tmp_path, state, RunSettings(), Start(network=network), Dataset(x, y, x, y, None, "none"))
    keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]).save(
        tmp_path / rundir.FLOAT_MODEL
    )
    asked: dict[str, Any] = {}

    def quantize(model: Any, policy: Any, data: Any, **settings: Any) -> Any:
        asked.update(settings)
        return model

    package = import_module("netloom.quantize")  # the name netloom.quantize is the function's
    monkeypatch.setattr(package, "quantize", quantize)
    monkeypatch.setattr(package, "save_model", lambda model, path: None)
    STAGE.work(job, tmp_path)
    assert asked["deformation"] == deformation
    told = STAGE.inputs(job)["deformation"]
    assert told == (None if deformation is None else dataclasses.asdict(deformation))
