"""Output registers of block RAMs, open ends of carry chains: what is moved, what stays, and that it is the same."""

import json
from pathlib import Path

import numpy as np
import pytest

from netloom.firmware.devices import ECP5
from netloom.firmware.ram_registers import absorb_registers
from netloom.firmware.synthesis import Netlist, synthesize
from netloom.sim.netlist import models
from netloom.sim.verilator import Port, Stalls, build

MEMORY = """
module memory #(parameter int WIDTH = 18) (
    input  logic             clk,
    input  logic             rst,
    input  logic             in_valid,
    output logic             in_ready,
    input  logic [7:0]       in_data,
    output logic             out_valid,
    input  logic             out_ready,
    output logic [WIDTH-1:0] out_data
);
    (* ram_style = "block" *)
    logic [WIDTH-1:0] words [0:255];
    initial for (int i = 0; i < 256; i++) words[i] = WIDTH'(i * 64'h9E3779B97F4A7C15 >> 20);
    logic [WIDTH-1:0] read;
    logic read_valid, move, fetch;
    assign move = !out_valid || out_ready;
    assign fetch = !read_valid || move;
    assign in_ready = fetch;
    always_ff @(posedge clk) begin
        if (fetch) read <= words[in_data];
        if (move) out_data <= OUT;
        if (rst) begin
            read_valid <= 1'b0;
            out_valid <= 1'b0;
        end else begin
            if (fetch) read_valid <= in_valid;
            if (move) out_valid <= read_valid;
        end
    end
endmodule
"""
PLAIN, CHANGED = MEMORY.replace("OUT", "read"), MEMORY.replace("OUT", "read + 1'b1")
PORTS = [Port("in_", 8)], [Port("out_", 18)]


def synthesized(text: str, folder: Path) -> tuple[Netlist, dict]:
    netlist = synthesize({"memory.sv": text}, ["memory.sv"], [], "memory", ECP5, folder)
    return netlist, json.loads(netlist.json.read_text())["modules"]["memory"]


def registered(module: dict) -> list[str]:
    modes = [
        cell["parameters"][f"REGMODE_{port}"]
        for cell in module["cells"].values()
        for port in "AB"
        if cell["type"] == "DP16KD"
    ]
    return [mode for mode in modes if mode == "OUTREG"]


def test_registered_words_leave_from_the_ram_and_are_the_same(tmp_path: Path) -> None:
    netlist, module = synthesized(PLAIN, tmp_path / "netlist")
    assert len(registered(module)) == 1
    assert netlist.used(ECP5)["ff"] == 2  # the two that say whether a word is valid
    text = netlist.verilog.read_text()
    models_ = models(text, ECP5.target)
    made = build({"netlist.v": text, **models_}, "memory", *PORTS, cache=tmp_path / "cache", lint=False)
    source = build({"memory.sv": PLAIN}, "memory", *PORTS, cache=tmp_path / "cache", lint=False)
    words = np.random.default_rng(1).integers(0, 256, (2000, 1), dtype=np.uint8)
    for stalls in (None, Stalls(1, 0.4, 0.4, 1), Stalls(2, 0.1, 0.7, 3)):
        expected, got = source.run([words], [2000], stalls), made.run([words], [2000], stalls)
        assert np.array_equal(got.outputs[0], expected.outputs[0])
        assert np.array_equal(got.given[0], expected.given[0])


def test_words_that_change_on_the_way_stay_where_they_are(tmp_path: Path) -> None:
    _, module = synthesized(CHANGED, tmp_path / "netlist")
    assert sum(cell["type"] == "DP16KD" for cell in module["cells"].values()) == 1
    assert registered(module) == []


def ram(**changes: object) -> dict:
    """A RAM with two words in use, each with a register: what `absorb_registers` takes."""
    register = {"CLKMUX": "CLK", "CEMUX": "CE", "REGSET": "RESET", "LSRMUX": "LSR"}
    directions = {"CLK": "input", "DI": "input", "LSR": "input", "CE": "input", "Q": "output"}
    cells = {
        "ram": {
            "type": "DP16KD",
            "parameters": {"REGMODE_A": "NOREG", "REGMODE_B": "NOREG", "CLKBMUX": "CLKB"},
            "port_directions": {"CLKB": "input", "DOB0": "output", "DOB1": "output", "RSTB": "input", "OCEB": "input"},
            "connections": {"CLKB": [2], "DOB0": [10], "DOB1": [11], "RSTB": ["0"], "OCEB": ["1"]},
        }
    }
    for index in range(2):
        cells[f"register{index}"] = {
            "type": "TRELLIS_FF",
            "parameters": dict(register),
            "port_directions": directions,
            "connections": {"CLK": [2], "DI": [10 + index], "LSR": ["0"], "CE": [3], "Q": [20 + index]},
        }
    module = {"ports": {"clk": {"bits": [2]}, "y": {"bits": [20, 21]}}, "cells": cells}
    for where, value in changes.items():
        cell, kind, name = where.split("__")
        cells[cell]["parameters" if kind == "p" else "connections"][name] = value
    return module


def test_both_registers_go() -> None:
    module = ram()
    assert absorb_registers(module) == 2
    assert list(module["cells"]) == ["ram"]
    cell = module["cells"]["ram"]
    assert cell["parameters"]["REGMODE_B"] == "OUTREG" and cell["parameters"]["REGMODE_A"] == "NOREG"
    assert cell["connections"]["OCEB"] == [3]
    assert (cell["connections"]["DOB0"], cell["connections"]["DOB1"]) == ([20], [21])
    assert absorb_registers(module) == 0


def test_always_enabled() -> None:
    module = ram(register0__p__CEMUX="1 ", register1__p__CEMUX="1 ")
    assert absorb_registers(module) == 2
    assert module["cells"]["ram"]["connections"]["OCEB"] == ["1"]


@pytest.mark.parametrize(
    "change",
    [
        {"register1__c__CE": [4]},
        {"register1__p__CEMUX": "1"},
        {"register1__p__CEMUX": "INV"},
        {"register1__c__CLK": [5]},
        {"register1__p__CLKMUX": "INV"},
        {"register1__c__LSR": [6]},
        {"register1__p__REGSET": "SET"},
        {"register1__c__DI": [12]},
        {"register1__c__CE": [10]},
        {"ram__c__RSTB": [6]},
        {"ram__p__CLKBMUX": "INV"},
        {"ram__p__REGMODE_B": "OUTREG"},
    ],
    ids=lambda change: "-".join(f"{key}={value}" for key, value in change.items()),
)
def test_left_alone(change: dict) -> None:
    module = ram(**change)
    if change == {"register1__c__DI": [12]}:
        module["ports"]["y"]["bits"].append(11)  # seen from outside, unregistered
    before = json.dumps(module)
    assert absorb_registers(module) == 0
    assert json.dumps(module) == before


def test_wide_port_only_without_an_enable() -> None:
    module = ram()
    cell = module["cells"]["ram"]
    cell["type"] = "PDPW16KD"
    cell["connections"] = {"CLKR": [2], "DO0": [10], "DO1": [11], "RST": ["0"]}
    cell["port_directions"] = {"CLKR": "input", "DO0": "output", "DO1": "output", "RST": "input"}
    assert absorb_registers(module) == 0
    for index in range(2):
        module["cells"][f"register{index}"]["parameters"]["CEMUX"] = "1"
    assert absorb_registers(module) == 2
    assert cell["parameters"]["REGMODE"] == "OUTREG"
