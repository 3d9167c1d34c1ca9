"""Cells written as expressions do what Yosys's models of them do."""

import re

import numpy as np
import pytest

from netloom.firmware.families import ECP5
from netloom.firmware.families.ecp5.inlined_cells import inlined
from netloom.sim.hardware.netlist import models
from netloom.sim.hardware.verilator import Stalls, StreamPort, build

WIDTH = 16


@pytest.fixture(scope="session")
def cache(shared):
    return shared / "models"


def cells(seed: int, count: int = 60) -> str:
    """A registered net of random cells, as Yosys writes one, escaped names and constants included."""
    rng = np.random.default_rng(seed)
    wires = [rf"\held [{bit}]" for bit in range(WIDTH)]
    text, declared = "", []

    def pick() -> str:
        constant = rng.integers(12)
        return f"1'h{constant}" if constant < 2 else wires[int(rng.integers(len(wires)))]

    def new() -> str:
        declared.append(f"\\unit.n{len(declared)} ")
        return declared[-1]

    def cell(kind: str, parameters: dict[str, str], **pins: str) -> str:
        chosen = ",\n".join(f"    .{name}({value})" for name, value in parameters.items())
        joined = ",\n".join(f"    .{name}({wire})" for name, wire in pins.items())
        given = f"#(\n{chosen}\n  ) " if parameters else ""
        return f"  {kind} {given}\\cell.{len(text)}  (\n{joined}\n  );\n"

    def init() -> str:
        return f"16'h{rng.choice([0, 0xFFFF, 0x96AA, 0xAAAA, 0xFF00, 0x0F0F, int(rng.integers(2**16))]):04x}"

    for number in range(count):
        kind = ("LUT4", "LUT4", "PFUMX", "L6MUX21", "CCU2C")[number % 5]
        outs = [new()]
        if kind == "LUT4":
            text += cell(kind, {"INIT": init()}, A=pick(), B=pick(), C=pick(), D=pick(), Z=outs[0])
        elif kind == "PFUMX":
            text += cell(kind, {}, ALUT=pick(), BLUT=pick(), C0=pick(), Z=outs[0])
        elif kind == "L6MUX21":
            text += cell(kind, {}, D0=pick(), D1=pick(), SD=pick(), Z=outs[0])
        else:
            outs += [new(), new()]
            inject = f'"{rng.choice(["NO", "NO", "NO", "YES"])}"'
            pins = {f"{pin}{half}": pick() for half in "01" for pin in "ABCD"}
            chosen = {"INIT0": init(), "INIT1": init(), "INJECT1_0": inject, "INJECT1_1": inject}
            text += cell(kind, chosen, CIN=pick(), **pins, COUT=outs[0], S0=outs[1], S1=outs[2])
            # Longer chains: no one else takes most of their carries, or some of their sums.
            for _ in range(int(rng.choice([0, 1, 3, 20]))):
                carry, outs = outs[0], [new(), new(), *outs[1:]]
                pins = {f"{pin}{half}": pick() for half in "01" for pin in "ABCD"}
                chosen |= {"INIT0": init(), "INIT1": init()}
                some = {"S0": new()} if rng.integers(2) else {}
                text += cell(kind, chosen, CIN=carry, **pins, COUT=outs[0], S1=outs[1], **some)
                outs += some.values()
                if not rng.integers(12):
                    outs.append(carry)
        wires += outs
    for bit in range(WIDTH):
        chosen = {
            "CEMUX": f'"{rng.choice(["1", "CE", "INV"])}"',
            "CLKMUX": '"CLK"',
            "GSR": '"DISABLED"',
            "LSRMUX": '"LSR"',
            "REGSET": f'"{rng.choice(["SET", "RESET"])}"',
        }
        pins = {"CE": pick(), "CLK": "clk", "DI": f"\\mixed [{bit}]", "LSR": "rst", "Q": f"\\held [{bit}]"}
        text += cell("TRELLIS_FF", chosen, **pins)
    mixed = ", ".join(f"{wire} ^ in_data[{bit}]" for bit, wire in enumerate(wires[-WIDTH:]))
    nets = "".join(f"  wire {name};\n" for name in declared)
    return f"""module network(clk, rst, in_valid, in_ready, in_data, out_valid, out_ready, out_data);
  input clk, rst, in_valid, out_ready;
  input [{WIDTH - 1}:0] in_data;
  output in_ready, out_valid;
  output [{WIDTH - 1}:0] out_data;
  wire [{WIDTH - 1}:0] \\held ;
  wire [{WIDTH - 1}:0] \\mixed ;
{nets}  assign \\mixed = {{{mixed}}} & {{{WIDTH}{{in_valid}}}};
{text}  assign in_ready = out_ready;
  assign out_valid = in_valid;
  assign out_data = \\held ;
endmodule
"""


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3))])
def test_random_cells(cache, seed):
    text = cells(seed)
    plain = inlined(text)
    kept = [line.split()[0] for line in plain.splitlines() if line.startswith(("  LUT4 #", "  PFUMX", "  L6MUX21"))]
    assert not kept and "CCU2C" in plain and "TRELLIS_FF" in plain  # out of the ordinary
    assert max(map(int, re.findall(r"wire \[(\d+):0\] netloom_sum", plain))) >= 16
    assert plain.count("CCU2C #(") < text.count("CCU2C #(") and plain.count("always") > 2
    ports = [StreamPort("in_", WIDTH)], [StreamPort("out_", WIDTH)]
    library = models(text, ECP5)
    sent = np.random.default_rng(seed).integers(0, 256, (400, 2)).astype(np.uint8)
    runs = [
        build({"netlist.v": source, **library}, "network", *ports, cache=cache, lint=False).run(
            [sent], [400], Stalls(1, 0.3, 0.0)
        )
        for source in (text, plain)
    ]
    assert len({row.tobytes() for row in runs[0].outputs[0]}) > 100
    assert (runs[0].outputs[0] == runs[1].outputs[0]).all()


def test_carry_chains_are_sums():
    """Chains end where a carry is looked at, and at 30 bits, which with their carry are one word of the simulator."""

    def chain(name: str, count: int) -> str:
        text = "".join(f"  wire {name}{number} ;\n" for number in range(count + 1))
        for number in range(count):
            pins = "".join(f"    .{pin}{half}({pin.lower()}),\n" for half in "01" for pin in "ABCD")
            pins += f"    .CIN({name}{number} ),\n    .COUT({name}{number + 1} ),\n    .S0(x[{number}])\n"
            chosen = '    .INIT0(16\'h96aa),\n    .INIT1(16\'h96aa),\n    .INJECT1_0("NO"),\n    .INJECT1_1("NO")\n'
            text += f"  CCU2C #(\n{chosen}  ) \\{name}.{number}  (\n{pins}  );\n"
        return text

    looked_at = "  assign seen = m2 ;\n"
    plain = inlined(f"module m;\n{chain('k', 20)}{chain('m', 5)}{looked_at}endmodule\n")
    assert sorted(map(int, re.findall(r"wire \[(\d+):0\]", plain))) == [4, 6, 10, 30]
    assert "CCU2C" not in plain
    assert re.findall(r"assign m\d+ ", plain) == ["assign m2 ", "assign m5 "]


def test_a_ring_of_carries_keeps_all_its_cells():
    pins = "".join(f"    .{pin}{half}(a),\n" for half in "01" for pin in "ABCD")
    chosen = '    .INIT0(16\'h96aa),\n    .INIT1(16\'h96aa),\n    .INJECT1_0("NO"),\n    .INJECT1_1("NO")\n'
    ring = "".join(
        f"  CCU2C #(\n{chosen}  ) cell (\n{pins}    .CIN({start}),\n    .COUT({out})\n  );\n"
        for start, out in ("pq", "qp")
    )
    plain = inlined(f"module m;\n  wire p;\n  wire q;\n{ring}endmodule\n")
    assert re.search(r"wire \[4:0\](.|\n)*\+ p ;\n  assign p  = netloom_sum_0\[4\];", plain)


def test_flip_flops_of_the_same_controls_load_in_one_process():
    def flip_flop(number: int, enable: str) -> str:
        chosen = "\n".join(f'    .{name}("{value}"),' for name, value in (("CEMUX", "CE"), ("GSR", "DISABLED")))
        pins = f"    .CE({enable}),\n    .CLK(clk),\n    .DI(d[{number}]),\n    .LSR(rst),\n    .Q(q[{number}])"
        return f'  TRELLIS_FF #(\n{chosen}\n    .REGSET("RESET")\n  ) f{number} (\n{pins}\n  );\n'

    cells_ = "".join(flip_flop(number, "ab"[number % 2]) for number in range(100))
    plain = inlined(f"module m;\n{cells_}endmodule\nmodule n;\n{flip_flop(0, 'a')}endmodule\n")
    assert [module.count("always") for module in plain.split("endmodule")] == [2, 1, 0]
    assert "TRELLIS_FF" not in plain
    assert max(map(len, plain.splitlines())) < 100  # of a line of many thousand words Verilator has enough
