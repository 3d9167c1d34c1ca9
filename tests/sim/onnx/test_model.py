"""The exact twin of a whole graph: the file, its names, what it says of itself, and its numbers wherever it runs."""

import json

import numpy as np
import pytest
from dataflows import DATAFLOWS
from designs import Network

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Cast, Dataflow, Elementwise, ElementwiseFunction
from netloom.rounding import Rounding
from netloom.sim.fixed import Program

pytest.importorskip("onnxruntime")
import onnx
from onnx_forms import runs, session

from netloom.sim.onnx.model import OPSET, onnx_model
from netloom.sim.onnx.onnx_engine import Twin


def silent(done, total):
    del done, total


def samples(flow: Dataflow, count: int = 40, dtype: type = np.float32) -> list[np.ndarray]:
    """Within the types, between their steps, and far beyond them."""
    rng = np.random.default_rng(0)
    found = []
    for tensor in flow.sources.values():
        x = rng.normal(0, tensor.element.max / 2, (count, *tensor.shape))
        x[: count // 4] = np.round(x[: count // 4] / tensor.element.step * 2) * tensor.element.step / 2
        x[count // 4] *= 1e6
        found.append(x.astype(dtype))
    return found


@pytest.mark.parametrize("name", DATAFLOWS)
def test_equals_fixed_in_every_session(name):
    flow = DATAFLOWS[name]()
    x = samples(flow)
    expected = Program(flow, flow.outputs).run(x, silent)
    model = onnx_model(flow)
    onnx.checker.check_model(model, full_check=True)
    assert {node.domain for node in model.graph.node} == {""}
    assert [(one.domain, one.version) for one in model.opset_import] == [("", OPSET)]
    for kind, found in runs(model, x):
        for ours, meant in zip(found, expected, strict=True):
            assert (ours == meant).all(), kind


@pytest.mark.parametrize("name", ["conv2d", "separable", "softmax", "residual"])
def test_equals_the_reference_evaluator_of_onnx(name):
    from onnx.reference import ReferenceEvaluator

    flow = DATAFLOWS[name]()
    x, model = samples(flow, 12), onnx_model(flow)
    found = ReferenceEvaluator(model).run(None, dict(zip(flow.input_names, x, strict=True)))
    for ours, meant in zip(found, Program(flow, flow.outputs).run(x, silent), strict=True):
        assert (ours == meant).all()


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("text", ["fixed<6,3>", "ufixed<6,3>", "fixed<40,4>", "fixed<60,30>", "fixed<9,-3>"])
def test_inputs_are_taken_as_the_network_takes_them(rounding, overflow, text):
    net = Network((400,), str(FixedPoint.parse(text).with_modes(rounding, overflow)))
    net.add(Cast(FixedPoint.parse("fixed<50,20>")))
    flow = net.done()
    for dtype in (np.float32, np.float64):
        x = samples(flow, 8, dtype)
        (expected,) = Program(flow, flow.outputs).run(x, silent)
        (found,) = Twin(flow).run(x, silent)
        assert (found == expected).all()
    if text == "fixed<6,3>":
        (found,) = session(onnx_model(flow)).run(None, {"input0": samples(flow, 8)[0]})
        assert (found == Program(flow, flow.outputs).run(samples(flow, 8), silent)[0]).all()


def test_the_file_says_what_it_is():
    flow = DATAFLOWS["two_outputs"]()
    model = onnx_model(flow)
    said = {one.key: one.value for one in model.metadata_props}
    assert json.loads(said["netloom.inputs"]) == {"input0": {"type": "fixed<6,3,TRN,WRAP>", "scale": 0.125}}
    assert list(json.loads(said["netloom.outputs"])) == ["layer4", "layer5"]
    assert json.loads(said["netloom.session"]) == {"providers": ["CPUExecutionProvider"], "options": {}}
    assert said["netloom.version"] == model.producer_version
    assert [one.name for one in model.graph.output] == ["layer4", "layer5"]
    (batch, _) = model.graph.input[0].type.tensor_type.shape.dim
    assert batch.dim_param == "N"


def test_any_number_of_samples():
    flow = DATAFLOWS["conv2d"]()
    for count in (0, 1, 3):
        x = [np.zeros((count, *tensor.shape), np.float32) for tensor in flow.sources.values()]
        (found,) = session(onnx_model(flow)).run(None, {"input0": x[0]})
        assert found.shape == (count, *flow.types[flow.outputs[0]].shape)


def test_outputs_wider_than_float64_are_raws():
    net = Network((5,), "fixed<30,3>")
    net.add(Elementwise(ElementwiseFunction.MULTIPLY), net.last, net.last)
    flow = net.done()
    x = samples(flow, 30, np.float64)
    (expected,) = Program(flow, flow.outputs).run(x, silent)
    (found,) = Twin(flow).run(x, silent)
    assert expected.dtype == object
    assert (found == expected).all()
    (raws,) = session(onnx_model(flow)).run(None, {"input0": x[0]})
    assert raws.dtype == np.int64
    assert (raws * 2.0**-54 == expected.astype(float)).all()


def test_numbers_beyond_62_bits_are_refused_by_their_layer():
    net = Network((5,), "fixed<40,3>")
    net.add(Elementwise(ElementwiseFunction.MULTIPLY), net.last, net.last)
    with pytest.raises(LayerNotSupportedError, match="layer 'layer1': its numbers take more than 62 bits"):
        onnx_model(net.done())
    net = Network((5,), "fixed<70,3>")
    with pytest.raises(LayerNotSupportedError, match=r"an input of fixed<70,3,TRN,WRAP>: ONNX has no integers of"):
        onnx_model(net.done())


def test_an_operation_without_a_form_is_refused(monkeypatch):
    from netloom.sim.onnx.operations.table import FORMS

    monkeypatch.delitem(FORMS, Cast)
    with pytest.raises(LayerNotSupportedError, match="layer 'layer3': Cast has no form in ONNX"):
        onnx_model(DATAFLOWS["mlp"]())
