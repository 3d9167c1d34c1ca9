"""Fitting a device: the fastest there is, what is refused, and what the refusal says."""

import dataclasses
import math

import pytest
from designs import Network

from netloom.errors import FoldingError
from netloom.firmware.families import ECP5
from netloom.firmware.map.folding import fitting as fit_module
from netloom.firmware.map.folding.effort import bitstream_minutes
from netloom.firmware.map.folding.fitting import COMFORTABLE, FULL, Budget, Search, fit, fit_interval
from netloom.firmware.map.folding.folding import fold_for_interval, intervals
from netloom.firmware.units.products import unrolled_sums
from netloom.hls.dataflow import Elementwise, ElementwiseFunction

PATIENT = Search(seconds=math.inf, minutes=math.inf)
ROOMY = Budget("part", ECP5, lut=24_000, dsp=28, bram=56)


@pytest.fixture(scope="module")
def dataflow():
    net = Network((32,))
    net.matvec(24)
    net.relu()
    net.matvec(12)
    return net.done()


def test_the_fastest_that_fits(dataflow):
    everything = fit(dataflow, ROOMY, PATIENT)
    assert everything.design.interval_bound == min(intervals(dataflow))
    assert everything.area.lut <= COMFORTABLE * ROOMY.lut
    less = dataclasses.replace(ROOMY, lut=round(everything.area.lut / COMFORTABLE) - 10)
    slower = fit(dataflow, less, PATIENT)
    assert slower.design.interval_bound > everything.design.interval_bound
    assert slower.area.lut <= COMFORTABLE * less.lut
    assert all(
        fit_interval(dataflow, interval, ROOMY).area.lut > COMFORTABLE * less.lut
        for interval in intervals(dataflow)
        if interval < slower.design.interval_bound
    )


def test_dsp_blocks_are_used_as_far_as_they_go(dataflow):
    assert (
        fit_interval(dataflow, 32, ROOMY).area.dsp
        > fit_interval(dataflow, 32, dataclasses.replace(ROOMY, dsp=3)).area.dsp
    )
    assert fit_interval(dataflow, 32, dataclasses.replace(ROOMY, dsp=3)).area.dsp == 3


@pytest.mark.parametrize(("blocks", "in_products", "in_elements"), [(2, 2, 0), (3, 2, 1), (9, 2, 2)])
def test_elements_are_multiplied_in_the_blocks_that_products_leave(blocks, in_products, in_elements):
    net = Network((16,))
    first = net.matvec(16)
    net.add(Elementwise(ElementwiseFunction.MULTIPLY), first, first)
    found = fit_interval(net.done(), 64, dataclasses.replace(ROOMY, dsp=blocks))
    used = {unit.module: unit.resources().dsp for unit in found.design.units}
    assert (used["matvec"], used["elementwise"]) == (in_products, in_elements)


def test_what_is_asked_for_may_fill_more_of_the_device(dataflow):
    need = fit_interval(dataflow, 16, ROOMY).area.lut
    tight = dataclasses.replace(ROOMY, lut=round(need / FULL) + 2)
    assert fit(dataflow, tight).design.interval_bound > 16
    assert fit_interval(dataflow, 16, tight).design.interval_bound <= 16
    with pytest.raises(
        FoldingError,
        match=r"of 16 clock .* part: it needs about .* LUTs .* too many\); an interval of [\d,]+ does",
    ) as refusal:
        fit_interval(dataflow, 16, dataclasses.replace(ROOMY, lut=round(need / FULL) - 10))
    suggested = int(str(refusal.value).split("an interval of ")[2].split()[0])
    assert suggested > 16


def test_what_never_fits(dataflow):
    with pytest.raises(
        FoldingError, match=r"however it is folded.* it needs about [\d,]+ LUTs .* too many\); use .*larger board"
    ):
        fit(dataflow, dataclasses.replace(ROOMY, lut=150))
    net = Network((256,))
    net.matvec(256)
    with pytest.raises(FoldingError, match=r"19 block RAMs and may use 15 \(4 too many\); use weights of about 3 bits"):
        fit(net.done(), dataclasses.replace(ROOMY, bram=15))


def test_nothing_to_fold():
    net = Network((6,))
    net.relu()
    assert fit(net.done(), ROOMY).cycles.interval == 1


def test_fewer_bits_are_advised(dataflow):
    smallest = min(
        fit(dataflow, ROOMY).area.lut, *(fit_interval(dataflow, i, ROOMY).area.lut for i in intervals(dataflow))
    )
    with pytest.raises(FoldingError, match="use weights of about 3 bits instead of 5, or a larger board"):
        fit(dataflow, dataclasses.replace(ROOMY, lut=round(smallest * 0.75 / FULL)))


def test_what_is_counted_is_no_more_than_what_was_asked_for():
    """Layers of a picture that wait for each other: the slowest layer alone would allow a longer interval."""
    net = Network((9, 8, 2))
    net.window((3, 3), (1, 1), ((1, 1), (1, 1)))
    net.matvec(6)
    net.relu()
    net.window((3, 3), (2, 2), ((0, 0), (0, 0)))
    net.matvec(4)
    dataflow = net.done()
    slow = fit_interval(dataflow, 324)
    assert max(fold.interval for fold in fold_for_interval(dataflow, 324).values()) == 324
    assert slow.cycles.interval <= 324
    for interval in (220, 324, 500):
        for budget in (None, ROOMY):
            found = fit_interval(dataflow, interval, budget)
            assert max(fold.interval for fold in found.folding.values()) <= found.cycles.interval <= interval
    with pytest.raises(FoldingError, match=r"at least (\d+) clock cycles an inference, not \d+: ask for .* \1 or more"):
        fit_interval(dataflow, intervals(dataflow)[0])


def test_the_pace_of_a_refusal_can_be_had(dataflow):
    """Advice is worth what comes of following it, and faster than what nobody asking for a pace would get."""
    need = fit_interval(dataflow, 4, ROOMY).area.lut
    tight = dataclasses.replace(ROOMY, lut=round(need / FULL) - 10)
    with pytest.raises(FoldingError, match="an interval of 4 clock") as refusal:
        fit_interval(dataflow, 4, tight)
    advised = int(str(refusal.value).split("an interval of ")[2].split()[0])
    assert fit_interval(dataflow, advised, tight).cycles.interval <= advised
    assert advised <= fit(dataflow, tight).cycles.interval


def test_nobody_asking_for_a_pace_does_not_wait_long_for_the_tools(dataflow):
    quick = fit(dataflow, ROOMY, Search(minutes=2))
    assert bitstream_minutes(quick.area.lut, ROOMY.lut) <= 2
    assert quick.cycles.interval > fit(dataflow, ROOMY, PATIENT).cycles.interval


class Clock:
    """Time that passes only when a folding is looked at; and Ctrl-C after so many."""

    def __init__(self, monkeypatch, interrupt=math.inf):
        self.looked = 0
        self.interrupt = interrupt
        monkeypatch.setattr(fit_module.time, "monotonic", lambda: float(self.looked))

    def __call__(self, _line):
        self.looked += 1
        if self.looked == self.interrupt + 1:
            raise KeyboardInterrupt


def test_a_search_ends_in_time_with_the_best_so_far(dataflow, monkeypatch):
    best = fit(dataflow, ROOMY, PATIENT).design.interval_bound
    slow = fit(dataflow, ROOMY, Search(2, Clock(monkeypatch), math.inf))
    assert best < slow.design.interval_bound < max(intervals(dataflow))


def test_ctrl_c_gives_the_best_so_far(dataflow, monkeypatch):
    best = fit(dataflow, ROOMY, PATIENT).design.interval_bound
    found = fit(dataflow, ROOMY, Search(60, Clock(monkeypatch, interrupt=2), math.inf))
    assert best < found.design.interval_bound < max(intervals(dataflow))
    with pytest.raises(KeyboardInterrupt):
        fit(dataflow, ROOMY, Search(60, Clock(monkeypatch, interrupt=0), math.inf))


def test_constants_are_not_worked_out_where_all_else_is_too_much(monkeypatch):
    net = Network((64,))
    net.matvec(8)
    net.relu()
    for _ in range(3):
        net.matvec(400)
        net.relu()
    dataflow = net.done()
    monkeypatch.setattr(unrolled_sums, "linear_network", lambda *_: pytest.fail("worked out"))
    with pytest.raises(FoldingError, match=r"at least [\d,]+ LUTs"):
        fit_interval(dataflow, 1, dataclasses.replace(ROOMY, lut=1000))
