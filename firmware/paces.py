"""`paces`: what a network would take of a device at several paces, without any tool."""

from collections.abc import Iterator
from dataclasses import dataclass

from netloom.firmware.board.devices import Device
from netloom.firmware.generate import budget_of
from netloom.firmware.map.folding.area import Area
from netloom.firmware.map.folding.effort import bitstream_minutes
from netloom.firmware.map.folding.fitting import FULL, Candidate, Search, fastest
from netloom.firmware.map.folding.folding import fold_for_interval, intervals
from netloom.hls.dataflow import Dataflow

_ROWS = 8


@dataclass(frozen=True)
class Pace:
    """One folding of a network.

    Attributes:
        interval: clock cycles between inferences; counted, if `latency` is, else those of the slowest layer.
        latency: clock cycles; None where there was no time to count them.
        area: estimate of what the network takes.
        minutes: from the design to the bitstream, with one placement, as estimated.
        chosen: whether it is the one that nobody's asking for a pace gives.
    """

    interval: int
    latency: int | None
    area: Area
    minutes: float
    chosen: bool


def paces(dataflow: Dataflow, device: Device, search: Search | None = None) -> Iterator[Pace]:
    """Some of the paces at which a device holds a network, from the fastest to the slowest.

    Args:
        dataflow: the network.
        device: whose size is not exceeded.
        search: its time, and who is told; when it is up, what comes then is not counted.

    Yields:
        Nothing if the device does not hold the network, however it is folded.
    """
    search = search or Search()
    budget = budget_of(device)
    assert budget is not None
    possible = intervals(dataflow)
    first = fastest(dataflow, possible, budget, lambda candidate: not candidate.shortages(FULL), search)
    if first is None:
        return
    comfortable = fastest(
        dataflow, possible, budget, lambda candidate: candidate.is_comfortable(search.minutes), search
    )
    left = [pace for pace in possible if pace >= first.interval]
    shown = {first.interval, left[-1]} | ({comfortable.interval} if comfortable else set())
    for step in range(1, _ROWS - 1):
        wanted = first.interval * (left[-1] / first.interval) ** (step / (_ROWS - 1))
        if len(shown) < _ROWS:
            shown.add(min(left, key=lambda pace: abs(pace - wanted)))
    seen: set[int] = set()
    for pace in sorted(shown):
        search.told(f"an interval of {pace:,} clock cycles")
        candidate = Candidate(dataflow, fold_for_interval(dataflow, pace), budget, pace)
        if candidate.design.interval_bound in seen or candidate.shortages(FULL):
            continue
        seen.add(candidate.design.interval_bound)
        found = None if search.over else candidate.counted()
        area = found.area if found else candidate.area
        yield Pace(
            interval=found.cycles.interval if found else candidate.design.interval_bound,
            latency=found.cycles.latency if found else None,
            area=area,
            minutes=bitstream_minutes(area.lut, device.lut),
            chosen=comfortable is not None and pace == comfortable.interval,
        )
