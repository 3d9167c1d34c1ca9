"""A network that keeps its state, on the emulated board: over requests, a step at a time, until it is reset."""

from dataclasses import replace

import numpy as np
from recurrent import FEATURES, X, simple, simple_loop

from netloom.firmware.board.driver import Driver
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.generate import generate_design
from netloom.hls.dataflow import DataflowBuilder, Layer, TensorType
from netloom.sim.hardware.emulate import emulate
from netloom.sim.hardware.rtl import RtlEngine

COUNT = 7


def test_a_sequence_goes_on_from_request_to_request_until_a_reset(tmp_path):
    scan = replace(simple(), steps=1, keep=True)
    builder = DataflowBuilder()
    builder.source("x", TensorType((1, FEATURES), X))
    builder.layer(Layer("x", "Input", "x", "x", 1))
    node = builder.add("rnn", "scan", scan, "x")
    builder.layer(Layer("rnn", "Scan", node, "rnn", 1))
    generate_design(builder.build(["x"], [node]), interval=500).write(tmp_path)
    raws = np.random.default_rng(0).integers(-2, 3, (COUNT, 1, FEATURES))
    expected = np.array(simple_loop(replace(scan, steps=COUNT), raws[:, 0])) * scan.body.types["h"].element.step
    x, design = raws * X.step, EmittedDesign.read(tmp_path)
    assert design.keeps_state
    np.testing.assert_array_equal(RtlEngine(design).predict(x)[:, 0], expected)
    with emulate(tmp_path, samples=2) as emulator, Driver(emulator.port, tmp_path, samples=2) as driver:
        for _ in range(2):
            np.testing.assert_array_equal(driver.predict(x)[:, 0], expected, err_msg="it begins anew")
        driver.reset_state()
        steps = []
        for index in range(COUNT):
            steps.append(driver.predict_next(x[index : index + 1])[0, 0])
            assert driver.cycles <= design.latency, "what needs no input of the step is done before it comes"
        np.testing.assert_array_equal(steps, expected)
        assert (driver.predict_next(x[:1])[0, 0] != expected[0]).any()
