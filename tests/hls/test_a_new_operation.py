"""An operation added from outside, in this file alone: computed, saved, loaded, refused where there is no hardware."""

from dataclasses import dataclass

import numpy as np
import pytest

from netloom.errors import LayerNotSupportedError
from netloom.firmware.map.folding.folding import fold_for_interval
from netloom.firmware.map.layout import plan_design
from netloom.hls.dataflow import (
    Bounds,
    DataflowBuilder,
    Evaluator,
    Operation,
    TensorType,
    exact_dtype,
    load_dataflow,
    save_dataflow,
)
from netloom.hls.dataflow.storage import OPERATIONS
from netloom.testing.operations import random_raws, tensor


@dataclass(frozen=True)
class Halves(Operation):
    """The last axis in two: what lies before `at`, and what lies from there on."""

    at: int

    @property
    def results(self):
        return 2

    def outputs(self, inputs):
        *axes, last = inputs[0].shape
        return tuple(TensorType((*axes, size), inputs[0].element) for size in (self.at, last - self.at))

    def bounds(self, inputs, bounds):
        return tuple(Bounds(*ends) for ends in zip(*map(self._split, (bounds[0].low, bounds[0].high)), strict=True))

    def prepare(self, inputs, bounds, least=np.float32):
        return lambda arrays: self._split(arrays[0]), exact_dtype(bounds[0].magnitude, least)

    def _split(self, x):
        return x[..., : self.at], x[..., self.at :]


@pytest.fixture
def network(monkeypatch):
    monkeypatch.setitem(OPERATIONS, "Halves", Halves)
    builder = DataflowBuilder()
    x = builder.source("x", tensor((2, 5), "fixed<6,3>"))
    first = builder.add("split", "halves", Halves(2), x)
    return builder.build(["x"], [f"{first}.1", first])


def test_it_is_computed_saved_and_loaded(network, tmp_path):
    save_dataflow(network, tmp_path)
    loaded = load_dataflow(tmp_path)
    assert loaded.types == network.types
    (raws,) = random_raws([network.types["x"]])
    values = Evaluator(loaded, loaded.outputs).evaluate({"x": raws})
    assert values["split.halves"].tolist() == raws[..., :2].tolist()
    assert values["split.halves.1"].tolist() == raws[..., 2:].tolist()
    assert loaded.bounds["split.halves.1"].high.shape == (2, 3)


def test_without_hardware_it_is_refused_by_its_layer(network):
    with pytest.raises(LayerNotSupportedError, match="layer 'split': Halves has no hardware unit yet"):
        plan_design(network, fold_for_interval(network, 100))
