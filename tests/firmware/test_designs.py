"""Whole designs: emitted files in Verilator against the operations' exact meaning, cycles against the prediction."""

import json

import numpy as np
import pytest
from designs import Network, check_design

from netloom.firmware.cycles import count_cycles
from netloom.firmware.emit import emit
from netloom.firmware.fold import fold_for_interval, fold_for_reuse, intervals
from netloom.firmware.plan import plan_design
from netloom.firmware.synthesis import run_yosys
from netloom.firmware.target import Target
from netloom.firmware.units.stream_fifo import StreamFifo
from netloom.hls.dataflow import (
    Cast,
    Divide,
    Elementwise,
    ElementwiseFunction,
    Lookup,
    Permute,
    Pool,
    PoolFunction,
    Reduce,
)
from netloom.quantize.fixed_point import FixedPoint


def mlp():
    net = Network((16,), seed=1)
    net.matvec(12)
    net.relu()
    net.matvec(8)
    net.relu()
    net.matvec(3)
    return net.done()


def conv2d():
    net = Network((7, 6, 2), seed=2)
    net.window((3, 3), (1, 1), ((1, 1), (1, 1)))
    net.matvec(4)
    net.relu()
    net.add(Pool(PoolFunction.MAX, (2, 2), (2, 2)))
    net.window((2, 2), (1, 2), ((0, 0), (0, 1)))
    net.matvec(6)
    net.relu()
    net.add(Permute(np.arange(net.builder.types[net.last].size)))
    net.matvec(5)
    return net.done()


def conv1d():
    net = Network((12, 3), seed=3)
    net.window((3,), (2,), ((1, 1),))
    net.matvec(4)
    net.relu()
    net.window((1,), (1,), ((0, 0),))
    net.matvec(6)
    net.relu()
    net.add(Pool(PoolFunction.SUM, (6,), (6,), FixedPoint.parse("ufixed<9,6>")))
    net.add(Divide(6))
    return net.done()


def separable():
    net = Network((6, 6, 4), seed=4)
    net.window((3, 3), (1, 1), ((1, 1), (1, 1)))
    net.matvec(4, depthwise=True)
    net.relu()
    net.matvec(6)
    net.matvec(6, depthwise=True)
    net.relu()
    net.add(Pool(PoolFunction.MAX, (6, 6), (6, 6)))
    return net.done()


def residual():
    net = Network((5, 5, 4), "ufixed<5,2,RND_CONV,SAT>", seed=5)
    start = net.last
    net.window((3, 3), (1, 1), ((1, 1), (1, 1)))
    net.matvec(4)
    net.relu()
    net.window((3, 3), (1, 1), ((1, 1), (1, 1)))
    net.matvec(4)
    net.relu()
    net.add(Elementwise(ElementwiseFunction.ADD), start, net.last)
    net.window((2, 2), (1, 1), ((0, 0), (0, 0)))
    net.matvec(3)
    return net.done()


def softmax():
    net = Network((3, 8), "fixed<6,3>", seed=6)
    scores = net.matvec(6)
    net.add(Cast(FixedPoint.parse("fixed<6,4,RND,SAT>")), scores)
    scores = net.last
    greatest = net.add(Reduce(), scores)
    net.add(Elementwise(ElementwiseFunction.SUBTRACT), greatest, scores)
    net.add(Cast(FixedPoint.parse("ufixed<6,5,RND,SAT>")))
    table = np.round(255 * np.exp(-np.arange(64) / 2)).astype(np.int64)
    exp = net.add(Lookup(table, FixedPoint.parse("ufixed<8,0>")))
    net.add(Reduce(FixedPoint.parse("ufixed<11,3>")), exp)
    inverse = np.minimum(np.round(2**12 / np.maximum(np.arange(256), 1)), 255).astype(np.int64)
    net.add(Lookup(inverse, FixedPoint.parse("ufixed<8,0>"), shift=3))
    net.add(Elementwise(ElementwiseFunction.MULTIPLY), exp, net.last)
    return net.done()


def moved():
    net = Network((4, 3), seed=7)
    one = net.last
    two = net.source((4, 3))
    net.add(Permute(np.arange(24).reshape(2, 12).T.reshape(8, 3)), one, two)
    net.add(Permute(np.pad(np.arange(24).reshape(8, 3), ((1, 0), (0, 0)), constant_values=-1)))
    net.matvec(2)
    return net.done()


def two_outputs():
    net = Network((8,), seed=8)
    net.matvec(6)
    hidden = net.relu()
    first = net.matvec(4)
    net.last = hidden
    second = net.matvec(2)
    return net.done(first, second)


def saturating():
    net = Network((6,), seed=9)
    net.matvec(4, accum="fixed<7,4,TRN,SAT>", order=(0, 2, 4, 1, 3, 5))
    net.add(Cast(FixedPoint.parse("fixed<5,3,RND_ZERO,SAT_SYM>")))
    return net.done()


NETWORKS = {
    build.__name__: build
    for build in (mlp, conv2d, conv1d, separable, residual, softmax, moved, two_outputs, saturating)
}


def few(choices, count=3):
    """The fastest, the slowest, and some between."""
    return sorted({choices[round(i * (len(choices) - 1) / (count - 1))] for i in range(count)})


@pytest.mark.parametrize("name", NETWORKS)
def test_design_equals_its_dataflow(name):
    dataflow = NETWORKS[name]()
    choices = intervals(dataflow)
    interval = choices[len(choices) // 2]
    folding = fold_for_interval(dataflow, interval)
    check_design(dataflow, plan_design(dataflow, folding), folding)


@pytest.mark.slow
@pytest.mark.parametrize("target", [Target.GENERIC, Target.ECP5, Target.ICE40])
@pytest.mark.parametrize("name", NETWORKS)
def test_design_at_every_speed(name, target):
    dataflow = NETWORKS[name]()
    for interval in few(intervals(dataflow), 5):
        folding = fold_for_interval(dataflow, interval)
        check_design(dataflow, plan_design(dataflow, folding, target), folding, seeds=(3, 4, 5))


@pytest.mark.parametrize("name", ["mlp", "conv1d"])
def test_unrolled(name):
    dataflow = NETWORKS[name]()
    layers = [layer.name for layer in dataflow.layers]
    folding = fold_for_reuse(dataflow, dict.fromkeys(layers, 1), dict.fromkeys(layers, True))
    cycles = check_design(dataflow, plan_design(dataflow, folding), folding)
    assert name != "mlp" or cycles.interval == 1


@pytest.mark.parametrize("name", ["residual", "softmax"])
def test_fifos_are_as_deep_as_needed_and_no_deeper(name):
    dataflow = NETWORKS[name]()
    design = plan_design(dataflow, fold_for_interval(dataflow, intervals(dataflow)[-1]))
    depths = {u.name: u.depth for u in design.units if isinstance(u, StreamFifo)}
    assert any(depth < design.streams[f"{fifo}_out"].beats + 2 for fifo, depth in depths.items())
    assert count_cycles(design).interval <= 1.25 * design.interval_bound


def test_emission_is_pure_and_described():
    dataflow = mlp()
    folding = fold_for_interval(dataflow, 16)
    made = [emit(d, count_cycles(d), folding, "a; `b` */ name") for d in [plan_design(dataflow, folding)] * 2]
    again = plan_design(mlp(), fold_for_interval(mlp(), 16))
    assert made[0] == made[1] == emit(again, count_cycles(again), folding, "a; `b` */ name")
    description = json.loads(made[0]["design.json"])
    assert set(description["files"]) | set(description["memories"]) | {"design.json", "README.md"} == set(made[0])
    assert description["interval"] >= description["interval_bound"]
    assert {layer["layer"] for layer in description["layers"]} == {layer.name for layer in dataflow.layers}
    assert all(0 < product["utilization"] <= 1 for product in description["products"])
    assert "`b`" not in made[0]["network.sv"].splitlines()[0]


@pytest.mark.slow
@pytest.mark.parametrize("command", ["synth_gowin", "synth_xilinx", "synth_intel_alm", "synth_ecp5 -nodsp"])
def test_other_families_take_the_generic_design(command, tmp_path):
    dataflow = NETWORKS["conv2d"]()
    folding = fold_for_interval(dataflow, intervals(dataflow)[-3])
    design = plan_design(dataflow, folding)
    for name, text in emit(design, count_cycles(design), folding, "test").items():
        (tmp_path / name).write_text(text)
    script = f"read_verilog -sv {' '.join(file.name for file in tmp_path.glob('*.sv'))}\n{command} -top network\n"
    (tmp_path / "other.ys").write_text(f"{script}check -assert\n")
    run_yosys(tmp_path, "other.ys", tmp_path / "other.log")
    assert "Warning: multiple conflicting drivers" not in (tmp_path / "other.log").read_text()
