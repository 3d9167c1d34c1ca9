"""A network as QONNX: qonnx's executor equals `fixed` on every element."""

import numpy as np
import pytest
from dataflows import DATAFLOWS

from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Cast, Dataflow, DataflowBuilder, TensorType
from netloom.rounding import Rounding
from netloom.sim.fixed import Program

pytest.importorskip("qonnx")
import onnx
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from netloom.sim.onnx.qonnx import qonnx_model
from netloom.sim.onnx.quantized import DOMAIN
from netloom.sim.onnx.write_onnx import write_onnx


def saturating(flow: Dataflow) -> Dataflow:
    """With inputs that saturate, as networks of QKeras have them."""
    sources = {
        name: TensorType(tensor.shape, tensor.element.with_modes(Rounding.RND_CONV, Overflow.SAT))
        for name, tensor in flow.sources.items()
    }
    return Dataflow(sources, flow.nodes, flow.outputs, flow.layers)


def check(flow: Dataflow, samples: int = 6) -> None:
    model = ModelWrapper(qonnx_model(flow)).transform(InferShapes())
    rng = np.random.default_rng(0)
    x = [rng.normal(0, tensor.element.max, (samples, *tensor.shape)) for tensor in flow.sources.values()]
    x = [one.astype(np.float32) for one in x]
    expected = Program(flow, flow.outputs).run(x)
    for sample in range(samples):
        given = dict(zip(flow.input_names, (one[sample : sample + 1] for one in x), strict=True))
        found = execute_onnx(model, given)
        for output, meant in zip(model.graph.output, expected, strict=True):
            assert (found[output.name] == meant[sample : sample + 1]).all()


@pytest.mark.parametrize("name", ["mlp", "conv2d", "separable", "dilated", "dilated_sequence", "residual", "moved"])
def test_the_executor_equals_fixed(name):
    check(saturating(DATAFLOWS[name]()))


def one_cast(to: FixedPoint) -> Dataflow:
    builder = DataflowBuilder()
    x = builder.source("x", TensorType((60,), FixedPoint.parse("fixed<9,4,RND_CONV,SAT>")))
    return builder.build([x], [builder.add("act", "result", Cast(to), x)])


@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", Rounding)
def test_every_quantizer(rounding, overflow):
    flow = one_cast(FixedPoint.parse("fixed<5,3>").with_modes(rounding, overflow))
    said = rounding not in (Rounding.RND, Rounding.RND_MIN_INF) and overflow in (Overflow.SAT, Overflow.SAT_SYM)
    if said:
        check(flow)
    else:
        with pytest.raises(LayerNotSupportedError, match=r"^layer 'act': QONNX has no quantizer that rounds and"):
            qonnx_model(flow)


@pytest.mark.parametrize("name", ["softmax", "saturating", "conv1d"])
def test_what_qonnx_cannot_say_is_refused_by_its_layer(name):
    with pytest.raises(LayerNotSupportedError, match=r"^layer 'layer\d+': QONNX (cannot say|has no)"):
        qonnx_model(saturating(DATAFLOWS[name]()))


def test_an_input_that_wraps_is_refused():
    with pytest.raises(LayerNotSupportedError, match=r"^input 'input0': QONNX has no quantizer"):
        qonnx_model(DATAFLOWS["mlp"]())


def test_the_file_has_quantizers(tmp_path):
    written = write_onnx(saturating(DATAFLOWS["conv2d"]()), tmp_path / "net.onnx", qonnx=True)
    graph = onnx.load(tmp_path / "net.onnx").graph
    assert len(graph.node) == written.nodes
    assert {node.domain for node in graph.node if node.op_type == "Quant"} == {DOMAIN}
    assert {"Quant", "Conv", "MatMul", "MaxPool"} <= {node.op_type for node in graph.node}
