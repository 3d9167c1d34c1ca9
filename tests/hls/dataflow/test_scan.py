"""`Scan`: cells against loops over Python integers; bounds, overflow, what does not fit, and the trace inside."""

from dataclasses import replace

import numpy as np
import pytest
from recurrent import (
    ACCUM,
    FEATURES,
    STATE,
    STEPS,
    UNITS,
    X,
    alone,
    alone_loop,
    dot,
    lstm,
    lstm_loop,
    matrix,
    simple,
    simple_loop,
)

from netloom.errors import LayerNotSupportedError
from netloom.hls.dataflow import (
    Bounds,
    DataflowBuilder,
    Evaluator,
    Layer,
    TensorType,
    in_dtype,
    load_dataflow,
    save_dataflow,
    traced,
)
from netloom.rounding import EXACT_LIMIT
from netloom.sim.statistics import StatisticsCollector
from netloom.testing.operations import full_bounds, random_raws

FED = TensorType((STEPS, FEATURES), X)


def everywhere(scan, raws):
    """The results in int64; the same from whichever dtype the nodes start at."""
    results = []
    for least in (*EXACT_LIMIT, np.object_):
        run, dtype = scan.prepare([FED], full_bounds([FED]), least)
        given = in_dtype(raws, dtype)
        results.append([result.astype(np.int64).tolist() for result in run([given])])
        assert (given == raws).all(), "an operation changed its input"
    assert all(result == results[0] for result in results)
    for result, bound, tensor in zip(
        results[0], scan.bounds([FED], full_bounds([FED])), scan.outputs([FED]), strict=True
    ):
        assert np.shape(result)[1:] == tensor.shape == bound.low.shape
        assert (bound.low <= result).all() and (result <= bound.high).all()
        assert not bound.exceeds(tensor.element)
    return results[0]


def graph(*layers):
    """A `Scan` of the same body in each layer."""
    builder = DataflowBuilder()
    x = builder.source("x", FED)
    nodes = [builder.add(layer, "scan", simple(), x) for layer in layers]
    return builder.build([x], nodes)


def test_no_two_nodes_have_a_name_wherever_they_are():
    assert [node.name for node in graph("rnn").nodes[0].inside()][:3] == ["rnn.scan", "rnn/cell.h", "rnn/cell.x"]
    said = "layer '{}': there are two nodes '{}'; give each another name"
    with pytest.raises(LayerNotSupportedError, match=said.format("second", "rnn/cell.h")):
        graph("first", "second")
    flow = graph("rnn")
    inner = flow.nodes[0].operation.body.nodes[0]
    for nodes in ((*flow.nodes, replace(inner, inputs=("x",))), (replace(inner, inputs=("x",)), *flow.nodes)):
        with pytest.raises(LayerNotSupportedError, match=said.format(r"[\w/]+", "rnn/cell.h")):
            replace(flow, nodes=nodes)
    with pytest.raises(LayerNotSupportedError, match=said.format("rnn", "x")):
        replace(flow, nodes=(replace(flow.nodes[0], name="x"),))
    with pytest.raises(LayerNotSupportedError, match=said.format("rnn", "rnn.scan")):
        replace(flow, nodes=flow.nodes * 2)


def test_states_that_are_brought():
    """Each sample begins with its own; of two states one may be brought, the other known."""
    simple_scan, both = replace(simple(), initial=(None,)), replace(lstm(), initial=(None, None))
    one = replace(lstm(), initial=(lstm().initial[0], None))
    state = TensorType((UNITS,), STATE)
    for scan, loop in ((simple_scan, simple_loop), (both, lstm_loop), (one, lstm_loop)):
        inputs = [FED, *(state for _ in scan.begun)]
        assert scan.holds(inputs) and not scan.holds([FED]) and not scan.holds([*inputs[:-1], FED])
        raws = random_raws(inputs)
        run, dtype = scan.prepare(inputs, full_bounds(inputs))
        results = run([in_dtype(array, dtype) for array in raws])
        for index, (x, *starts) in enumerate(zip(*raws, strict=True)):
            brought = iter(starts)
            known = tuple(next(brought) if raws is None else raws for raws in scan.initial)
            expected = loop(replace(scan, initial=known), x)
            if loop is lstm_loop:
                assert results[0][index].tolist() == [h for h, _ in expected]
                assert results[1][index].tolist() == expected[-1][1]
            else:
                assert results[0][index].tolist() == expected


def test_nothing_is_fed_where_a_state_is_brought():
    state = TensorType((UNITS,), STATE)
    (raws,) = random_raws([state])
    for scan in (alone(), alone(every=False)):
        assert scan.holds([state]) and not scan.holds([]) and not scan.holds([FED, state])
        assert not replace(scan, initial=(np.zeros(UNITS, np.int64),)).holds([])
        run, dtype = scan.prepare([state], full_bounds([state]))
        (found,) = run([in_dtype(raws, dtype)])
        expected = [alone_loop(one) if scan.every[0] else alone_loop(one)[-1] for one in raws]
        assert found.tolist() == expected


@pytest.mark.parametrize("reverse", [True, False])
def test_states_that_are_kept(reverse):
    """Samples are the parts of one long sequence, over several calls, until a reset."""
    scan = replace(simple(reverse=reverse), keep=True)
    raws = random_raws([FED], batch=7)[0] // 16  # so little that states do not saturate
    run, dtype = scan.prepare([FED], full_bounds([FED]))
    given, expected, begin = in_dtype(raws, dtype), [], scan.initial[0]
    for sample in raws:
        expected.append(simple_loop(replace(scan, initial=(begin,)), sample))
        begin = np.array(expected[-1][-1])
    parts = [run([given[:3]])[0], run([given[:0]])[0], run([given[3:]])[0]]
    assert np.concatenate(parts).tolist() == expected
    assert run([given])[0].tolist() != expected
    run.reset()
    assert run([given])[0].tolist() == expected


def test_a_state_that_is_kept_can_neither_be_brought_nor_be_inside_a_loop():
    kept = replace(simple(), keep=True)
    assert kept.holds([FED]) and kept.keeps
    brought = replace(kept, initial=(None,))
    assert not brought.holds([FED, TensorType((UNITS,), STATE)])


@pytest.mark.parametrize("every", [True, False])
@pytest.mark.parametrize("reverse", [True, False])
@pytest.mark.parametrize("wrap", [True, False])
def test_a_simple_cell(every, reverse, wrap):
    scan = simple(every, reverse, wrap)
    (raws,) = random_raws([FED])
    (result,) = everywhere(scan, raws)
    for sample, found in zip(raws, result, strict=True):
        expected = simple_loop(scan, sample)
        assert found == (expected if every else expected[-1])
    assert scan.may_overflow([FED], full_bounds([FED])) == wrap


@pytest.mark.parametrize("every", [(True, False), (False, True), (True, True)])
def test_a_cell_with_two_states_and_two_results(every):
    scan = lstm(every)
    (raws,) = random_raws([FED])
    for kept, result, index in zip(every, everywhere(scan, raws), range(2), strict=True):
        for sample, found in zip(raws, result, strict=True):
            expected = [states[index] for states in lstm_loop(scan, sample)]
            assert found == (expected if kept else expected[-1])


def lost_of(scan, raws):
    """How many states of the simple cell do not fit their type, by the loop's own numbers."""
    product, drop, lost = matrix(0, UNITS + FEATURES, UNITS), ACCUM.fraction - STATE.fraction, 0
    for sample in raws:
        states = [scan.initial[0].tolist(), *simple_loop(scan, sample)]
        for h, x in zip(states, sample, strict=False):
            terms = [value << drop for value in h] + [int(value) << (ACCUM.fraction - X.fraction) for value in x]
            sums = [max(dot(product, terms, unit), -100) >> drop for unit in range(UNITS)]
            lost += sum(not STATE.raw_min <= one <= STATE.raw_max for one in sums)
    return lost


def test_overflows_inside_are_counted_and_quantizers_are_not():
    (raws,) = random_raws([FED])
    scan = simple(wrap=True)
    expected = lost_of(scan, raws)
    assert expected > 10
    assert scan.overflows([FED], [raws]).sum() == expected
    collector = StatisticsCollector(network(scan))
    collector.add([raws * X.step])
    (record,) = collector.records()
    assert (record.overflows, record.saturations) == (expected, 0)
    quiet = simple().overflows([FED], [raws])
    assert quiet is None or not quiet.any()


def test_bounds_follow_the_inputs():
    """A product of zeros and any state is narrower than one of anything, and never beyond the state's type."""
    scan = simple(wrap=True)
    zeros = [Bounds(*[np.zeros(FED.shape, dtype=np.int64)] * 2)]
    tight, wide = scan.bounds([FED], zeros)[0], scan.bounds([FED], full_bounds([FED]))[0]
    assert tight.low.shape == (STEPS, UNITS)
    assert (tight.low >= wide.low).all() and (tight.high <= wide.high).all()
    assert not wide.exceeds(STATE)


def test_what_does_not_fit():
    scan = simple()
    assert scan.holds([FED])
    assert not scan.holds([]) and not scan.holds([TensorType((STEPS + 1, FEATURES), X)])
    assert not scan.holds([TensorType((STEPS, FEATURES), STATE)])
    uncast = next(node.name for node in scan.body.nodes if node.name.endswith("relu"))
    for wrong in (
        {"carries": (("h", uncast),)},
        {"carries": (("y", scan.carries[0][1]),)},
        {"carries": (("x", scan.carries[0][1]),)},
        {"initial": ()},
        {"initial": (np.array([3, 64]),)},
        {"initial": (np.array([3]),)},
        {"steps": 0},
        {"every": ()},
    ):
        assert not replace(scan, **wrong).holds([FED]), wrong


def test_cost_is_the_work_of_all_steps_and_the_weights_of_one():
    cost = simple().cost([FED])
    assert cost.multiply_accumulates == STEPS * UNITS * (UNITS + FEATURES)
    assert cost.parameters == UNITS * (UNITS + FEATURES) + UNITS


def network(scan):
    builder = DataflowBuilder()
    x = builder.source("in", FED)
    result = builder.add("rnn", "scan", scan, x)
    builder.layer(Layer("rnn", "RNN", result, "rnn", STEPS))
    return builder.build(["in"], [result, *([f"{result}.1"] if scan.results > 1 else [])])


def test_further_results_have_names_and_are_read_by_them():
    dataflow = network(lstm())
    assert list(dataflow.types) == list(dataflow.bounds) == ["in", "rnn.scan", "rnn.scan.1"]
    (raws,) = random_raws([FED])
    values = Evaluator(dataflow, dataflow.outputs).evaluate({"in": raws})
    assert values["rnn.scan.1"].tolist() == [lstm_loop(lstm(), sample)[-1][1] for sample in raws]


def test_the_layers_inside_are_traced():
    dataflow = network(simple(every=False))
    seen = traced(dataflow)
    assert [layer.name for layer in seen.layers] == ["rnn/product", "rnn/cell", "rnn"]
    (raws,) = random_raws([FED])
    values = Evaluator(seen, [layer.node for layer in seen.layers]).evaluate({"in": raws})
    inside = values[seen.layers[1].node]
    assert inside.tolist() == [simple_loop(simple(), sample) for sample in raws]
    assert values["rnn.scan"].tolist() == inside[:, -1].tolist()


def test_the_layers_of_bodies_in_bodies_are_traced():
    inner = network(simple())
    builder = DataflowBuilder()
    fed = builder.source("all", TensorType((2, *FED.shape), X))
    outer = replace(simple(), body=inner, carries=(), initial=(), steps=2, every=(True,))
    builder.layer(Layer("outer", "RNN", builder.add("outer", "scan", outer, fed), "outer", 1))
    seen = traced(builder.build(["all"], ["outer.scan"]))
    assert [layer.name for layer in seen.layers] == ["rnn/product", "rnn/cell", "rnn", "outer"]
    raws = np.stack(random_raws([FED]) * 2, axis=1)
    values = Evaluator(seen, [layer.node for layer in seen.layers]).evaluate({"all": raws})
    assert values[seen.layers[1].node].tolist() == values["outer.scan"].tolist()


@pytest.mark.parametrize("make", [simple, lstm])
def test_a_body_survives_the_disk(make, tmp_path):
    original = network(make())
    save_dataflow(original, tmp_path)
    loaded = load_dataflow(tmp_path)
    assert loaded.layers == original.layers and loaded.types == original.types
    body, read = original.nodes[0].operation.body, loaded.nodes[0].operation.body
    assert (read.layers, read.outputs, read.types) == (body.layers, body.outputs, body.types)
    (raws,) = random_raws([FED])
    for name, result in Evaluator(original, original.outputs).evaluate({"in": raws}).items():
        assert Evaluator(loaded, loaded.outputs).evaluate({"in": raws})[name].tolist() == result.tolist()
