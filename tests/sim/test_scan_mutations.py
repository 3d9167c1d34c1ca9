"""One fault in each module of a loop: its results differ, or its streams no longer come out even."""

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

FAULTS = [
    ("scan_last", "take && last", "take"),
    ("scan_last", "in_ready = !last || move", "in_ready = 1'b1"),
    ("scan_state", "out_first ? initial_data : fifo_data", "out_first ? fifo_data : initial_data"),
    ("scan_state", "in_valid && !in_last", "in_valid"),
    ("scan_state", "next <= next == AddressWidth'(WORDS - 1) ? '0 : next + 1'b1", "next <= '0"),
    ("step_position", "All - BEATS + 1", "All - BEATS"),
    ("step_position", "LeftWidth'(BEATS + 1)", "LeftWidth'(BEATS + 2)"),
]


def loop(every):
    """Over five steps, of a state of two beats; gives all states, or the last one."""
    scan = simple(every)
    builder = DataflowBuilder()
    tensor = scan.body.types["x"]
    builder.source("x", TensorType((scan.steps, *tensor.shape), tensor.element))
    builder.layer(Layer("x", "Input", "x", "x", 1))
    node = builder.add("rnn", "scan", scan, "x")
    builder.layer(Layer("rnn", "Scan", node, "rnn", 1))
    return builder.build(["x"], [node])


@pytest.mark.slow
@pytest.mark.parametrize(("module", "right", "wrong"), [("scan_last", "", ""), ("scan_state", "", ""), *FAULTS])
def test_a_fault_in_a_loop(tmp_path, shared, module, right, wrong):
    # The first state soon makes no difference to the last.
    dataflow = loop(every=module != "scan_last")
    generate_design(dataflow, interval=500).write(tmp_path)
    path = tmp_path / f"{module}.sv"
    text = path.read_text()
    assert right in text, "the module has changed: choose another fault"
    path.write_text(text.replace(right, wrong))
    (source,) = dataflow.sources.values()
    (raws,) = random_raws([source], batch=12)
    try:
        rtl = RtlEngine(tmp_path, Stalls(1, 0.0, 0.8), shared / "models")
        equal = compare_engines(DataflowEngine(dataflow), rtl, raws * source.element.step).equal
    except SimulationError:
        equal = False
    assert equal == (not right)
