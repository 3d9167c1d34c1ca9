"""ONNX in tests: a single operation's form on raws, and a twin's sessions of every kind."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from netloom.hls.dataflow import Operation, TensorType, in_dtype
from netloom.sim.onnx.model import IR_VERSION, OPSET, write_graph
from netloom.sim.onnx.operations.table import FORMS
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import BATCH, GraphWriter, OnnxValue, info
from netloom.testing.operations import full_bounds, random_raws

SESSIONS = [(threads, optimized) for threads in (1, 2) for optimized in (True, False)]


def session(model: Any, threads: int = 1, optimized: bool = True) -> Any:
    """A model in onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimized else levels.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


def form_model(operation: Operation, inputs: Sequence[TensorType], least: type) -> tuple[Any, type]:
    """One operation in ONNX, from raws to raws, in the cheapest dtype from `least` on; and that dtype."""
    from onnx import helper

    writer = GraphWriter()
    writer.label = "it"
    bounds = full_bounds(inputs)
    dtype = operation.prepare(inputs, bounds, least)[1]
    given = [OnnxValue(f"x{index}", dtype) for index in range(len(inputs))]
    site = OnnxSite(operation, inputs, bounds, dtype, given, write_graph)
    results = [writer.add("Identity", value) for value in FORMS[type(operation)](writer, site)]
    sources = [info(value, (BATCH, *tensor.shape)) for value, tensor in zip(given, inputs, strict=True)]
    shapes = [tensor.shape for tensor in operation.outputs(inputs)]
    ends = [info(value, (BATCH, *shape)) for value, shape in zip(results, shapes, strict=True)]
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(writer.graph(sources, ends), opset_imports=[opset], ir_version=IR_VERSION), dtype


def check_form(operation: Operation, inputs: Sequence[TensorType], seed: int = 0) -> set[type]:
    """Every result of an operation's form equals its meaning in integers, from whatever dtype on; gives the dtypes."""
    arrays = random_raws(inputs, seed)
    run, whole = operation.prepare(inputs, full_bounds(inputs), np.int64)
    expected = run([in_dtype(array, whole).copy() for array in arrays])
    dtypes = set()
    for least in (np.float32, np.float64, np.int64):
        model, dtype = form_model(operation, inputs, least)
        dtypes.add(dtype)
        given = {f"x{index}": array.astype(dtype) for index, array in enumerate(arrays)}
        for optimized in (True, False):
            found = session(model, optimized=optimized).run(None, given)
            for ours, meant in zip(found, expected, strict=True):
                assert ours.shape == meant.shape
                assert (ours == meant).all(), f"{operation}: {dtype.__name__} differs"
    return dtypes


def runs(model: Any, inputs: Sequence[np.ndarray]) -> Iterator[tuple[tuple[int, bool], list[np.ndarray]]]:
    """The outputs of a twin in every kind of session."""
    names = [one.name for one in model.graph.input]
    for kind in SESSIONS:
        yield kind, session(model, *kind).run(None, dict(zip(names, inputs, strict=True)))
