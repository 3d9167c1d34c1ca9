"""`Timing`: the handshakes of a unit, clock by clock, without its data; `StreamTiming`, of what gives one stream."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar


class Timing(ABC):
    """State of one unit's control logic. Mirrors the SystemVerilog exactly: Verilator is held against it.

    In every clock cycle the caller asks all units for `valid`, which depends on state alone; then, each after those
    that it follows, for `ready`; then it tells each in `clock` which beats were transferred (valid and ready).
    """

    twin: str = ""
    """The same in `cycles.cpp`, by name; "" if there is none."""
    constants: Sequence[int] = ()
    """What the twin is made with."""
    ready_is_registered: ClassVar[bool] = False
    """Whether no `ready` of an input follows that of an output within a clock cycle; it may follow `valid` of the other
    inputs. Every loop of streams needs such a unit. `valid` of the outputs is registered everywhere."""

    @abstractmethod
    def valid(self) -> tuple[bool, ...]:
        """For every output, whether it offers a beat in this cycle."""

    @abstractmethod
    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """For every input, whether the unit takes a beat in this cycle.

        Args:
            valid: of every input, whether a beat is offered.
            ready: of every output, whether it would be taken.
        """

    @abstractmethod
    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """End the cycle.

        Args:
            taken: of every input, whether a beat was transferred.
            given: of every output, whether a beat was transferred.
        """


class StreamTiming(Timing):
    """One output, and one input or several of which a beat each is taken in one clock.

    Attributes:
        offers: whether a beat is at the output; `clock` sets it.
    """

    offers = False

    @abstractmethod
    def takes(self, ready: bool) -> bool:
        """Whether it takes a beat in this cycle, if the one it offers would be taken or not."""

    def valid(self) -> tuple[bool, ...]:
        """See `Timing`."""
        return (self.offers,)

    def ready(self, valid: Sequence[bool], ready: Sequence[bool]) -> tuple[bool, ...]:
        """Each of several inputs waits for the others."""
        takes = self.takes(ready[0])
        if len(valid) == 1:
            return (takes,)
        return tuple(takes and all(valid[:index]) and all(valid[index + 1 :]) for index in range(len(valid)))
