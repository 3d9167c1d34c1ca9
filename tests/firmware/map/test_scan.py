"""`Scan` in hardware: exact in Verilator with and without stalls, every clock cycle as counted, its body watched."""

import math
from dataclasses import replace

import numpy as np
import pytest
from designs import check_design, evaluate, simulated
from loops import DesignTiming
from recurrent import ADD, STATE, STEPS, UNITS, X, alone, lstm, matrix, simple

from netloom.errors import FoldingError, LayerNotSupportedError
from netloom.firmware.emit.design_file import read_whole_design
from netloom.firmware.emit.emit import emit
from netloom.firmware.families import ECP5, GENERIC
from netloom.firmware.map.cycles import cycles as cycles_module
from netloom.firmware.map.cycles.buffers import sized_and_counted
from netloom.firmware.map.cycles.compiled_cycles import CompiledRun
from netloom.firmware.map.cycles.cycles import count_cycles
from netloom.firmware.map.folding.fitting import fit_interval
from netloom.firmware.map.folding.fold import Fold
from netloom.firmware.map.folding.folding import fold_for_interval, intervals
from netloom.firmware.map.folding.products import products
from netloom.firmware.map.interleaving import interleaved
from netloom.firmware.map.layout import lay_out, plan_design
from netloom.firmware.units.streams.scan_state import ScanState
from netloom.firmware.units.streams.stream_fifo import StreamFifo
from netloom.hls.dataflow import Cast, DataflowBuilder, Elementwise, Layer, Scan, TensorType, traced
from netloom.sim.hardware.rtl import RtlEngine
from netloom.testing.operations import random_raws
from netloom.testing.unit_bench import patterns, replay

SAMPLES = 6


def network(scan, *results):
    """One layer, and those of its results that leave."""
    builder = DataflowBuilder()
    for name in scan.fed:
        tensor = scan.body.types[name]
        builder.source(name, TensorType((scan.steps, *tensor.shape), tensor.element))
    for name in scan.begun:
        builder.source(name, scan.body.types[name])
    given = [*scan.fed, *scan.begun]
    for name in given:
        builder.layer(Layer(name, "Input", name, name, 1))
    node = builder.add("rnn", "scan", scan, *given)
    builder.layer(Layer("rnn", "Scan", node, "rnn", 1))
    names = [node, *(f"{node}.{index}" for index in range(1, scan.results))]
    return builder.build(given, [names[index] for index in results or range(scan.results)])


def split(features=3, units=UNITS, steps=STEPS, every=True):
    """h = cast(V x + W h): the state's product needs no input, and begins the next sequence before there is one."""
    builder = DataflowBuilder()
    h = builder.source("h", TensorType((units,), STATE))
    x = builder.source("x", TensorType((features,), X))
    of_x = builder.add("rnn/x", "matvec", matrix(0, features, units), x)
    of_h = builder.add("rnn/h", "matvec", matrix(1, units, units), h)
    total = builder.add("rnn/cell", "add", Elementwise(ADD), of_x, of_h)
    result = builder.add("rnn/cell", "result", Cast(STATE), total)
    for name, node in (("rnn/x", of_x), ("rnn/h", of_h), ("rnn/cell", result)):
        builder.layer(Layer(name, "Part", node, "rnn", 1))
    body = builder.build(["h", "x"], [result])
    return Scan(body, (("h", result),), (np.arange(units) - 3,), steps, (every,))


def accumulator(steps, shape, every, name):
    """state = cast(state + x)."""
    builder = DataflowBuilder()
    state = builder.source(f"{name}_state", TensorType(shape, STATE))
    x = builder.source(f"{name}_x", TensorType(shape, X if name == "inner" else STATE))
    total = builder.add(name, "add", Elementwise(ADD), state, x)
    result = builder.add(name, "result", Cast(STATE), total)
    builder.layer(Layer(name, "Sum", result, name, 1))
    body = builder.build([state, x], [result])
    return Scan(body, ((state, result),), (np.arange(np.prod(shape)).reshape(shape) - 4,), steps, (every,))


def nested():
    """A sum over the steps of sums over the steps of each: the inner one begins anew in every outer step."""
    inner = accumulator(4, (3,), every=False, name="inner")
    builder = DataflowBuilder()
    state = builder.source("state", TensorType((3,), STATE))
    x = builder.source("x", TensorType((4, 3), X))
    sums = builder.add("outer/inner", "scan", inner, x)
    total = builder.add("outer", "add", Elementwise(ADD), state, sums)
    result = builder.add("outer", "result", Cast(STATE), total)
    builder.layer(Layer("outer/inner", "Scan", sums, "outer", 1))
    body = builder.build([state, x], [result])
    return Scan(body, ((state, result),), (np.zeros(3, int),), 5, (True,))


def stacked():
    """Two layers: the second one works on a step while the first one is at the next."""
    builder = DataflowBuilder()
    x = builder.source("x", TensorType((4, 6), X))
    builder.layer(Layer("x", "Input", x, "x", 1))
    first = builder.add("first", "scan", accumulator(4, (6,), every=True, name="inner"), x)
    second = builder.add("second", "scan", accumulator(4, (6,), every=False, name="upper"), first)
    for name, node in (("first", first), ("second", second)):
        builder.layer(Layer(name, "Scan", node, name, 1))
    return builder.build(["x"], [second, first])


def encoder_and_decoder():
    """The second layer begins with the state in which the first one ended."""
    builder = DataflowBuilder()
    x = builder.source("x", TensorType((4, 6), X))
    y = builder.source("y", TensorType((3, 6), STATE))
    first = builder.add("first", "scan", accumulator(4, (6,), every=False, name="inner"), x)
    second = accumulator(3, (6,), every=True, name="upper")
    second = builder.add("second", "scan", replace(second, initial=(None,)), y, first)
    for name, node in (("x", x), ("y", y), ("first", first), ("second", second)):
        builder.layer(Layer(name, "Layer", node, name, 1))
    return builder.build(["x", "y"], [second])


NETWORKS = {
    "all steps": lambda: network(simple()),
    "last step": lambda: network(simple(every=False)),
    "backwards": lambda: network(simple(reverse=True)),
    "lstm": lambda: network(lstm()),
    "lstm with a state that is brought": lambda: network(replace(lstm(), initial=(None, lstm().initial[1]))),
    "lstm with states that are brought": lambda: network(replace(lstm(), initial=(None, None)), 0),
    "brought and apart": lambda: network(replace(split(4, 6, steps=9), initial=(None,))),
    "one step of a state that is brought": lambda: network(replace(split(), steps=1, initial=(None,))),
    "encoder and decoder": encoder_and_decoder,
    "nothing is fed": lambda: network(alone()),
    "nothing is fed, interleaved": lambda: interleaved(network(alone(every=False)), 3),
    "interleaved": lambda: interleaved(network(split(4, 6, steps=9, every=False)), 4),
    "interleaved, all steps": lambda: interleaved(network(lstm()), 3),
    "interleaved, backwards, brought": lambda: interleaved(network(replace(simple(reverse=True), initial=(None,))), 2),
    "stacked and interleaved": lambda: interleaved(stacked(), 3),
    "kept": lambda: network(replace(lstm(), keep=True)),
    "a step of a state that is kept": lambda: network(replace(split(), steps=1, keep=True)),
    "lstm without its cell": lambda: network(lstm(), 0),
    "the cell alone": lambda: network(lstm(), 1),
    "products apart": lambda: network(split()),
    "one step": lambda: network(replace(split(), steps=1)),
    "long": lambda: network(split(4, 6, steps=30, every=False)),
    "nested": lambda: network(nested()),
    "stacked": stacked,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_loop_is_exact_and_takes_what_is_counted(name):
    dataflow = NETWORKS[name]()
    choices = intervals(dataflow)
    folding = fold_for_interval(dataflow, choices[len(choices) // 2])
    check_design(dataflow, plan_design(dataflow, folding), folding)


@pytest.mark.slow
@pytest.mark.parametrize("target", [GENERIC, ECP5])
@pytest.mark.parametrize("name", NETWORKS)
def test_loop_at_every_speed(name, target):
    dataflow = NETWORKS[name]()
    for interval in intervals(dataflow):
        folding = fold_for_interval(dataflow, interval)
        check_design(dataflow, plan_design(dataflow, folding, target), folding, seeds=(3, 4, 5))


@pytest.mark.parametrize("name", ["products apart", "long"])
def test_every_beat_comes_in_the_clock_cycle_that_is_counted(name):
    dataflow = NETWORKS[name]()
    design = plan_design(dataflow, fold_for_interval(dataflow, intervals(dataflow)[0]))
    simulation = simulated(emit(design, count_cycles(design), {}, "test"), design)
    (raws,) = random_raws(list(dataflow.sources.values()), batch=SAMPLES)
    (entry,), (exit_,) = design.inputs, design.outputs
    words, beats = [entry.stream.pack(raws.reshape(SAMPLES, -1))], [SAMPLES * exit_.stream.beats]
    for stalls in patterns((1, 2, 3, 4)):
        result = simulation.run(words, beats, stalls)
        taken, given = replay(DesignTiming(design), [len(words[0])], beats, stalls)
        np.testing.assert_array_equal(result.taken[0], taken[0], err_msg=str(stalls))
        np.testing.assert_array_equal(result.given[0], given[0], err_msg=str(stalls))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lstm", "products apart", "nested", "interleaved, all steps"])
def test_layers_inside_are_seen_in_all_steps(name, tmp_path):
    dataflow = NETWORKS[name]()
    folding = fold_for_interval(dataflow, intervals(dataflow)[-1])
    design = plan_design(dataflow, folding)
    for file, text in emit(design, count_cycles(design), folding, "test").items():
        (tmp_path / file).write_text(text)
    rtl = RtlEngine(tmp_path, cache=tmp_path / "cache")
    inputs = random_raws(list(dataflow.sources.values()), batch=SAMPLES)
    steps = [2.0**-tensor.element.fraction for tensor in dataflow.sources.values()]
    seen = rtl.trace([raws * step for raws, step in zip(inputs, steps, strict=True)])
    watched = traced(dataflow)
    expected = evaluate(watched, inputs)
    layers = {layer.name: layer.node for layer in watched.layers}
    assert set(layers) - set(seen) == ({"rnn/h"} if name == "products apart" else set()), "it runs ahead"
    for layer in seen:
        raws = expected[layers[layer]]
        element = watched.types[layers[layer]].element
        np.testing.assert_array_equal(seen[layer], raws / 2.0**element.fraction, err_msg=layer)


def test_a_body_is_folded_for_all_its_steps(tmp_path):
    dataflow = network(split(4, 6, steps=30))
    assert {one.node.name: one.steps * one.positions * one.weights for one in products(dataflow)} == {
        "rnn/x.matvec": 30 * 24,
        "rnn/h.matvec": 30 * 36,
    }
    folding = fold_for_interval(dataflow, 300)
    assert all(fold.interval <= 300 for fold in folding.values())
    design = plan_design(dataflow, folding)
    assert design.interval_bound <= 300
    cycles = count_cycles(design)
    for file, text in emit(design, cycles, folding, "test").items():
        (tmp_path / file).write_text(text)
    described = read_whole_design(tmp_path / "design.json")
    assert {product.unit: product.multiply_accumulates for product in described.products} == {
        "rnn_x_matvec": 30 * 24,
        "rnn_h_matvec": 30 * 36,
    }
    assert all(product.utilization <= 1 for product in described.products)


def test_a_pace_is_kept_or_refused_with_that_of_the_loop():
    """What a loop takes is its latency, whatever its multipliers could do."""
    dataflow = network(split(4, 6, steps=30))
    found = fit_interval(dataflow, 900)
    assert found.cycles.interval <= 900
    with pytest.raises(FoldingError, match=r"takes at least \d+ clock cycles an inference, not 200:") as raised:
        fit_interval(dataflow, 200)
    advised = int(str(raised.value).split("at least ")[1].split(" ")[0].replace(",", ""))
    assert fit_interval(dataflow, advised).cycles.interval <= advised


def branches(units, casts):
    """state = cast(state + cast(... cast(state)) + x): what goes straight on waits for what goes through the casts."""
    builder = DataflowBuilder()
    h = long = builder.source("h", TensorType((units,), STATE))
    x = builder.source("x", TensorType((units,), X))
    for index in range(casts):
        long = builder.add("rnn", f"cast{index}", Cast(STATE), long)
    total = builder.add("rnn", "add", Elementwise(ADD), long, h)
    total = builder.add("rnn", "input", Elementwise(ADD), total, x)
    result = builder.add("rnn", "result", Cast(STATE), total)
    body = builder.build(["h", "x"], [result])
    return network(Scan(body, ((h, result),), (np.zeros(units, int),), 30, (False,)))


@pytest.mark.parametrize(("units", "casts"), [(4, 4), (8, 2), (10, 4), (20, 2)])
def test_buffers_in_a_loop_cost_no_pace(units, casts):
    """They are tried as deep as a step, not as an inference: in block RAM what they are held to would be slow."""
    slow = {"none of its own": Fold(1, 1, 1, 10_000)}
    deep = lay_out(branches(units, casts), slow, GENERIC)
    design, cycles = sized_and_counted(deep)
    assert cycles == count_cycles(design)
    assert cycles.interval <= count_cycles(deep).interval
    depths = {unit.name: unit.depth for unit in design.units if isinstance(unit, StreamFifo)}
    assert depths and all(depth <= units + 2 for depth in depths.values())
    (state,) = (unit for unit in design.units if isinstance(unit, ScanState))
    assert state.depth == units + 1, "a whole state fits"


@pytest.mark.parametrize("name", NETWORKS)
def test_compiled_code_counts_what_python_counts(name, monkeypatch):
    dataflow = NETWORKS[name]()
    design = lay_out(dataflow, fold_for_interval(dataflow, intervals(dataflow)[0]), GENERIC)
    monkeypatch.setattr(cycles_module, "_COMPILED_FROM", math.inf)
    interpreted = count_cycles(design)
    monkeypatch.setattr(cycles_module, "_COMPILED_FROM", 0)
    assert CompiledRun.of(design) is not None
    assert count_cycles(design) == interpreted


def test_what_nobody_reads_is_refused_by_name():
    scan = split()
    body = replace(scan.body, sources=scan.body.sources | {"y": scan.body.sources["x"]})
    dataflow = network(replace(scan, body=body))
    with pytest.raises(LayerNotSupportedError, match="'rnn': nothing reads 'y' in the body of its loop"):
        plan_design(dataflow, fold_for_interval(dataflow, 100))
