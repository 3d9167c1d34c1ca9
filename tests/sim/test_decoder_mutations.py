"""One fault in what a decoder carries, or in a table that says it: its results differ, and the layer is named."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "hls" / "layers"))

from test_decoder import converted, network, samples

from netloom.errors import SimulationError
from netloom.firmware.generate import generate_design
from netloom.sim import compare_engines, open_engine
from netloom.sim.hardware.rtl import RtlEngine
from netloom.sim.hardware.verilator import Stalls


def words(change):
    """Of a memory's file, all words changed."""
    return lambda text: "".join(f"{change(index, int(word, 16)):x}\n" for index, word in enumerate(text.split()))


def said(old, new):
    def change(text):
        assert old in text, "the design has changed: choose another fault"
        return text.replace(old, new)

    return change


FAULTS = {
    "none": ("network.sv", lambda text: text),
    "it never stops": ("writer_stopped_table.mem", words(lambda index, word: 0)),
    "it has always stopped": ("writer_stopped_table.mem", words(lambda index, word: 1)),
    "another symbol behind the stop": ("writer_symbol_table.mem", words(lambda index, word: word ^ (index >= 8))),
    "the last of equal ones": ("writer_symbol_marked_bias.mem", words(lambda index, word: index)),
    "it starts with another": ("writer_scan_writer_symbol_read*.mem", words(lambda index, word: word ^ 1)),
    "another row": ("writer_row_read.mem", words(lambda index, word: word ^ (index == 0))),
    "what is carried is another": ("scan_state.sv", said(".in_data  (in_data)", ".in_data  (~in_data)")),
    "it begins as if it had stopped": (
        "scan_state.sv",
        said("out_first ? initial_data : fifo_data", "out_first ? ~initial_data : fifo_data"),
    ),
    "the last state goes on": ("scan_state.sv", said("in_valid && !in_last", "in_valid")),
}
"""Files of a design, and what is done to one. The layers that show it are those behind the symbol, or all of them."""


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_decoder(fault, tmp_path, shared):
    model = network("gru that resets before")
    conversion = converted(model, tmp_path)
    design = tmp_path / "design"
    generate_design(conversion.dataflow, interval=2000).write(design)
    pattern, change = FAULTS[fault]
    (path,) = design.glob(pattern)
    path.write_text(change(path.read_text()))
    x = samples(model, 16)
    try:
        rtl = RtlEngine(design, Stalls(1, 0.0, 0.8), shared / "models")
        with open_engine("fixed", conversion=conversion) as fixed:
            found = compare_engines(fixed, rtl, x, trace=True).first_mismatch
    except SimulationError:
        assert fault == "the last state goes on", "streams no longer come out even"
        return
    assert (found is None) == (fault == "none")
    assert found is None or found.layer.startswith("writer")
