"""FIFO depths where a stream forks: as deep as they were full when one inference went through alone.

Branches of different latency meet again at a join. A FIFO that holds a whole tensor can never block; what one inference
really leaves in it is enough too, since the units fire in fixed patterns. That is checked, not believed: the design
with those depths is run again, and keeps the deep FIFOs if it were to stop or to lose pace.
"""

from dataclasses import replace

from netloom.errors import DeadlockError
from netloom.firmware.cycles import count_cycles
from netloom.firmware.design import Design
from netloom.firmware.units.stream_fifo import StreamFifo
from netloom.firmware.units.stream_fork import StreamFork

_LEAST = 2


def sized(design: Design) -> Design:
    """The design with FIFOs behind forks no deeper than needed."""
    copies = {stream.name for unit in design.units if isinstance(unit, StreamFork) for stream in unit.outputs}
    if not copies:
        return design
    occupancy = count_cycles(design, inferences=1).occupancy
    units = tuple(
        replace(unit, depth=max(occupancy[unit.name], _LEAST))
        if isinstance(unit, StreamFifo) and unit.source.name in copies
        else unit
        for unit in design.units
    )
    tight = replace(design, units=units)
    try:
        return tight if count_cycles(tight).interval <= count_cycles(design).interval else design
    except DeadlockError:
        return design
