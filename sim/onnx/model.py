"""`onnx_model`: a dataflow graph as a plain ONNX graph that equals `fixed` on every element, wherever it runs.

Each node computes in the cheapest of float32, float64 and int64 in which `Operation.prepare` proves it exact. Every
number on the way is an integer that its dtype holds, times a power of two, so no order of summation, fused
multiplication or other rewrite of a runtime that keeps to the dtypes changes a bit.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np
from onnx import helper

from netloom.common.ends import Ends
from netloom.errors import LayerNotSupportedError
from netloom.fixed_point import WAY_OUT
from netloom.hls.dataflow import Bounds, Dataflow, Node, Window
from netloom.sim.fuse import drop_idle_clamps, pool_first
from netloom.sim.onnx.ends import number_dtype, numbers_of_raws, raws_of_numbers, received, sent
from netloom.sim.onnx.operations.table import CONVOLUTIONS, FORMS
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import BATCH, GraphWriter, OnnxValue, info

if TYPE_CHECKING:
    import onnx

OPSET, IR_VERSION = 18, 8
"""Which operators, and which form of file: what onnxruntime reads from 1.14 on."""

SESSION = {"providers": ["CPUExecutionProvider"], "options": {}}
"""What a session needs to be exact: a provider that keeps to the dtypes, no option; any optimization, any threads."""


def onnx_model(dataflow: Dataflow, outputs: Mapping[str, str] | None = None) -> "onnx.ModelProto":
    """The exact twin of a network.

    Its inputs are numbers, (N, *shape), rounded and saturated as the network's are; its outputs are numbers. Both are
    float32 where that holds all values of their type, else float64; an output wider than that is raws, int64. What the
    host does at the ends is done in the graph: such inputs are float32, such outputs float64.

    Args:
        dataflow: the graph.
        outputs: {name in ONNX: node}, whose values are hardware's; None is the network's own, under the names of the
            user's layers.

    Raises:
        LayerNotSupportedError: for an operation that ONNX has no form of, or numbers that none of its dtypes holds.
    """
    scales, names = dataflow.ends, dataflow.input_names
    if outputs is None:
        outputs, dataflow = twin_outputs(dataflow), pool_first(drop_idle_clamps(dataflow))
    else:
        scales = Ends(inputs=scales.inputs)
    writer = GraphWriter()
    values: dict[str, OnnxValue] = {}
    inputs = []
    for place, ((name, tensor), origin) in enumerate(zip(dataflow.sources.items(), names, strict=True)):
        scale = scales.inputs[place] if scales.inputs else None
        given = OnnxValue(origin, number_dtype(tensor.element) if scale is None else np.float32)
        inputs.append(info(given, (BATCH, *tensor.shape)))
        writer.label = f"{name}/quantizer"
        numbers = given if scale is None else sent(writer, given, scale)
        values[name] = raws_of_numbers(writer, numbers, tensor.element)
    bounds = dataflow.bounds
    write_graph(writer, dataflow, bounds, values, tuple(outputs.values()))
    ends = []
    for place, (name, node) in enumerate(outputs.items()):
        tensor, left = dataflow.types[node], scales.outputs[place] if scales.outputs else None
        writer.label = f"{name}/value"
        if left is None:
            value = numbers_of_raws(writer, values[node], tensor.element, name)
        else:
            value = received(writer, values[node], tensor.element.step, left, len(tensor.shape), name)
        ends.append(info(value, (BATCH, *tensor.shape)))
    model = helper.make_model(
        writer.graph(inputs, ends),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="netloom",
        producer_version=metadata.version("netloom"),
    )
    helper.set_model_props(model, _properties(dataflow, names, outputs, scales))
    return model


def twin_outputs(dataflow: Dataflow) -> dict[str, str]:
    """{name: node} of the network's outputs, by the user's layers; none is the name of an input or of another."""
    origins = {layer.node: layer.origin for layer in dataflow.layers}
    names: dict[str, str] = {}
    for node in dataflow.outputs:
        name, number = origins.get(node, node), 2
        while name in names or name in dataflow.input_names:
            name, number = f"{origins.get(node, node)}.{number}", number + 1
        names[name] = node
    return names


def _properties(dataflow: Dataflow, names: Sequence[str], outputs: Mapping[str, str], scales: Ends) -> dict[str, str]:
    """What the file says of itself, as JSON."""
    sources = list(zip(names, dataflow.sources.values(), strict=True))
    results = [(name, dataflow.types[node]) for name, node in outputs.items()]
    found = {"inputs": (sources, scales.inputs), "outputs": (results, scales.outputs)}
    return {
        "netloom.version": metadata.version("netloom"),
        "netloom.session": json.dumps(SESSION),
        **{
            f"netloom.{kind}": json.dumps(
                {
                    name: {"type": str(tensor.element), "scale": tensor.element.step}
                    | ({} if left is None else {"host": left.model_dump(mode="json")})
                    for (name, tensor), left in zip(ends, lefts or (None,) * len(ends), strict=True)
                }
            )
            for kind, (ends, lefts) in found.items()
        },
    }


def write_graph(
    writer: GraphWriter,
    dataflow: Dataflow,
    bounds: Mapping[str, Bounds],
    values: dict[str, OnnxValue],
    kept: Sequence[str] = (),
) -> None:
    """Write all nodes of a graph; `values` has those of the sources, and gets those of all."""
    pictures = _convolved(dataflow, bounds, kept)
    for node in dataflow.nodes:
        writer.label = node.name
        if node.name in pictures.values():
            continue
        site = _site(dataflow, bounds, node, [values[name] for name in node.inputs if name in values])
        if node.name in pictures:
            window = next(one for one in dataflow.nodes if one.name == pictures[node.name])
            assert isinstance(window.operation, Window)
            convolve = CONVOLUTIONS[type(node.operation)]
            values[node.name] = convolve(writer, window.operation, site, values[window.inputs[0]])
        elif (form := FORMS.get(type(node.operation))) is not None:
            values.update(zip(node.results, form(writer, site), strict=True))
        else:
            raise LayerNotSupportedError(f"layer {node.layer!r}: {type(node.operation).__name__} has no form in ONNX")


def _site(dataflow: Dataflow, bounds: Mapping[str, Bounds], node: Node, values: Sequence[OnnxValue]) -> OnnxSite:
    types, ranges = dataflow.input_types(node), [bounds[name] for name in node.inputs]
    dtype = node.operation.prepare(types, ranges)[1]
    if dtype is np.object_:
        raise LayerNotSupportedError(
            f"layer {node.layer!r}: its numbers take more than 62 bits, and ONNX has none so wide; {WAY_OUT}"
        )
    return OnnxSite(node.operation, types, ranges, dtype, values, write_graph)


def _convolved(dataflow: Dataflow, bounds: Mapping[str, Bounds], kept: Sequence[str]) -> dict[str, str]:
    """{product: the windows before it} where the two are one convolution: nobody else reads the windows, and float32
    is exact, which is what runtimes have convolutions of."""
    uses = Counter([name for node in dataflow.nodes for name in node.inputs] + [*dataflow.outputs, *kept])
    windows = {node.name for node in dataflow.nodes if isinstance(node.operation, Window) and uses[node.name] == 1}
    found = {}
    for node in dataflow.nodes:
        if node.inputs[0] in windows and type(node.operation) in CONVOLUTIONS:
            site = _site(dataflow, bounds, node, ())
            if site.dtype is np.float32 and not site.takes_terms_in_order:
                found[node.name] = node.inputs[0]
    return found
