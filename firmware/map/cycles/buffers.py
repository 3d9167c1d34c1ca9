"""FIFO depths where a stream forks: as deep as they are full when the design runs at its pace, and no deeper.

Branches of different latency meet again at a join. A FIFO that holds a whole tensor can never block; what one inference
really leaves in it is enough too, since the units fire in fixed patterns. At a short interval several inferences are
under way at a time, and a FIFO must hold as many beats as the other branch does. All of it is counted, not believed:
the design with its final depths is run again, and must neither stop nor lose pace.

In a loop over steps a FIFO never holds more than the state that goes round, and that of the next sequence's beginning.
Deeper ones may be slower ones, and there every clock cycle is paid in every step.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from netloom.errors import DeadlockError
from netloom.firmware.design import Design
from netloom.firmware.map.cycles.cycles import Cycles, count_cycles
from netloom.firmware.units.streams.scan_start import ScanStart
from netloom.firmware.units.streams.scan_state import ScanState
from netloom.firmware.units.streams.stream_fifo import StreamFifo
from netloom.firmware.units.streams.stream_fork import StreamFork

_LEAST = 2


def sized_and_counted(design: Design) -> tuple[Design, Cycles]:
    """The design with FIFOs behind forks as deep as needed, and the cycles it takes then."""
    copies = {stream.name for unit in design.units if isinstance(unit, StreamFork) for stream in unit.outputs}
    if not copies:
        return design, count_cycles(design, for_good=True)

    fifos = [unit for unit in design.units if isinstance(unit, StreamFifo) and unit.source.name in copies]
    alone = count_cycles(design, inferences=1)
    # No branch is behind another one by more than the latency of all.
    loops = _in_loops(design)
    roomy = _with_depths(
        design,
        {f.name: f.depth + (f.source.beats * design.group if f.name in loops else alone.latency) for f in fifos},
    )
    flowing = count_cycles(roomy)
    # A full FIFO takes no beat in the clock cycle in which it gives one: hence the spare place.
    for occupancy, spare in ((alone.occupancy, 0), (flowing.occupancy, 0), (flowing.occupancy, 1)):
        tight = _with_depths(design, {fifo.name: max(occupancy[fifo.name] + spare, _LEAST) for fifo in fifos})
        with suppress(DeadlockError):
            if count_cycles(tight).interval <= flowing.interval:
                return tight, count_cycles(tight, for_good=True)
    return roomy, count_cycles(roomy, for_good=True)


def _in_loops(design: Design) -> set[str]:
    """Names of the units whose beats come back to them: every loop goes through a state."""
    takes = {stream.name: unit.name for unit in design.units for stream in unit.inputs}
    after = {unit.name: {takes[s.name] for s in unit.outputs if s.name in takes} for unit in design.units}
    before: dict[str, set[str]] = {name: set() for name in after}
    for name, following in after.items():
        for other in following:
            before[other].add(name)
    states = [unit.name for unit in design.units if isinstance(unit, ScanState | ScanStart)]
    return set().union(*(_reached(state, after) & _reached(state, before) for state in states))


def _reached(start: str, neighbours: Mapping[str, set[str]]) -> set[str]:
    found, left = {start}, [start]
    while left:
        new = neighbours[left.pop()] - found
        found |= new
        left += new
    return found


def _with_depths(design: Design, depths: Mapping[str, int]) -> Design:
    """With FIFOs of other depths, by name."""
    units = tuple(
        replace(unit, depth=depths[unit.name]) if isinstance(unit, StreamFifo) and unit.name in depths else unit
        for unit in design.units
    )
    return replace(design, units=units)
