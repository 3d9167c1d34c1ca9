"""Whole designs: emitted files in Verilator against the operations' exact meaning, cycles against the prediction."""

import json

import pytest
from dataflows import DATAFLOWS
from designs import Network, check_design

from netloom.errors import LayerNotSupportedError
from netloom.firmware.board.boards import find_board
from netloom.firmware.build.runner import Runner
from netloom.firmware.build.scripts import yosys_plan
from netloom.firmware.emit.emit import emit
from netloom.firmware.families import ECP5, GENERIC, ICE40
from netloom.firmware.generate import generate_design
from netloom.firmware.map.cycles.cycles import count_cycles
from netloom.firmware.map.folding.folding import fold_for_interval, fold_for_reuse, intervals
from netloom.firmware.map.layout import plan_design
from netloom.firmware.units.streams.stream_fifo import StreamFifo


def few(choices, count=3):
    """The fastest, the slowest, and some between."""
    return sorted({choices[round(i * (len(choices) - 1) / (count - 1))] for i in range(count)})


@pytest.mark.parametrize("name", DATAFLOWS)
def test_design_equals_its_dataflow(name):
    dataflow = DATAFLOWS[name]()
    choices = intervals(dataflow)
    interval = choices[len(choices) // 2]
    folding = fold_for_interval(dataflow, interval)
    check_design(dataflow, plan_design(dataflow, folding), folding)


@pytest.mark.slow
@pytest.mark.parametrize("target", [GENERIC, ECP5, ICE40])
@pytest.mark.parametrize("name", DATAFLOWS)
def test_design_at_every_speed(name, target):
    dataflow = DATAFLOWS[name]()
    for interval in few(intervals(dataflow), 5):
        folding = fold_for_interval(dataflow, interval)
        check_design(dataflow, plan_design(dataflow, folding, target), folding, seeds=(3, 4, 5))


@pytest.mark.parametrize("name", ["mlp", "conv1d", "dilated"])
def test_unrolled(name):
    dataflow = DATAFLOWS[name]()
    layers = [layer.name for layer in dataflow.layers]
    folding = fold_for_reuse(dataflow, dict.fromkeys(layers, 1), dict.fromkeys(layers, True))
    cycles = check_design(dataflow, plan_design(dataflow, folding), folding)
    assert name != "mlp" or cycles.interval == 1


@pytest.mark.parametrize("name", ["residual", "softmax"])
def test_fifos_are_as_deep_as_needed_and_no_deeper(name):
    dataflow = DATAFLOWS[name]()
    design = plan_design(dataflow, fold_for_interval(dataflow, intervals(dataflow)[-1]))
    depths = {u.name: u.depth for u in design.units if isinstance(u, StreamFifo)}
    assert any(depth < design.streams[f"{fifo}_out"].beats + 2 for fifo, depth in depths.items())
    assert count_cycles(design).interval <= 1.25 * design.interval_bound


def test_emission_is_pure_and_described():
    dataflow = DATAFLOWS["mlp"]()
    folding = fold_for_interval(dataflow, 16)
    made = [emit(d, count_cycles(d), folding, "a; `b` */ name") for d in [plan_design(dataflow, folding)] * 2]
    again = plan_design(DATAFLOWS["mlp"](), fold_for_interval(DATAFLOWS["mlp"](), 16))
    assert made[0] == made[1] == emit(again, count_cycles(again), folding, "a; `b` */ name")
    description = json.loads(made[0]["design.json"])
    assert set(description["files"]) | set(description["memories"]) | {"design.json", "README.md"} == set(made[0])
    assert description["interval"] >= description["interval_bound"]
    assert {layer["layer"] for layer in description["layers"]} == {layer.name for layer in dataflow.layers}
    assert all(0 < product["utilization"] <= 1 for product in description["products"])
    assert "`b`" not in made[0]["network.sv"].splitlines()[0]


def test_a_product_a_channel_of_windows_that_come_ready_made():
    """As a convolution over three axes has them, in as many groups as channels."""
    net = Network((3, 6))
    net.matvec(2, depthwise=True)
    dataflow = net.done()
    for interval in intervals(dataflow):
        folding = fold_for_interval(dataflow, interval)
        check_design(dataflow, plan_design(dataflow, folding), folding)


@pytest.mark.parametrize("options", [{"interval": 1}, {"reuse": {}}, {"device": find_board("ULX3S-25F").device}])
def test_a_network_that_computes_nothing_is_refused(options):
    with pytest.raises(LayerNotSupportedError, match="hardware has nothing to compute"):
        generate_design(Network((4,)).done(), **options)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["synth_gowin", "synth_xilinx", "synth_intel_alm", "synth_ecp5 -nodsp"])
def test_other_families_take_the_generic_design(command, tmp_path):
    dataflow = DATAFLOWS["conv2d"]()
    folding = fold_for_interval(dataflow, intervals(dataflow)[-3])
    design = plan_design(dataflow, folding)
    files = emit(design, count_cycles(design), folding, "test")
    modules = " ".join(name for name in files if name.endswith(".sv"))
    script = f"read_verilog -sv {modules}\n{command} -top network\ncheck -assert\n"
    Runner().run(yosys_plan("other", script, files, (), "other.log"), tmp_path)
    assert "Warning: multiple conflicting drivers" not in (tmp_path / "other.log").read_text()
