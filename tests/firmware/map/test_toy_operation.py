"""An operation added from outside, in this file alone, goes all the way: saved, loaded, emitted, simulated, in C++."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from designs import Network, check_design
from native_forms import check

from netloom.errors import LayerNotSupportedError, StorageError
from netloom.firmware.families import ECP5
from netloom.firmware.map.folding.folding import fold_for_interval
from netloom.firmware.map.layout import plan_design
from netloom.firmware.map.operations.each import on_each
from netloom.firmware.map.operations.table import MAPPINGS, register_mapping
from netloom.firmware.units.elements.lookup import LookupUnit
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import (
    Bounds,
    Lookup,
    Operation,
    TensorType,
    exact_dtype,
    load_dataflow,
    save_dataflow,
)
from netloom.hls.dataflow.storage import OPERATIONS
from netloom.sim.native.form import NativeForm
from netloom.sim.native.native_library import native_library
from netloom.sim.native.operations.table import NATIVE_FORMS
from netloom.sim.native.program import native_program
from netloom.sim.native.steps import StepKind

SQUARE = FixedPoint.parse("ufixed<10,4>")
ORIGIN = -3


@dataclass(frozen=True)
class SquareFrom(Operation):
    """The square of how far every element of fixed<5,2> is from another number of that type."""

    origin: int

    def outputs(self, inputs):
        return (TensorType(inputs[0].shape, SQUARE),)

    def bounds(self, inputs, bounds):
        return (Bounds.of(*self.outputs(inputs)),)

    def prepare(self, inputs, bounds, least=np.float32):
        return lambda arrays: ((arrays[0] - self.origin) ** 2,), exact_dtype(1024, least)


def _table(operation):
    return Lookup((np.arange(-16, 16) - operation.origin) ** 2, SQUARE, offset=16)


def _unit(name, stream, operation, builder):
    return LookupUnit(name, stream, _table(operation), target=builder.target)


def _as_table(site):
    return replace(site, operation=_table(site.operation))


LOOKUP = NATIVE_FORMS[Lookup]
IN_CPP = NativeForm(
    StepKind.LOOKUP,
    lambda step, site, constants: LOOKUP.lay(step, _as_table(site), constants),
    lambda site: LOOKUP.stages(_as_table(site)),
)


def squared():
    net = Network((6,), "fixed<5,2>")
    net.add(SquareFrom(ORIGIN))
    net.matvec(3)
    return net.done()


@pytest.fixture
def dataflow(monkeypatch, tmp_path):
    """As a run reads it back from its directory."""
    made = squared()
    with pytest.raises(StorageError, match="SquareFrom"):
        save_and_load(made, tmp_path / "unknown")
    monkeypatch.setitem(OPERATIONS, "SquareFrom", SquareFrom)
    return save_and_load(made, tmp_path / "known")


def save_and_load(dataflow, folder):
    folder.mkdir()
    save_dataflow(dataflow, folder)
    return load_dataflow(folder)


def test_it_is_saved_and_loaded(dataflow):
    (square,) = (node for node in dataflow.nodes if isinstance(node.operation, SquareFrom))
    assert square.operation.origin == ORIGIN
    assert dataflow.types[square.name].element == SQUARE


def test_it_is_laid_out_and_emitted_and_its_hardware_is_exact(dataflow):
    folding = fold_for_interval(dataflow, 6)
    with pytest.raises(LayerNotSupportedError, match="'layer1': SquareFrom has no hardware unit yet"):
        plan_design(dataflow, folding)
    register_mapping(SquareFrom, on_each(_unit))
    try:
        check_design(dataflow, plan_design(dataflow, folding, ECP5), folding)
    finally:
        del MAPPINGS[SquareFrom]


@pytest.mark.skipif(native_library() is None, reason="no compiler")
def test_it_is_simulated_in_cpp(dataflow, monkeypatch):
    assert native_program(dataflow) is None
    monkeypatch.setitem(NATIVE_FORMS, SquareFrom, IN_CPP)
    check(dataflow, native_program)


def test_it_is_written_as_onnx(dataflow, monkeypatch):
    pytest.importorskip("onnxruntime")
    from onnx_forms import check_form

    from netloom.sim.onnx.model import onnx_model
    from netloom.sim.onnx.operations.table import FORMS

    with pytest.raises(LayerNotSupportedError, match="'layer1': SquareFrom has no form in ONNX"):
        onnx_model(dataflow)
    lookup = FORMS[Lookup]
    monkeypatch.setitem(FORMS, SquareFrom, lambda writer, site: lookup(writer, _as_table(site)))
    onnx_model(dataflow)
    check_form(SquareFrom(ORIGIN), [TensorType((6,), FixedPoint.parse("fixed<5,2>"))])
