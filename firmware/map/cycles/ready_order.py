"""`ready_order`: in which order the units of a design are asked what they take, also where streams run back."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from netloom.errors import DeadlockError
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Unit


def ready_order(units: Sequence[Unit], timings: Sequence[Timing]) -> list[int]:
    """Indices of the units, each before those that it follows by `ready` in the same clock cycle.

    `valid` never follows anything, and a unit whose `ready` is registered follows nobody: it cuts a loop.

    Args:
        units: of a design; streams may run back.
        timings: of each.

    Raises:
        DeadlockError: if `ready` goes round without a register: hardware with no meaning, and no order.
    """
    takes = {stream.name: index for index, unit in enumerate(units) for stream in unit.inputs}
    follows: TopologicalSorter[int] = TopologicalSorter()
    for index in reversed(range(len(units))):
        outputs = () if timings[index].ready_is_registered else units[index].outputs
        follows.add(index, *(takes[stream.name] for stream in outputs if stream.name in takes))
    try:
        return [*follows.static_order()][::-1]
    except CycleError as error:
        names = " -> ".join(units[index].name for index in reversed(error.args[1]))
        raise DeadlockError(
            f"ready goes round a loop without a register, through {names}: put a ScanState or a StreamRegister in it"
        ) from None
