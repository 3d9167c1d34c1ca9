"""Reports side by side: a table, and their main score against latency as a plot."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from netloom.common.palette import INK, LINE, MUTED, SEEN
from netloom.metrics import Metric, metrics_of, score_metric, words_of
from netloom.report.figure import drawing, new_figure, to_svg
from netloom.report.schema import Report
from netloom.report.templates import page_template

_PRINT = {INK: "#1d1d1f", MUTED: "#6a6a70", LINE: "#e4e1da", SEEN: "#0b5fa5"}
"""What the page's variables are on paper."""
_NEAR = (0.35, 0.08)
"""Shares of the plot's width and height within which the words of one mark would meet another."""


@dataclass(frozen=True)
class Compared:
    """One report, and what it is called beside others."""

    name: str
    report: Report


@dataclass(frozen=True)
class Row:
    """One metric of all reports.

    Attributes:
        cells: its value in each report, for people; empty where a report has none.
        best: whether each is the best of those that differ.
    """

    metric: Metric
    cells: tuple[str, ...]
    best: tuple[bool, ...]


def named(paths: Sequence[Path], reports: Sequence[Report]) -> list[Compared]:
    """Reports under the shortest ends of their paths that tell them apart."""
    parts = [path.resolve().parts for path in paths]
    length = 1
    while len({part[-length:] for part in parts}) < len(set(parts)) and length < max(map(len, parts)):
        length += 1
    names = ["/".join(part[-length:]) for part in parts]
    return [Compared(name, report) for name, report in zip(names, reports, strict=True)]


def rows(compared: Sequence[Compared]) -> list[Row]:
    """The metrics that any of the reports has, each for all of them."""
    found = []
    for metric in metrics_of([one.report for one in compared]).values():
        values = [metric.value(one.report) for one in compared]
        present = [value for value in values if value is not None]
        if not present:
            continue
        best = max(present, key=lambda value: metric.better * value)
        distinguishes = metric.better != 0 and min(present) != max(present)
        found.append(
            Row(
                metric,
                tuple("" if value is None else metric.text(value) for value in values),
                tuple(distinguishes and value == best for value in values),
            )
        )
    return found


def plot(compared: Sequence[Compared], colours: Mapping[str, str] | None = None) -> Figure | None:
    """The main score of the first report against latency, one mark a report that has it; None if none has.

    Filled where the latency was counted on the hardware, hollow where it is the estimate for the C++ firmware. Under a
    report's name stands what its hardware takes.
    """
    score = compared[0].report.task.scores[0]
    metric, scale = score_metric(score), 100 if score.unit == "%" else 1
    points = [(one, value) for one in compared if (value := metric.value(one.report)) is not None]
    if not points:
        return None
    ink, muted, seen = ((colours or {}).get(colour, colour) for colour in (INK, MUTED, SEEN))
    figure = new_figure(7.2, 3.8)
    axes = figure.subplots()
    marks = []
    for one, value in points:
        counted = _counted(one.report)
        marks.append((one.report.timing.latency_microseconds if counted is None else counted, scale * value))
        axes.plot(*marks[-1], "o", color=seen, markersize=8, fillstyle="none" if counted is None else "full")
    latencies = [latency for latency, _ in marks]
    if max(latencies) > 10 * min(latencies):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.margins(x=0.2, y=0.2)
    places = axes.transAxes.inverted().transform(axes.transData.transform(marks))
    for (one, _), mark, place in zip(points, marks, places, strict=True):
        # To the left of a mark with another one close on its right.
        right, up = (places - place).T
        side, align = (-8, "right") if ((right > 0) & (right < _NEAR[0]) & (abs(up) < _NEAR[1])).any() else (8, "left")
        for down, words, colour, size in ((4, one.name, ink, None), (-7, _taken(one.report), muted, 7)):
            axes.annotate(words, mark, (side, down), textcoords="offset points", ha=align, color=colour, fontsize=size)
    axes.set_xlabel("latency, µs")
    axes.set_ylabel(f"{words_of(score)}, {score.unit}" if score.unit else words_of(score))
    axes.yaxis.label.set_color(muted)
    axes.grid(True)
    axes.set_axisbelow(True)
    return figure


def _counted(report: Report) -> float | None:
    """The latency that was counted on the hardware, in microseconds."""
    return report.hardware.latency_microseconds if report.hardware else None


def _taken(report: Report) -> str:
    """What the hardware takes of the FPGA, in words; empty before synthesis."""
    resources = report.hardware.resources if report.hardware else ()
    taken = {one.name: one.used for one in resources if one.used}
    return ", ".join(f"{taken[name]:,} {name}" for name in ("LUT", "DSP", "BRAM") if name in taken)


def png(compared: Sequence[Compared]) -> bytes | None:
    """The plot as a picture; None if there is nothing to plot."""
    with drawing(_PRINT):
        figure = plot(compared, _PRINT)
        if figure is None:
            return None
        figure.set_facecolor("white")
        buffer = io.BytesIO()
        FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()


def page(compared: Sequence[Compared], verdicts: Sequence[tuple[str, str, bool]] = ()) -> str:
    """A self-contained HTML page; a verdict is a condition, a report's name, and whether it held there: it failed."""
    score = compared[0].report.task.scores[0]
    label = f"{words_of(score).capitalize()} against latency, one mark a report"
    with drawing():
        figure = plot(compared)
        drawn = "" if figure is None else to_svg(figure, "tradeoff", label)
    return page_template("comparison.html.j2").render(
        compared=compared,
        rows=rows(compared),
        plot=drawn,
        score=score,
        score_words=words_of(score),
        hollow=any(_counted(one.report) is None for one in compared),
        verdicts=verdicts,
    )
