"""`Loop`: the phase-locked loop of a family, and the search for its settings, `Pll`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from netloom.errors import SettingsError

Span = tuple[float, float]
"""Least and greatest MHz."""


@dataclass(frozen=True)
class Pll:
    """Settings of a loop.

    Attributes:
        mhz: what comes out.
        parameters: of the primitive, dividers and the like.
    """

    mhz: float
    parameters: dict[str, int | str]


@dataclass(frozen=True, eq=False)
class Loop:
    """A phase-locked loop: a clock, divided, is compared with what an oscillator gives, divided twice.

    Attributes:
        range: that it gives.
        detector: that it compares at.
        oscillator: that its oscillator can have.
        fed_back: what the first of the two dividers may take the oscillator's clock to.
        dividers: those there are of the clock, and of what is fed back: the second one and the first.
        out: how many times faster the oscillator is than what is wanted -> dividers to try.
        fast: whether of equal results that with the fastest oscillator is best, or the slowest.
        parameters: (the dividers in this order, that of the output, MHz of the detector) -> the primitive's.
        instance: (settings, clock in, clock out, whether it is locked) -> Amaranth's instance.
        pad_instance: the same, of a loop that is reached from its own pad alone; takes the pad for the clock.
        pads: (device, package) -> pins that are such pads.
    """

    range: Span
    detector: Span
    oscillator: Span
    dividers: tuple[Sequence[int], Sequence[int], Sequence[int]]
    out: Callable[[float], Iterable[int]]
    parameters: Callable[[int, int, int, int, float], dict[str, int | str]]
    instance: Callable[[Pll, Any, Any, Any], Any]
    pad_instance: Callable[[Pll, Any, Any, Any], Any] | None = None
    pads: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    fed_back: Span = (0.0, float("inf"))
    fast: bool = False

    def search(self, source: float, wanted: float) -> Pll | None:
        """The settings that come closest from one frequency in MHz to another, or None."""
        found = []
        for divide_in, feedback, divide_loop in product(*self.dividers):
            compared = source / divide_in
            oscillator = compared * feedback * divide_loop
            if compared < self.detector[0]:
                break
            if compared > self.detector[1] or not self.oscillator[0] <= oscillator <= self.oscillator[1]:
                continue
            if self.fed_back[0] <= oscillator / divide_loop <= self.fed_back[1]:
                order = -oscillator if self.fast else oscillator
                for divide_out in self.out(oscillator / wanted):
                    mhz = oscillator / divide_out
                    # Of equal results the one with the fastest detector, which follows the clock best.
                    rank = (round(abs(mhz - wanted), 9), divide_in, order, divide_loop, feedback, divide_out)
                    found.append((*rank, mhz, compared))
        if not found:
            return None
        _, divide_in, _, divide_loop, feedback, divide_out, mhz, compared = min(found)
        return Pll(mhz, self.parameters(divide_in, feedback, divide_loop, divide_out, compared))


def plan_pll(loop: Loop | None, source_mhz: float, wanted_mhz: float) -> Pll | None:
    """The settings from one frequency to another, as close as a loop comes: within 2 %. None if no loop is needed.

    Raises:
        SettingsError: for a frequency out of the loop's range, or if there is no loop.
    """
    if abs(source_mhz - wanted_mhz) < 1e-6:
        return None
    if loop is None:
        raise SettingsError(f"this family has no PLL: the clock is the board's own, {source_mhz:g} MHz")
    least, most = loop.range
    if not least <= wanted_mhz <= most:
        raise SettingsError(
            f"the PLL of this family gives {least:g} to {most:g} MHz, not {wanted_mhz:g}"
            f" (and {source_mhz:g} MHz, the board's own clock, goes without one)"
        )
    best = loop.search(source_mhz, wanted_mhz)
    if best is None:
        raise SettingsError(f"the PLL cannot make {wanted_mhz:g} MHz from the board's {source_mhz:g} MHz")
    return best
