"""The carry chain as Verilator sees it, and as synthesis does: proven equal."""

import shutil

import pytest

from netloom.errors import ToolFailedError
from netloom.firmware.build.tools import find_tool, run_tool
from netloom.firmware.families import ECP5

SCRIPT = """
read_verilog -sv -D VERILATOR carry_chain.sv
hierarchy -top carry_chain -chparam WIDTH {width} -chparam TABLE 16'h{table}
proc; flatten; opt_clean
rename -top gold
design -stash gold
read_verilog -sv carry_chain.sv
read_verilog -sv -defer CCU2C.sv
hierarchy -top carry_chain -chparam WIDTH {width} -chparam TABLE 16'h{table}
proc; flatten; opt_clean
rename -top gate
design -stash gate
design -copy-from gold gold
design -copy-from gate gate
miter -equiv -make_assert -flatten gold gate miter
sat -verify -prove-asserts -set-def-inputs miter
"""


def prove(folder, text, width, table):
    (folder / "carry_chain.sv").write_text(text)
    shutil.copy(ECP5.models / "CCU2C.sv", folder)
    (folder / "prove.ys").write_text(SCRIPT.format(width=width, table=table))
    run_tool(find_tool("yosys"), ["-q", "prove.ys"], folder, folder / "prove.log")


@pytest.mark.parametrize("table", ["7888", "8777", "665a"])
@pytest.mark.parametrize("width", [1, 2, 7, 8])
def test_sums_are_what_the_cells_compute(tmp_path, width, table):
    prove(tmp_path, (ECP5.rtl / "carry_chain.sv").read_text(), width, table)


def test_a_wrong_sum_is_not_proven(tmp_path):
    text = (ECP5.rtl / "carry_chain.sv").read_text()
    broken = text.replace("(a & b) + (c & d) + carry_in", "(a & b) + (c | d) + carry_in", 1)
    assert broken != text
    with pytest.raises(ToolFailedError):
        prove(tmp_path, broken, 7, "7888")
