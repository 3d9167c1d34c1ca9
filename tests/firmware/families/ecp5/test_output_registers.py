"""Registers moved into block RAM: the same beats in the same clock cycles, and not where they do something else."""

import json

import numpy as np
import pytest
from stream_cases import raws, stream

from netloom.errors import SimulationError
from netloom.firmware.build.runner import Runner
from netloom.firmware.build.scripts import yosys_plan
from netloom.firmware.build.synthesis import synthesize
from netloom.firmware.families import ECP5
from netloom.firmware.families.ecp5.output_registers import absorb_registers
from netloom.firmware.units.memories.styles import BLOCK, block_rams
from netloom.firmware.units.streams.stream_fifo import StreamFifo
from netloom.sim.hardware.netlist import models
from netloom.sim.hardware.verilator import FLOWING, Stalls, StreamPort, build
from netloom.testing.unit_bench import compare_timing, library

TABLE = """
module table_ #(parameter int WIDTH = 9, parameter bit ENABLE = 0, parameter bit RESET = 0, parameter bit LOGIC = 0) (
  input logic clk, input logic rst, input logic enable, input logic [9:0] address, output logic [WIDTH-1:0] data
);
  (* rom_style = "block" *) logic [WIDTH-1:0] words [0:1023];
  logic [WIDTH-1:0] word;
  initial for (int i = 0; i < 1024; i++) words[i] = WIDTH'(i * 64'h9E3779B97F4A7C15 >> 20);
  always_ff @(posedge clk) begin
    word <= words[address];
    if (!ENABLE || enable) data <= LOGIC ? ~word : word;
    if (RESET && rst) data <= '0;
  end
endmodule
"""


def fifo(lanes, depth=300):
    unit = StreamFifo("buffer", stream("fixed<9,3>", lanes, 4), depth, target=ECP5)
    assert unit.style == BLOCK
    return unit


def synthesized(unit, folder):
    """The unit's netlist in Yosys's JSON."""
    values = ", ".join(f'.{k}("{v}")' if isinstance(v, str) else f".{k}({v})" for k, v in unit.parameters().items())
    msb = unit.source.width - 1
    top = f"""
module top (input logic clk, input logic rst,
            input logic in_valid, output logic in_ready, input logic [{msb}:0] in_data,
            output logic out_valid, input logic out_ready, output logic [{msb}:0] out_data);
  {unit.module} #({values}) unit (.*);
endmodule
"""
    files = library(unit.module, family=ECP5) | {"top.sv": top}
    netlist = synthesize(files, list(files), [], "top", ECP5, folder / "netlist")
    return json.loads(netlist.json.read_text())


def simulation(netlist, unit, folder):
    """A netlist in Verilator."""
    script = "read_json top.json\nwrite_verilog -noattr top.v\n"
    Runner().run(yosys_plan("convert", script, {"top.json": json.dumps(netlist)}, ("top.v",), "convert.log"), folder)
    text = (folder / "top.v").read_text()
    ports = [StreamPort("in_", unit.source.width)], [StreamPort("out_", unit.source.width)]
    return build({"top.v": text, **models(text, ECP5)}, "top", *ports, lint=False)


def check(netlist, unit, folder):
    built = simulation(netlist, unit, folder)
    x = raws(unit.source, 100)
    words = unit.source.pack(x)
    for stalls in (FLOWING, Stalls(1), Stalls(2, 0.1, 0.6)):
        result = built.run([words], [len(words)], stalls)
        np.testing.assert_array_equal(result.outputs[0], words)
        compare_timing(unit, result, [len(words)], [len(words)], stalls)


@pytest.mark.parametrize(
    ("lanes", "depth", "blocks"),
    [(1, 300, 1), (2, 300, 1), (4, 600, 2), (4, 1100, 3), pytest.param(7, 300, 2, marks=pytest.mark.slow)],
    ids=["9 bits", "18 bits", "36 bits, two memories", "36 bits, three memories", "63 bits"],
)
def test_same_beats_in_the_same_cycles(tmp_path, lanes, depth, blocks):
    unit = fifo(lanes, depth)
    netlist = synthesized(unit, tmp_path)
    module = netlist["modules"]["top"]
    rams = [cell for cell in module["cells"].values() if cell["type"] == "DP16KD"]
    assert len(rams) == blocks == block_rams(depth - 2, unit.source.width, ECP5)
    assert all("OUTREG" in str(cell["parameters"]) for cell in rams), "what is read goes to the port's own register"
    assert absorb_registers(module) == 0, "synthesis has done so"
    check(netlist, unit, tmp_path)


def test_a_lost_enable_is_caught(tmp_path):
    unit = fifo(1)
    netlist = synthesized(unit, tmp_path)
    for cell in netlist["modules"]["top"]["cells"].values():
        if cell["type"] == "DP16KD":
            cell["connections"] |= {"OCEA": ["1"], "OCEB": ["1"]}
    with pytest.raises(SimulationError, match="changes a beat that was offered"):
        check(netlist, unit, tmp_path)


@pytest.mark.parametrize(
    ("parameters", "left"),
    [
        ({}, 0),
        ({"ENABLE": 1}, 0),
        ({"WIDTH": 30}, 0),
        ({"RESET": 1}, 9),
        ({"LOGIC": 1}, 9),
    ],
    ids=lambda value: str(value),
)
def test_only_plain_registers_move(tmp_path, parameters, left):
    made = synthesize({"table.sv": TABLE}, ["table.sv"], [], "table_", ECP5, tmp_path / "n", parameters=parameters)
    cells = json.loads(made.json.read_text())["modules"]["table_"]["cells"]
    assert sum(cell["type"] == "TRELLIS_FF" for cell in cells.values()) == left
