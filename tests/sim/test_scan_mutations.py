"""One fault in each module of a loop: its results differ, or its streams no longer come out even; it is named."""

import re
from dataclasses import replace

import pytest
from dataflow_engine import DataflowEngine
from recurrent import simple

from netloom.errors import SimulationError
from netloom.firmware.generate import generate_design
from netloom.hls.dataflow import DataflowBuilder, Layer, TensorType
from netloom.sim import compare_engines
from netloom.sim.hardware.rtl import RtlEngine
from netloom.sim.hardware.verilator import Stalls
from netloom.testing.operations import random_raws

PRODUCT, RESULT, LAST = "rnn/product", "rnn_cell_matvec", "rnn_scan_last"
"""The layer that reads the state first, the unit that gives it, and the one that passes the last step on."""

FAULTS = [
    ("scan_last", "take && last", "take", LAST),
    ("scan_last", "in_ready = !last || move", "in_ready = 1'b1", LAST),
    ("scan_state", "out_first ? initial_data : fifo_data", "out_first ? fifo_data : initial_data", PRODUCT),
    ("scan_state", "in_valid && !in_last", "in_valid", RESULT),
    ("scan_state", "next <= next == AddressWidth'(WORDS - 1) ? '0 : next + 1'b1", "next <= '0", PRODUCT),
    ("scan_start", "begins ? start_data : in_data", "begins ? ~start_data : in_data", PRODUCT),
    ("scan_start", "begins ? start_valid : in_valid && !in_last", "begins ? start_valid : in_valid", RESULT),
    ("scan_start", "start_ready = begins && fifo_takes", "start_ready = fifo_takes", RESULT),
    ("step_position", "All - BEATS + 1", "All - BEATS", RESULT),
    ("step_position", "LeftWidth'(BEATS + 1)", "LeftWidth'(BEATS + 2)", RESULT),
]
"""Module, what is right, what is wrong, and who is named: the first layer that differs, or the unit whose beats do."""


def loop(every, brought=False):
    """Over five steps, of a state of two beats; gives all states, or the last one. Perhaps an input begins it."""
    scan = replace(simple(every), initial=(None,)) if brought else simple(every)
    builder = DataflowBuilder()
    tensor = scan.body.types["x"]
    builder.source("x", TensorType((scan.steps, *tensor.shape), tensor.element))
    for name in scan.begun:
        builder.source(name, scan.body.types[name])
    inputs = ["x", *scan.begun]
    for name in inputs:
        builder.layer(Layer(name, "Input", name, name, 1))
    node = builder.add("rnn", "scan", scan, *inputs)
    builder.layer(Layer("rnn", "Scan", node, "rnn", 1))
    return builder.build(inputs, [node])


def first_wrong(dataflow, folder, shared):
    """The layer in which the design in a folder differs first, or the unit that first lacks beats, or has too many.

    None if it is right.
    """
    tensors = list(dataflow.sources.values())
    raws = random_raws(tensors, batch=12)
    x = [one * tensor.element.step for one, tensor in zip(raws, tensors, strict=True)]
    try:
        rtl = RtlEngine(folder, Stalls(1, 0.0, 0.8), shared / "models")
        found = compare_engines(DataflowEngine(dataflow), rtl, x if len(x) > 1 else x[0], trace=True)
    except SimulationError as error:
        said = re.search(
            r"stream '(\w+)_out' is the first that lacks|already complete: stream '(\w+)_out'$", str(error)
        )
        assert said, error
        return said[1] or said[2]
    return None if found.first_mismatch is None else found.first_mismatch.layer


RIGHT = [(module, "", "", None) for module in ("scan_last", "scan_state", "scan_start")]


@pytest.mark.slow
@pytest.mark.parametrize(("module", "right", "wrong", "named"), [*RIGHT, *FAULTS])
def test_a_fault_in_a_loop(tmp_path, shared, module, right, wrong, named):
    # The first state soon makes no difference to the last.
    dataflow = loop(every=module != "scan_last", brought=module == "scan_start")
    generate_design(dataflow, interval=500).write(tmp_path)
    path = tmp_path / f"{module}.sv"
    text = path.read_text()
    assert right in text, "the module has changed: choose another fault"
    path.write_text(text.replace(right, wrong))
    assert first_wrong(dataflow, tmp_path, shared) == named


@pytest.mark.slow
def test_a_fault_in_an_initial_token(tmp_path, shared):
    dataflow = loop(every=True)
    generate_design(dataflow, interval=500).write(tmp_path)
    (path,) = tmp_path.glob("rnn_scan_h*.mem")
    words = path.read_text().split()
    path.write_text("".join(f"{int(word, 16) ^ 1:x}\n" for word in words))
    assert first_wrong(dataflow, tmp_path, shared) == PRODUCT, "the first that reads it"
