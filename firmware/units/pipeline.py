"""The control of a free-running pipeline: firings counted into results, a credit for each, an output FIFO.

Modules built so never stop their datapath. A firing enters in every clock in which a beat is taken; every `firings`th
completes a result, which arrives `latency` clocks later in `credit_fifo.sv`, where a place was reserved for it when
its last beat was taken. A missing place holds up that last beat only.
"""

from collections.abc import Sequence

from netloom.firmware.families import Family
from netloom.firmware.units.timing import Timing
from netloom.firmware.units.unit import Resources

LONGEST_CHAIN = 3
"""Up to this depth the FIFO is a chain of registers, beyond it a memory with an output register."""
MEMORY_DEPTH = 17
"""What a memory of 16 words and its output register hold: the smallest LUT RAM."""


def fifo_latency(depth: int) -> int:
    """Clocks from a push into an empty `credit_fifo` to the clock in which the beat is offered."""
    return depth if depth <= LONGEST_CHAIN else 2


def fifo_depth(firings: int, latency: int) -> int:
    """The least depth at which the FIFO's credits never hold up a pipeline whose results are taken at once.

    Args:
        firings: beats a result takes.
        latency: clocks from a result's last beat to its push.
    """
    # A place is out of use from the clock after its reservation to the one in which the beat leaves, and is seen to be
    # free one clock later.
    depth = 1
    while depth * firings < latency + fifo_latency(depth) + 1:
        depth += 1
    return depth if depth <= LONGEST_CHAIN else max(depth, MEMORY_DEPTH)


def fifo_resources(width: int, depth: int, target: Family) -> Resources:
    """What `credit_fifo` takes for beats of `width` bits, its control included."""
    control = 2 * depth.bit_length() + 1
    if depth <= LONGEST_CHAIN:
        return Resources(control + depth, depth * width + control + depth)
    if not target.lut_ram:
        return Resources(control + 12, control + 14)
    rams = -(-width // 4) * -(-(depth - 1) // 16)
    return Resources(target.lut_ram * rams + control + 14, width + control + 14)


class PipelineTiming(Timing):
    """One input, one output.

    Args:
        firings: beats a result takes.
        latency: clocks from a result's last beat to its push.
        depth: of the output FIFO.
    """

    ready_is_registered = True

    def __init__(self, firings: int, latency: int, depth: int) -> None:
        self._firings = firings
        self._left = firings
        self._free = depth
        # Bit i: a result arrives i clocks from now.
        self._flight = 0
        self._arrival = 1 << latency
        self._fifo: _Chain | _Memory = _Chain(depth) if depth <= LONGEST_CHAIN else _Memory()

    def compiled(self) -> tuple[str, list[int]]:
        """See `Timing`."""
        return "pipeline", [self._firings, self._arrival.bit_length() - 1, self._free, isinstance(self._fifo, _Chain)]

    def valid(self) -> tuple[bool, ...]:
        """A result is at the FIFO's output."""
        return (self._fifo.valid,)

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """Unless the beat would complete a result that has no place."""
        del valid, ready
        return (self._left > 1 or self._free > 0,)

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """Move everything on."""
        if taken[0]:
            self._left -= 1
            if not self._left:
                self._left = self._firings
                self._free -= 1
                self._flight |= self._arrival
        if given[0]:
            self._free += 1
        self._fifo.clock(bool(self._flight & 1), given[0])
        self._flight >>= 1


class JoinedPipelineTiming(PipelineTiming):
    """Two inputs, of which a beat each is taken in one clock, one output."""

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """Each input waits for the other, and for a place in the FIFO."""
        (room,) = super().ready(valid, ready)
        return room and valid[1], room and valid[0]


class _Chain:
    """Registers one after the other; a beat moves on as soon as the next place is empty or emptied."""

    def __init__(self, depth: int) -> None:
        self._full = [False] * depth

    @property
    def valid(self) -> bool:
        return self._full[-1]

    def clock(self, push: bool, given: bool) -> None:
        full = self._full
        moves = not full[-1] or given
        for place in range(len(full) - 1, 0, -1):
            if moves:
                full[place] = full[place - 1]
            moves = moves or not full[place - 1]
        if moves:
            full[0] = push


class _Memory:
    """A memory that is read into an output register whenever that is empty or emptied."""

    def __init__(self) -> None:
        self._stored = 0
        self.valid = False

    def clock(self, push: bool, given: bool) -> None:
        if not self.valid or given:
            self.valid = self._stored > 0
            self._stored -= self.valid
        self._stored += push
