"""Pictures of a network and of its task, from a run's directory to the top of its page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import netloom
from netloom.models import get_network
from netloom.models.tasks import Classification, Picture, Shows
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.testset import TestSet
from netloom.report.pictures import pictures


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warp")
    netloom.run("warp", directory=folder, settings=netloom.RunSettings(epochs=1, fine_tune_epochs=0, csim=False))
    return folder


def test_the_page_has_the_networks_picture_on_top(directory: Path) -> None:
    page = (directory / rundir.REPORT_HTML).read_text()
    assert page.index("What the hidden units make of the plane") < page.index("step by step")
    assert "quantized (fixed): hidden units" in page


def test_engines_are_asked_for_layers_by_the_models_names(directory: Path) -> None:
    found: list[Mapping[str, np.ndarray]] = []

    class Drawing(Classification):
        def pictures(self, shows: Shows) -> Sequence[Picture]:
            found.extend(shows.layers(engine, shows.x) for engine in ("float", "fixed"))
            return [Picture("of the task", "", (1, 1), lambda figure: None)]

    def own(shows: Shows) -> Sequence[Picture]:
        assert (shows.names, list(shows.predictions)) == (("lower", "upper"), ["float", "quantized", "fixed"])
        return [Picture("of the network", "", (1, 1), lambda figure: None)]

    conversion, tests = netloom.Conversion.load(directory / rundir.CONVERSION), TestSet.load(directory / rundir.DATA)
    outputs = {engine: [np.zeros((1000, 1))] for engine in ("float", "quantized", "fixed")}
    network = replace(get_network("warp"), pictures=own)
    made = pictures(directory, network, Drawing(), tests, conversion, outputs)
    assert [one.title for one in made] == ["of the network", "of the task"]
    assert [one.title for one in pictures(directory, None, Drawing(), tests, conversion, outputs)] == ["of the task"]
    float_, fixed = found[:2]
    assert {"hidden", "tanh", "logit"} <= float_.keys() & fixed.keys()
    assert 0 < np.abs(float_["tanh"] - fixed["tanh"]).max() < 0.05
