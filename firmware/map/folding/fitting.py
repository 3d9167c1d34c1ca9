"""`fit` and `fit_interval`: a sensible folding for a device, or the smallest at a given pace."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from netloom.errors import FoldingError
from netloom.firmware.design import Design
from netloom.firmware.families import GENERIC, Family
from netloom.firmware.map.cycles.buffers import sized_and_counted
from netloom.firmware.map.cycles.cycles import Cycles
from netloom.firmware.map.folding.area import Area, design_area, least_area
from netloom.firmware.map.folding.effort import SEARCH_SECONDS, bitstream_minutes
from netloom.firmware.map.folding.fold import Fold
from netloom.firmware.map.folding.folding import fold_for_interval, intervals, share_dsps
from netloom.firmware.map.folding.products import products
from netloom.firmware.map.layout import lay_out
from netloom.hls.dataflow import Dataflow

COMFORTABLE = 0.65
"""Part of a device's LUTs taken when nobody asks for a pace: beyond it routing takes long and slows the clock."""

COMFORTABLE_MINUTES = 5.0
"""Of synthesis, placement and routing, as estimated, when nobody asks for a pace."""

FULL = 0.85
"""Part of a device's LUTs that a design asked for may take: beyond it routing fails more often than not."""


@dataclass(frozen=True)
class Budget:
    """What a device has for the network, its own name included for messages."""

    device: str
    target: Family
    lut: int
    dsp: int
    bram: int


@dataclass(frozen=True)
class Fitted:
    """A design within a budget.

    Attributes:
        design: its units and streams.
        folding: of every product, by the name of its node.
        area: estimate of what it takes.
        cycles: latency and initiation interval, counted.
    """

    design: Design
    folding: dict[str, Fold]
    area: Area
    cycles: Cycles


@dataclass
class Search:
    """How long a search may take, and who is told what it is looking at.

    Attributes:
        seconds: after which it ends with the best it has found.
        told: gets a line for every folding it looks at.
        minutes: from the design to the bitstream, as estimated, at most, when nobody asks for a pace.
    """

    seconds: float = SEARCH_SECONDS
    told: Callable[[str], None] = field(default=lambda _: None)
    minutes: float = COMFORTABLE_MINUTES
    _began: float = field(default_factory=lambda: time.monotonic())

    @property
    def over(self) -> bool:
        """Whether its time is up."""
        return time.monotonic() - self._began > self.seconds


class Candidate:
    """The network folded, for a pace if one is given: its area, exactly or at least, and whether a budget holds it."""

    def __init__(self, dataflow: Dataflow, folding: dict[str, Fold], budget: Budget | None, interval: int = 0) -> None:
        self.interval = interval
        self.folding = folding
        self._budget = budget
        if budget is None:
            self.design = lay_out(dataflow, folding, GENERIC)
        else:
            dsps = share_dsps(dataflow, folding, budget.dsp, budget.target)
            self.design = lay_out(dataflow, folding, budget.target, dsps, budget.dsp)
        self.least = least_area(self.design)

    @property
    def area(self) -> Area:
        """Exactly; with many constant weights this takes seconds."""
        return design_area(self.design)

    def shortages(self, part: float) -> dict[str, "Shortage"]:
        """What a device is short of, of whose LUTs only a part may be taken. The adders of constant weights, which take
        long to find, are looked at only if all else fits."""
        assert self._budget is not None
        constants = any(fold.unrolled for fold in self.folding.values())
        least = _shortages(self.least, self._budget, part, "at least" if constants else "about")
        return least or (_shortages(self.area, self._budget, part, "about") if constants else {})

    def is_comfortable(self, minutes: float) -> bool:
        """Whether it goes through the tools with ease, in so many minutes at most."""
        if self._minutes(self.least) > minutes or self.shortages(COMFORTABLE):
            return False
        return self._minutes(self.area) <= minutes

    def _minutes(self, area: Area) -> float:
        assert self._budget is not None
        return bitstream_minutes(area.lut, self._budget.lut)

    def counted(self) -> Fitted:
        """With its buffers as deep as they have to be."""
        tight, cycles = sized_and_counted(self.design)
        return Fitted(tight, self.folding, design_area(tight), cycles)


@dataclass(frozen=True)
class Shortage:
    """Too little of something: what is needed, "about" or "at least", and what there is."""

    need: int
    how: str
    there: int


def fit(dataflow: Dataflow, budget: Budget, search: Search | None = None) -> Fitted:
    """The fastest design that a device holds with ease: in 65 % of its LUTs, and 5 minutes of synthesis and routing.

    If there is none, the smallest, in 85 % of the LUTs. When its time is up, or at Ctrl-C, a search that has found a
    design ends with the fastest so far.

    Raises:
        FoldingError: if not even the smallest fits; says what overflows, and by how much.
    """
    search = search or Search()
    paces = intervals(dataflow)
    found = fastest(dataflow, paces, budget, lambda candidate: candidate.is_comfortable(search.minutes), search)
    if found is None:
        found = _smallest(dataflow, paces, budget, search)
        if shortages := found.shortages(FULL):
            raise FoldingError(
                f"the network does not fit {budget.device}, however it is folded. At its smallest, with an interval of "
                f"{found.design.interval_bound:,} clock cycles, it {_words(shortages)}; use "
                f"{_fewer_bits(dataflow, shortages)}a larger board"
            )
    search.told(f"counting the clock cycles of an interval of {found.interval:,}")
    return found.counted()


def fit_interval(
    dataflow: Dataflow, interval: int, budget: Budget | None = None, search: Search | None = None
) -> Fitted:
    """The design with the fewest multipliers that takes at most `interval` clock cycles an inference.

    Layers may have to wait for each other, so that an inference takes a few more clock cycles than its slowest layer;
    the layers are then made faster, until what is counted is no more than was asked for.

    Args:
        dataflow: the network.
        interval: clock cycles between inferences, at most.
        budget: what there is; None is as much as it takes, of no device in particular.
        search: its time; defaults for None.

    Raises:
        FoldingError: if the network cannot be that fast, or the device does not hold it, or time is up before.
    """
    search = search or Search()
    asked = interval
    fastest = max((min(f.interval for f in p.folds) for p in products(dataflow)), default=0)
    while True:
        search.told(f"an interval of {asked:,} clock cycles")
        candidate = Candidate(dataflow, fold_for_interval(dataflow, asked), budget, asked)
        if budget is not None and (shortages := candidate.shortages(FULL)):
            raise FoldingError(
                f"an interval of {interval:,} clock cycles does not fit {budget.device}: it {_words(shortages)}; "
                f"{_slower(dataflow, interval, budget, search)}"
            )
        found = candidate.counted()
        if found.cycles.interval <= interval:
            return found
        slowest = max((fold.interval for fold in found.folding.values()), default=0)
        if slowest <= fastest:
            raise FoldingError(
                f"the network takes at least {found.cycles.interval:,} clock cycles an inference, not {interval:,}: "
                f"ask for an interval of {found.cycles.interval:,} or more"
            )
        if search.over:
            raise FoldingError(
                f"no folding with an interval of {interval:,} clock cycles was found in {search.seconds:g} s; the last "
                f"one tried takes {found.cycles.interval:,}: ask for that, or give the design more time"
            )
        asked = slowest - 1


def fastest(
    dataflow: Dataflow,
    paces: Sequence[int],
    budget: Budget,
    fits: Callable[[Candidate], bool],
    search: Search,
) -> Candidate | None:
    """The fastest pace that fits, or the fastest found in time; None if none was found.

    Halving what lies between the fastest pace and the slowest soon finds one that fits. As a faster one may be smaller,
    all that are faster are looked at then, the fastest first.
    """
    best: Candidate | None = None
    seen: set[int] = set()

    def look(index: int) -> bool:
        nonlocal best
        seen.add(index)
        search.told(f"an interval of {paces[index]:,} clock cycles" + (f", best {best.interval:,}" if best else ""))
        candidate = Candidate(dataflow, fold_for_interval(dataflow, paces[index]), budget, paces[index])
        if fits(candidate):
            best = candidate
            return True
        return False

    try:
        low, high = 0, len(paces) - 1
        while low <= high and not search.over:
            middle = high if best is None and not seen else (low + high) // 2
            if look(middle):
                high = middle - 1
            else:
                low = middle + 1
        index = 0
        while index < len(paces) and not search.over and (best is None or paces[index] < best.interval):
            if index not in seen and look(index):
                break
            index += 1
    except KeyboardInterrupt:
        if best is None:
            raise
    return best


def _smallest(dataflow: Dataflow, paces: Sequence[int], budget: Budget, search: Search) -> Candidate:
    """Memories and multiplexers may grow as multipliers get fewer: all are looked at, the slowest first."""
    best: Candidate | None = None

    def size(area: Area) -> float:
        return max(area.lut / budget.lut, area.bram / max(budget.bram, 1))

    for pace in reversed(paces):
        if best is not None and search.over:
            break
        candidate = Candidate(dataflow, fold_for_interval(dataflow, pace), budget, pace)
        if best is None or (size(candidate.least) <= size(best.area) and size(candidate.area) <= size(best.area)):
            best = candidate
    assert best is not None, "a network has at least one interval"
    return best


def _slower(dataflow: Dataflow, interval: int, budget: Budget, search: Search) -> str:
    """Advice on the pace that fits, where an interval does not."""
    paces = [pace for pace in intervals(dataflow) if pace > interval]
    found = fastest(dataflow, paces, budget, lambda candidate: not candidate.shortages(FULL), search)
    if found is None:
        return "no longer interval was found that does: use fewer bits or a larger board"
    return f"an interval of {found.counted().cycles.interval:,} does"


def _shortages(area: Area, budget: Budget, part: float, how: str) -> dict[str, Shortage]:
    """What is short."""
    limits = {
        "LUTs": (area.lut, int(budget.lut * part)),
        "DSP blocks": (area.dsp, budget.dsp),
        "block RAMs": (area.bram, budget.bram),
    }
    return {what: Shortage(need, how, most) for what, (need, most) in limits.items() if need > most}


def _words(shortages: Mapping[str, Shortage]) -> str:
    return ", ".join(
        f"needs {short.how} {short.need:,} {what} and may use {short.there:,} ({short.need - short.there:,} too many)"
        for what, short in shortages.items()
    )


def _fewer_bits(dataflow: Dataflow, shortages: Mapping[str, Shortage]) -> str:
    """Advice on the width of weights, which memories grow with in proportion, and logic at least."""
    widest = max((product.weight_width for product in products(dataflow)), default=1)
    fitting = min(widest * short.there // short.need for short in shortages.values())
    return f"weights of about {fitting} bits instead of {widest}, or " if fitting > 1 else ""
