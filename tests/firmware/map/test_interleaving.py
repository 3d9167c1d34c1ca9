"""Interleaved sequences: multipliers that do not wait for a step, counted; what cannot be interleaved is refused."""

from dataclasses import replace

import numpy as np
import pytest
from recurrent import tanh_table

from netloom.errors import SettingsError
from netloom.firmware.board.shell import request_samples
from netloom.firmware.emit.emit import emit
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.families import ECP5
from netloom.firmware.map.cycles.buffers import sized_and_counted
from netloom.firmware.map.folding.folding import fold_for_interval
from netloom.firmware.map.interleaving import interleaved
from netloom.firmware.map.layout import lay_out
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import DataflowBuilder, Layer, MatVec, TensorType
from netloom.hls.layers.recurrent_cells import RecurrentCell

WEIGHT, STATE = FixedPoint.parse("fixed<6,1>"), FixedPoint.parse("fixed<8,2,RND_CONV,SAT>")
INPUTS, PACE = 3, 10
"""Features of a step, and clock cycles that the multipliers of a step may take."""


def lstm(steps, units=10, keep=False, read=0):
    """An LSTM, and behind it a dense layer of so many units, if any."""
    rng = np.random.default_rng(0)
    weights = [rng.integers(-15, 16, shape) for shape in ((INPUTS, 4 * units), (units, 4 * units), 4 * units)]
    functions = tanh_table("fixed<6,1,RND_CONV,SAT>"), tanh_table("ufixed<6,0,RND_CONV,SAT>")
    cell = RecurrentCell("lstm", *weights, np.zeros(4 * units, int), WEIGHT, WEIGHT, WEIGHT, STATE, *functions)
    builder = DataflowBuilder()
    x = builder.source("x", TensorType((steps, INPUTS), STATE))
    builder.layer(Layer("x", "Input", "x", "x", 1))
    products = [builder.add("lstm", gate, product, x) for gate, product in cell.inputs(builder.types[x]).items()]
    tensors = [builder.types[name] for name in products]
    node = builder.add("lstm", "scan", cell.scan("lstm", tensors, every=False, backwards=False, keep=keep), *products)
    builder.layer(Layer("lstm", "NetloomRecurrent", node, "lstm", 1))
    if read:
        weights = rng.integers(-15, 16, (units, read))
        accum = FixedPoint.parse("fixed<24,10>")
        node = builder.add("read", "matvec", MatVec(weights, WEIGHT, np.zeros(read, int), WEIGHT, accum), node)
        builder.layer(Layer("read", "Dense", node, "read", 1))
    return builder.build(["x"], [node])


def counted(steps, sequences, read=0):
    dataflow = lstm(steps, read=read)
    folding = fold_for_interval(dataflow, PACE * steps)
    return sized_and_counted(lay_out(interleaved(dataflow, sequences), folding, ECP5))


def test_with_enough_sequences_multipliers_are_busy():
    steps = 6
    alone, several = (counted(steps, sequences) for sequences in (1, 5))
    assert alone[1].interval > 3 * PACE * steps, "a step waits for the one before"
    design, cycles = several
    busy = {
        unit.name: unit.inputs[0].beats * steps / cycles.interval
        for unit in design.units
        if unit.multipliers and design.steps.get(unit.name) == steps
    }
    assert max(busy.values()) >= 0.85
    assert design.interval_bound <= cycles.interval <= 1.1 * PACE * steps


def test_a_slow_reader_does_not_stop_the_loop():
    """The results of a group come in one step; what reads them may take as long over each as a sequence takes."""
    design, cycles = counted(6, 16, read=40)
    assert cycles.interval == design.interval_bound == PACE * 6


def test_a_request_holds_whole_groups(tmp_path):
    design, cycles = counted(3, 4)
    for name, text in emit(design, cycles, {}, "test").items():
        (tmp_path / name).write_text(text)
    emitted = EmittedDesign.read(tmp_path)
    assert emitted.group == 4 and [emitted.whole_groups(count) for count in (0, 1, 4, 5)] == [0, 4, 4, 8]
    assert request_samples(emitted, None) % 4 == 0
    with pytest.raises(SettingsError, match="whole groups of the 4 sequences that are interleaved, not 6"):
        request_samples(emitted, 6)


def test_what_cannot_be_interleaved_is_refused():
    dataflow = lstm(3)
    assert interleaved(dataflow, 1) is dataflow
    with pytest.raises(SettingsError, match="must be 1 to 64 sequences, not 65"):
        interleaved(dataflow, 65)
    with pytest.raises(SettingsError, match="'lstm' keeps its state from sample to sample"):
        interleaved(lstm(3, keep=True), 2)
    plain = replace(dataflow, nodes=dataflow.nodes[:1], outputs=(dataflow.nodes[0].name,), layers=dataflow.layers[:1])
    with pytest.raises(SettingsError, match="there is no loop over steps"):
        interleaved(plain, 2)
