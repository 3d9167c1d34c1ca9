"""A netlist with a short name for every bit means what it meant."""

import pytest

from netloom.sim.hardware.scalar import scalar


def test_every_bit_has_a_short_name_of_its_own():
    text = "  input clk;\n  wire \\a.b[0].c ;\n  wire [2:1] \\a.b ;\n  assign \\a.b[0].c  = \\a.b [2] & clk;\n"
    assert scalar(text) == (
        "  input clk;\n  wire netloom_name_2 ;\n  wire netloom_name_0 ;\n  wire netloom_name_1 ;\n"
        "  assign netloom_name_2  = netloom_name_0  & clk;\n"
    )


@pytest.mark.parametrize(
    ("range_", "used", "bits"),
    [
        ("3:0", " ", (3, 2, 1, 0)),
        ("3:0", " [2:1]", (2, 1)),
        ("0:3", " ", (0, 1, 2, 3)),
        ("0:3", " [1:2]", (1, 2)),
        ("0:0", " ", (0,)),
        ("5:4", " [4]", (4,)),
    ],
)
def test_vectors_are_their_bits_in_order(range_, used, bits):
    first, last = map(int, range_.split(":"))
    every = {
        bit: f"netloom_name_{place} "
        for place, bit in enumerate(range(first, last - 1, -1) if first > last else range(first, last + 1))
    }
    expected = every[bits[0]] if "]" in used and ":" not in used else f"{{ {', '.join(every[bit] for bit in bits)}}}"
    text = scalar(f"  wire [{range_}] \\v ;\n  assign out = \\v{used};\n")
    assert text == "".join(f"  wire {name};\n" for name in every.values()) + f"  assign out = {expected};\n"


def test_what_is_no_vector_of_wires_keeps_its_indices():
    """Ports, and whatever Yosys may declare in other words."""
    text = "  input [7:0] d;\n  wire signed [7:0] \\v ;\n  assign d[3] = \\v [2];\n"
    assert (
        scalar(text) == "  input [7:0] d;\n  wire signed [7:0] netloom_name_0 ;\n  assign d[3] = netloom_name_0 [2];\n"
    )
