"""`qonnx_model`: a converted network as QONNX, numbers and `Quant` nodes, for tools that read it.

Where the exact twin (`model.py`) computes on raws, this says what is quantized to which type. All of it is float32, in
which every number of a network that is taken is exact; but for an output that the host scales, which is float64.
"""

from collections import Counter
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper

from netloom.hls.dataflow import Dataflow, Node, Window
from netloom.sim.onnx.ends import received, sent
from netloom.sim.onnx.model import IR_VERSION, OPSET, twin_outputs
from netloom.sim.onnx.operations.table import CONVOLUTIONS, QUANTIZED_FORMS
from netloom.sim.onnx.quantized import DOMAIN, QuantizedSite, write_quant
from netloom.sim.onnx.writer import GraphWriter, OnnxValue, info

if TYPE_CHECKING:
    import onnx


def qonnx_model(dataflow: Dataflow) -> "onnx.ModelProto":
    """A network as QONNX, of one sample: shapes are fixed there.

    Raises:
        LayerNotSupportedError: for what QONNX cannot say, or float32 not hold, by its layer.
    """
    names = twin_outputs(dataflow)
    writer = GraphWriter()
    values: dict[str, OnnxValue] = {}
    inputs = []
    scales = dataflow.ends.inputs or (None,) * len(dataflow.sources)
    for (name, tensor), origin, scale in zip(dataflow.sources.items(), dataflow.input_names, scales, strict=True):
        given = OnnxValue(origin, np.float32)
        inputs.append(info(given, (1, *tensor.shape)))
        writer.label = f"{name}/quantizer"
        numbers = given if scale is None else sent(writer, given, scale)
        values[name] = write_quant(writer, numbers, tensor.element, f"input {origin!r}")
    uses = Counter([name for node in dataflow.nodes for name in node.inputs] + list(dataflow.outputs))
    windows = {node.name: node for node in dataflow.nodes if isinstance(node.operation, Window)}
    for node in dataflow.nodes:
        writer.label = node.name
        if node.name not in windows:
            site = _site(dataflow, node, values, windows.get(node.inputs[0]))
            values[node.name] = _written(writer, site)
        elif uses[node.name] != 1 or node.name in dataflow.outputs:
            raise _site(dataflow, node, values, None).refusal("windows that are no convolution")
    outputs = []
    lefts = dataflow.ends.outputs or (None,) * len(names)
    for (name, node_name), left in zip(names.items(), lefts, strict=True):
        shape = dataflow.types[node_name].shape
        writer.label = f"{name}/value"
        if left is None:
            ended = writer.add("Identity", values[node_name], name=name)
        else:
            ended = received(writer, values[node_name], 1.0, left, len(shape), name)
        outputs.append(info(ended, (1, *shape)))
    return helper.make_model(
        writer.graph(inputs, outputs),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(DOMAIN, 1)],
        ir_version=IR_VERSION,
        producer_name="netloom",
        producer_version=metadata.version("netloom"),
    )


def _site(dataflow: Dataflow, node: Node, values: dict[str, OnnxValue], window: Node | None) -> QuantizedSite:
    """One operation with what reaches it; with the windows before it, if those are."""
    given = [values[name] for name in (node if window is None else window).inputs]
    view: Any = None if window is None else window.operation
    types, bounds = dataflow.input_types(node), dataflow.input_bounds(node)
    return QuantizedSite(node.operation, types, bounds, np.float32, given, _no_body, node.layer, view)


def _written(writer: GraphWriter, site: QuantizedSite) -> OnnxValue:
    """The nodes of one operation, on numbers."""
    if not site.exact_in_float32:
        raise site.refusal("numbers that float32 does not hold")
    form = QUANTIZED_FORMS.get(type(site.operation))
    if form is None or (site.view is not None and type(site.operation) not in CONVOLUTIONS):
        raise site.refusal(f"a {type(site.operation).__name__} of its kind")
    return form(writer, site)


def _no_body(*_: Any) -> None:
    """What is written here holds no graphs."""
