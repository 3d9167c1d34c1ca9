"""`PipelineUnit`: a free-running pipeline: firings counted into results, a credit for each, an output FIFO.

Modules built so never stop their datapath. A firing enters in every clock in which a beat is taken; every `firings`th
completes a result, which arrives `latency` clocks later in `credit_fifo.sv`, where a place was reserved for it when
its last beat was taken. A missing place holds up that last beat only.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from netloom.errors import LayerNotSupportedError, NetloomError
from netloom.firmware.units.elastic import ElasticTiming
from netloom.firmware.units.timing import StreamTiming, Timing
from netloom.firmware.units.unit import Resources, Unit
from netloom.fixed_point import FixedPoint

LONGEST_CHAIN = 3
"""Up to this depth the FIFO is a chain of registers, beyond it a memory with an output register."""
MEMORY_DEPTH = 17
"""What a memory of 16 words and its output register hold: the smallest LUT RAM."""


def fifo_depth(firings: int, latency: int) -> int:
    """The least depth at which the FIFO's credits never hold up a pipeline whose results are taken at once.

    Args:
        firings: beats a result takes.
        latency: clocks from a result's last beat to its push.
    """
    # A place is out of use from the clock after its reservation to the one in which the beat leaves, which is as many
    # clocks as a chain is deep or a memory takes after its push, and is seen to be free one clock later.
    depth = 1
    while depth * firings < latency + (depth if depth <= LONGEST_CHAIN else 2) + 1:
        depth += 1
    return depth if depth <= LONGEST_CHAIN else max(depth, MEMORY_DEPTH)


@dataclass(frozen=True, eq=False)
class PipelineUnit(Unit):
    """A unit with such a control. Each beat that it takes is a firing."""

    @property
    @abstractmethod
    def latency(self) -> int:
        """Clocks from a result's last beat to its arrival in the output FIFO."""

    @property
    def _firings(self) -> int:
        return self.inputs[0].beats // self.outputs[0].beats

    @property
    def depth(self) -> int:
        """Places of the output FIFO."""
        return fifo_depth(self._firings, self.latency)

    def timing(self) -> Timing:
        """The control."""
        return PipelineTiming(self._firings, self.latency, self.depth)

    def _check_dsps(self, dsps: int) -> None:
        """Whether so many of its multipliers can sit in DSP blocks."""
        if not 0 <= dsps <= self.multipliers:
            raise self._error(f"dsps must be 0 to {self.multipliers}, not {dsps}")

    def _order_error(self, accum: FixedPoint | None) -> NetloomError:
        return self._error(
            f"a sum in {accum} may saturate on the way, and the unit does not add in the order that this depends on; "
            "use a wider accumulator, or one that wraps",
            LayerNotSupportedError,
        )

    def _fifo_parameters(self) -> dict[str, int | str]:
        return {"DEPTH": self.depth, "LUT_RAM": int(self.target.lut_ram > 0)}

    def _fifo_resources(self) -> Resources:
        """What `credit_fifo` takes, the control included."""
        width, depth, lut_ram = self.outputs[0].width, self.depth, self.target.lut_ram
        control = 2 * depth.bit_length() + 1
        if depth <= LONGEST_CHAIN:
            return Resources(control + depth, depth * width + control + depth)
        if not lut_ram:
            return Resources(control + 12, control + 14)
        rams = -(-width // 4) * -(-(depth - 1) // 16)
        return Resources(lut_ram * rams + control + 14, width + control + 14)


class PipelineTiming(StreamTiming):
    """The control and its FIFO, `depth` places deep; `firings` and `latency` are those of `fifo_depth`."""

    twin = "pipeline"
    ready_is_registered = True

    def __init__(self, firings: int, latency: int, depth: int) -> None:
        self.constants = [firings, latency, depth, depth <= LONGEST_CHAIN]
        self._firings = firings
        self._left = firings
        self._free = depth
        # Bit i: a result arrives i clocks from now.
        self._flight = 0
        self._arrival = 1 << latency
        self._fifo = ElasticTiming(depth) if depth <= LONGEST_CHAIN else _Memory()

    def takes(self, ready: bool) -> bool:
        """Unless the beat would complete a result that has no place."""
        del ready
        return self._left > 1 or self._free > 0

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
        self._fifo.clock((bool(self._flight & 1),), given)
        self._flight >>= 1
        self.offers = self._fifo.offers


class _Memory:
    """A memory that is read into an output register whenever that is empty or emptied."""

    def __init__(self) -> None:
        self._stored = 0
        self.offers = False

    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        if not self.offers or given[0]:
            self.offers = self._stored > 0
            self._stored -= self.offers
        self._stored += taken[0]
