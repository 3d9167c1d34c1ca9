"""Ends of carry chains, in Yosys's netlist."""

import json
from collections import Counter

import pytest

from netloom.firmware.build.synthesis import synthesize
from netloom.firmware.families import ECP5
from netloom.firmware.families.ecp5.carry_chains import open_carry_ends
from netloom.testing.unit_bench import library

TOP = """
module top (
    input logic [6:0] a,
    input logic [6:0] b,
    output logic [{top}:0] sum
);
{body}
endmodule
"""
ADDER = "adder #(.WIDTH(7)) add (.a(a), .b(b), .carry(1'b0), .sum(sum));"


def netlist_of(folder, body, top=6):
    files = library("adder", family=ECP5) | {"top.sv": TOP.format(body=body, top=top)}
    files = {name: text for name, text in files.items() if name != "CCU2C.sv"}
    made = synthesize(files, list(files), [], "top", ECP5, folder / "out")
    return json.loads(made.json.read_text())["modules"]["top"]


def ends(netlist):
    cells = netlist["cells"].values()
    chains = [cell["connections"] for cell in cells if cell["type"] == "CCU2C"]
    return Counter(port for ports in chains for port in ("CIN", "COUT") if ports.get(port, ["x"]) == ["x"]), len(chains)


def test_both_ends_of_an_adder_are_opened(tmp_path):
    netlist = netlist_of(tmp_path, ADDER)
    assert open_carry_ends(netlist) == 2
    assert ends(netlist) == ({"CIN": 1, "COUT": 1}, 4)
    assert open_carry_ends(netlist) == 0


@pytest.mark.parametrize(
    ("body", "top", "opened"),
    [
        # Yosys's own chains need their constant: the lower half of the first cell is a bit of the sum.
        ("assign sum = a + b;", 6, {"COUT": 1}),
        # The carry out is the sum's last bit, or goes there through a cell of its own.
        ("assign sum = a + b;", 7, {"COUT": 1}),
    ],
)
def test_ends_in_use_stay(tmp_path, body, top, opened):
    netlist = netlist_of(tmp_path, body, top)
    open_carry_ends(netlist)
    assert ends(netlist)[0] == opened


def test_a_carry_that_a_port_or_another_cell_reads_stays():
    connections = {"CIN": ["0"], "COUT": [5], "A0": ["0"], "B0": ["0"], "C0": ["0"], "D0": ["1"]}
    cell = {"type": "CCU2C", "parameters": {"INIT0": f"{8:016b}"}, "connections": connections}
    module = {"cells": {"first": cell}, "ports": {"carry": {"bits": [5]}}}
    assert open_carry_ends(module) == 1
    assert connections["COUT"] == [5]
    assert connections["CIN"] == ["x"]
    # Its sum is the carry it gets.
    connections |= {"CIN": ["0"], "S0": [6]}
    module["ports"]["sum"] = {"bits": [6]}
    assert open_carry_ends(module) == 0
