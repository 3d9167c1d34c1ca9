"""`Timing`: the handshakes of a unit, clock by clock, without its data."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar


class Timing(ABC):
    """State of one unit's control logic. Mirrors the SystemVerilog exactly: Verilator is held against it.

    In every clock cycle the caller asks all units for `valid`, which depends on state alone; then, each after those
    that it follows, for `ready`; then it tells each in `clock` which beats were transferred (valid and ready).
    """

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

    def compiled(self) -> tuple[str, list[int]] | None:
        """Its twin in `cycles.cpp`, by name, and the constants that one takes; None if there is none."""
        return None

    @abstractmethod
    def clock(self, taken: Sequence[bool], given: Sequence[bool]) -> None:
        """End the cycle.

        Args:
            taken: of every input, whether a beat was transferred.
            given: of every output, whether a beat was transferred.
        """
