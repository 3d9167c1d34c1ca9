"""The pace that is counted, and the buffers that keep it."""

from dataclasses import replace

import pytest
from dataflows import DATAFLOWS

from netloom.errors import DeadlockError
from netloom.firmware.cycles import count_cycles, steady_interval
from netloom.firmware.fold import fold_for_interval, intervals
from netloom.firmware.plan import plan_design
from netloom.firmware.units.stream_fifo import StreamFifo


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
