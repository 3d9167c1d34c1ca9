"""The pace that is counted, and the buffers that keep it."""

import json
import math
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from dataflows import DATAFLOWS

from netloom.errors import DeadlockError
from netloom.firmware.families import ECP5, GENERIC
from netloom.firmware.generate import generate_design
from netloom.firmware.map.cycles import compiled_cycles, cycles
from netloom.firmware.map.cycles.compiled_cycles import CompiledRun
from netloom.firmware.map.cycles.cycles import count_cycles, steady_interval
from netloom.firmware.map.folding.folding import fold_for_interval, intervals
from netloom.firmware.map.layout import lay_out, plan_design
from netloom.firmware.units.streams.stream_fifo import StreamFifo
from netloom.hls import HlsSettings, convert
from netloom.testing.random_networks.networks import build_model


def ends(*waits):
    total, found = 0, []
    for wait in waits:
        total += wait
        found.append(total)
    return found


def test_a_pace_is_the_average_of_a_pattern():
    assert steady_interval(ends(40, 7, 5, 5, 5)) == 5
    assert steady_interval(ends(40, 9, 4, 6, 4, 6)) == 5
    assert steady_interval(ends(40, *(1, 1, 2) * 3)) == 2  # 4 / 3, rounded up
    assert steady_interval(ends(40, 7, 5, 4, 5)) is None
    assert steady_interval(ends(40, 5)) is None
    assert steady_interval([]) is None
    late = ends(40, *(1, 1, 1, 1, 1, 2) * 3, 1, 1, 1)
    assert steady_interval(late, held=6) == 2
    assert steady_interval(late) == 1, "nothing tells that more than three are under way"


@pytest.mark.parametrize("name", ["softmax", "residual", "two_outputs"])
def test_branches_do_not_slow_each_other_down(name):
    dataflow = DATAFLOWS[name]()
    design = plan_design(dataflow, fold_for_interval(dataflow, intervals(dataflow)[0]))
    assert count_cycles(design).interval == design.interval_bound


def test_fifos_at_a_fast_pace_are_no_deeper_than_needed():
    dataflow = DATAFLOWS["softmax"]()
    design = plan_design(dataflow, fold_for_interval(dataflow, intervals(dataflow)[0]))
    pace = count_cycles(design).interval
    deep = [unit for unit in design.units if isinstance(unit, StreamFifo) and unit.depth > 4]
    assert deep
    for fifo in deep:
        shallow = replace(fifo, depth=fifo.depth // 2)
        try:
            slower = count_cycles(
                replace(design, units=tuple(shallow if unit is fifo else unit for unit in design.units))
            )
        except DeadlockError:
            continue
        assert slower.interval > pace


@pytest.mark.parametrize("name", DATAFLOWS)
def test_compiled_code_counts_what_python_counts(name, monkeypatch):
    """Latency, interval and the beats in every FIFO, of designs fast and slow."""
    dataflow = DATAFLOWS[name]()
    for interval in intervals(dataflow)[::5]:
        for target in (GENERIC, ECP5):
            design = lay_out(dataflow, fold_for_interval(dataflow, interval), target)
            monkeypatch.setattr(cycles, "_COMPILED_FROM", math.inf)
            interpreted = count_cycles(design)
            monkeypatch.setattr(cycles, "_COMPILED_FROM", 0)
            assert CompiledRun.of(design) is not None
            assert count_cycles(design) == interpreted


def test_a_pace_that_a_filling_buffer_hides_is_not_the_one_that_is_told(tmp_path):
    """Attention behind an LSTM in both directions: 20 times 194 clock cycles, then 197 for ever."""
    kept = Path(__file__).parents[2] / "regressions" / "network_26.json"
    spec = json.loads(kept.read_text())["specification"]
    conversion = convert(build_model(spec), HlsSettings(**spec["settings"]), tmp_path / "net")
    generated = generate_design(conversion.dataflow, interval=72 * 4)
    run = CompiledRun.of(generated.design)
    while len(run.finished) < 60:
        run.advance(1 << 16)
    waits = [after - before for before, after in pairwise(run.finished)]
    assert generated.cycles.interval == waits[-1] > waits[0]


def test_compiled_code_finds_who_waits(monkeypatch):
    dataflow = DATAFLOWS["softmax"]()
    design = lay_out(dataflow, fold_for_interval(dataflow, intervals(dataflow)[-1]), GENERIC)
    tight = replace(design, units=tuple(replace(u, depth=2) if isinstance(u, StreamFifo) else u for u in design.units))
    found = []
    for limit in (math.inf, 0):
        monkeypatch.setattr(cycles, "_COMPILED_FROM", limit)
        with pytest.raises(DeadlockError) as raised:
            count_cycles(tight)
        found.append(str(raised.value))
    assert found[0] == found[1]


def test_without_a_compiler_python_counts(monkeypatch):
    dataflow = DATAFLOWS["residual"]()
    design = lay_out(dataflow, fold_for_interval(dataflow, intervals(dataflow)[0]), GENERIC)
    expected = count_cycles(design)
    monkeypatch.setattr(cycles, "_COMPILED_FROM", 0)
    monkeypatch.setattr(compiled_cycles, "_library", lambda: None)
    assert count_cycles(design) == expected


def test_the_slowest_unit_is_looked_for_once(monkeypatch):
    dataflow = DATAFLOWS["mlp"]()
    design = lay_out(dataflow, fold_for_interval(dataflow, intervals(dataflow)[0]), GENERIC)
    asked = Counter()
    for kind in {type(unit) for unit in design.units}:
        monkeypatch.setattr(kind, "interval", property(lambda unit: asked.update([unit.name]) or 1))
    count_cycles(design)
    assert max(asked.values()) <= 3
