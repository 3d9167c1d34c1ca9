"""Engine `netlist`: synthesized designs equal their source, memories of every shape included."""

import re

import handmade
import numpy as np
import pytest

from netloom.errors import SimulationError, StorageError
from netloom.firmware.build.synthesis import synthesize
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.families import ECP5, ICE40
from netloom.sim import compare_engines, open_engine
from netloom.sim.hardware.netlist import NetlistEngine, models
from netloom.sim.hardware.rtl import RtlEngine
from netloom.sim.hardware.verilator import Stalls, StreamPort, build
from netloom.testing.unit_bench import library

MEMORY = """
module memory #(parameter int WIDTH = 8, parameter int BITS = 8) (
  input  logic clk, input logic rst,
  input  logic in_valid, output logic in_ready, input logic [2*BITS+WIDTH:0] in_data,
  output logic out_valid, input logic out_ready, output logic [WIDTH-1:0] out_data
);
  (* ram_style = "block", no_rw_check *)
  logic [WIDTH-1:0] words [0:2**BITS-1];
  initial for (int i = 0; i < 2**BITS; i++) words[i] = WIDTH'(i * 64'h9E3779B97F4A7C15 >> 20);
  logic write, go;
  logic [BITS-1:0] from, to;
  logic [WIDTH-1:0] word;
  assign {write, from, to, word} = in_data;
  assign in_ready = !out_valid || out_ready;
  assign go = in_ready && in_valid;
  always_ff @(posedge clk) begin
    if (go) out_data <= words[from];
    if (go && write) words[to] <= word;
    if (rst) out_valid <= 1'b0;
    else if (in_ready) out_valid <= in_valid;
  end
endmodule
"""

# The same with a second register behind the memory, which moves into ECP5's block RAM.
REGISTERED = MEMORY.replace("out_data <= words[from]", "read <= words[from]").replace(
    "  assign in_ready = !out_valid || out_ready;",
    """  logic [WIDTH-1:0] read;
  logic read_valid, read_ready;
  assign read_ready = !out_valid || out_ready;
  assign in_ready = !read_valid || read_ready;""",
)
REGISTERED = REGISTERED.replace(
    """    if (rst) out_valid <= 1'b0;
    else if (in_ready) out_valid <= in_valid;
""",
    """    if (read_ready) out_data <= read;
    if (rst) begin
      read_valid <= 1'b0;
      out_valid <= 1'b0;
    end else begin
      if (in_ready) read_valid <= in_valid;
      if (read_ready) out_valid <= read_valid;
    end
""",
)


@pytest.fixture(scope="session")
def cache(shared):
    return shared / "models"


def samples(count=50):
    return np.random.default_rng(1).integers(-20, 20, (count, 2, 3)) * 0.125


def synthesized(folder, family, **changed):
    path = handmade.write(folder / "design", **changed)
    description = path / "design.json"
    description.write_text(description.read_text().replace("generic", family.name))
    design = EmittedDesign.read(path)
    netlist = synthesize(path, design.files, design.memories, design.top, family, folder / "netlist")
    return design, netlist.verilog


@pytest.mark.parametrize("family", [ECP5, ICE40], ids=lambda family: family.name)
def test_equals_the_source(cache, tmp_path, family):
    design, netlist = synthesized(tmp_path, family)
    rtl = RtlEngine(design, cache=str(cache))
    engine = open_engine("netlist", design=design, netlist=str(netlist), cache=str(cache))
    assert compare_engines(rtl, engine, samples()).equal
    assert compare_engines(rtl, NetlistEngine(design, netlist, Stalls(1), cache), samples()).equal
    assert engine.count_cycles() == rtl.count_cycles()
    assert engine.trace(samples(2)) == {}


def test_one_bit_of_a_lookup_table_is_caught(cache, tmp_path):
    design, netlist = synthesized(tmp_path, ECP5)
    text = netlist.read_text()
    tables = list(re.finditer(r"\.INIT\(16'h(\w+)\)", text))
    assert tables
    rtl = RtlEngine(design, cache=cache)
    caught = 0
    for place in (0, len(tables) // 2, len(tables) - 1):
        start, end = tables[place].span(1)
        flipped = f"{int(text[start:end], 16) ^ 0xFFFF:04x}"
        netlist.write_text(text[:start] + flipped + text[end:])
        engine = NetlistEngine(design, netlist, cache=cache)
        try:
            caught += not compare_engines(rtl, engine, samples()).equal
        except SimulationError:
            caught += 1
    assert caught == 3


def memory_pair(tmp_path, cache, family, width, bits, source=MEMORY):
    """The memory as written, and as synthesized."""
    ports = [StreamPort("in_", 2 * bits + width + 1)], [StreamPort("out_", width)]
    parameters = {"WIDTH": width, "BITS": bits}
    rtl = build({"memory.sv": source}, "memory", *ports, parameters=parameters, cache=cache)
    netlist = synthesize(
        {"memory.sv": source}, ["memory.sv"], [], "memory", family, tmp_path / "netlist", parameters=parameters
    )
    text = netlist.verilog.read_text()
    files = {"netlist.v": text, **models(text, family)}
    return rtl, build(files, "memory", *ports, cache=cache, lint=False), netlist


def commands(width, bits, count=1500):
    """Random reads and writes, close together, never both at one address."""
    rng = np.random.default_rng(width)
    words = []
    for _ in range(count):
        source, target = (int(value) for value in rng.choice(min(2**bits, 40), 2, replace=False) * 7 % 2**bits)
        if source == target:
            target = (source + 1) % 2**bits
        fields = (
            (int(rng.integers(2)), 1),
            (source, bits),
            (target, bits),
            (int(rng.integers(2**62)) % 2**width, width),
        )
        word = 0
        for value, size in fields:
            word = word << size | value
        words.append(word)
    size = (2 * bits + width + 8) // 8
    return np.frombuffer(b"".join(word.to_bytes(size, "little") for word in words), dtype=np.uint8).reshape(-1, size)


@pytest.mark.parametrize(
    ("family", "width", "bits"),
    [
        pytest.param(ECP5, 1, 13, marks=pytest.mark.slow),
        pytest.param(ECP5, 2, 12, marks=pytest.mark.slow),
        pytest.param(ECP5, 4, 11, marks=pytest.mark.slow),
        (ECP5, 9, 10),
        (ECP5, 18, 9),
        (ECP5, 36, 8),
        pytest.param(ECP5, 23, 10, marks=pytest.mark.slow),
        pytest.param(ICE40, 2, 10, marks=pytest.mark.slow),
        pytest.param(ICE40, 16, 7, marks=pytest.mark.slow),
        (ICE40, 13, 9),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_block_memories(tmp_path, cache, family, width, bits):
    rtl, synthesized, netlist = memory_pair(tmp_path, cache, family, width, bits)
    assert netlist.used(family)["bram"] >= 1
    words = commands(width, bits)
    for stalls in (None, Stalls(1)):
        expected = rtl.run([words], [len(words)], stalls)
        assert (synthesized.run([words], [len(words)], stalls).outputs[0] == expected.outputs[0]).all()


@pytest.mark.parametrize(("width", "bits"), [(9, 10), pytest.param(36, 8, marks=pytest.mark.slow)])
def test_block_memories_with_their_output_registers(tmp_path, cache, width, bits):
    rtl, synthesized, netlist = memory_pair(tmp_path, cache, ECP5, width, bits, REGISTERED)
    assert '"OUTREG"' in netlist.verilog.read_text()
    words = commands(width, bits)
    for stalls in (None, Stalls(1), Stalls(2, 0.1, 0.8)):
        expected = rtl.run([words], [len(words)], stalls)
        assert (synthesized.run([words], [len(words)], stalls).outputs[0] == expected.outputs[0]).all()


def test_reading_what_is_being_written_shows(tmp_path, cache):
    rtl, synthesized, _ = memory_pair(tmp_path, cache, ECP5, 9, 10)
    word = 1 << 29 | 5 << 19 | 5 << 9 | 0x155
    words = np.frombuffer(word.to_bytes(4, "little") * 2, dtype=np.uint8).reshape(2, 4)
    first, second = (engine.run([words], [2]).outputs[0] for engine in (rtl, synthesized))
    assert (first[0] != second[0]).any()


def test_missing_netlist(tmp_path, cache):
    folder = handmade.write(tmp_path / "design")
    with pytest.raises(StorageError, match="synthesize the design again"):
        NetlistEngine(folder, tmp_path / "network.v", cache=cache)


@pytest.mark.parametrize("family", [ECP5, ICE40], ids=lambda family: family.name)
def test_fifo(cache, tmp_path, family):
    """Reset reaches the registers, though cell models have ports with defaults (docs/upstream.md)."""
    files = library("stream_fifo")
    parameters = {"WIDTH": 8, "DEPTH": 4, "STYLE": "registers"}
    top = """module top (
      input  logic clk, input logic rst,
      input  logic in_valid, output logic in_ready, input logic [7:0] in_data,
      output logic out_valid, input logic out_ready, output logic [7:0] out_data
    );
      stream_fifo #(.WIDTH(8), .DEPTH(4), .STYLE("registers")) fifo (.*);
    endmodule
    """
    made = synthesize({**files, "top.sv": top}, [*files, "top.sv"], [], "top", family, tmp_path / "netlist")
    text = made.verilog.read_text()
    ports = [StreamPort("in_", 8)], [StreamPort("out_", 8)]
    rtl = build(files, "stream_fifo", *ports, parameters=parameters, cache=cache)
    netlist = build({"netlist.v": text, **models(text, family)}, "top", *ports, cache=cache, lint=False)
    sent = np.random.default_rng(0).integers(0, 256, (500, 1)).astype(np.uint8)
    for stalls in (Stalls(0, 0, 0), Stalls(1), Stalls(2, outputs=0.7)):
        expected, given = (each.run([sent], [500], stalls) for each in (rtl, netlist))
        assert (given.outputs[0] == sent).all()
        assert (given.given[0] == expected.given[0]).all()
