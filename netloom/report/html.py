"""`report.html`: one self-contained page, made from the record and the run's arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from netloom.metrics import RUNGS, why_no_score, words_of
from netloom.report import plots
from netloom.report.diagram import diagram
from netloom.report.differences import differences
from netloom.report.evidence import Evidence
from netloom.report.pictures import drawn
from netloom.report.samples import samples
from netloom.report.schema import FidelityRecord, Report
from netloom.report.templates import page_template, percent, points, with_sign


@dataclass(frozen=True)
class Verdict:
    """The report in one sentence; `equal` is None if nothing was held against `fixed`."""

    equal: bool | None
    sentence: str


@dataclass(frozen=True)
class Rung:
    """One of `RUNGS` on the ladder: its score or, without targets, its agreement with the engine before, 0 to 1."""

    engine: str
    meaning: str
    value: float
    difference: float | None


@dataclass(frozen=True)
class Ladder:
    """One score of the engines in order, or their agreement.

    Attributes:
        unit: `%` for shares; else the score's own.
        better: 1 if more is better, -1 if less is.
        low: the value at which the bars begin: bars from zero would hide what the ladder of shares is there to show.
        high: the value at which they end.
    """

    title: str
    unit: str
    better: int
    rungs: list[Rung]
    low: float
    high: float

    def value(self, rung: Rung) -> str:
        """A rung's value for people, without the unit."""
        return percent(rung.value) if self.unit == "%" else f"{rung.value:.4g}"

    def difference(self, rung: Rung) -> str:
        """The change from the rung before for people; empty for the first."""
        if rung.difference is None:
            return ""
        if self.unit == "%":
            return f"{points(rung.difference)} points"
        return f"{with_sign(rung.difference, f'{rung.difference:+.2g}')} {self.unit}".strip()

    def share(self, rung: Rung) -> float:
        """How long a rung's bar is, 0 to 1."""
        span = self.high - self.low
        return min(1.0, max(0.0, (rung.value - self.low) / span)) if span > 0 else 1.0

    def end(self, value: float) -> str:
        """An end of the scale for people."""
        return f"{100 * value:.0f} %" if self.unit == "%" else f"{value:.3g} {self.unit}".strip()


def render(report: Report, evidence: Evidence) -> str:
    """The page, as text of a complete HTML document without any outside resource."""
    names = class_names(report, evidence)
    matrix = evidence.confusion()
    return page_template("report.html.j2").render(
        report=report,
        verdict=verdict(report.fidelity),
        ladders=ladders(report),
        why_no_score=why_no_score(report),
        pictures=[(one, drawn(one, f"picture{place}")) for place, one in enumerate(evidence.pictures)],
        ranges=plots.ranges(report.layers),
        errors=plots.errors(report.layers) if any(layer.error_max_steps for layer in report.layers) else "",
        weights=plots.weights(evidence.weights) if evidence.weights else "",
        confusion="" if matrix is None else plots.confusion(matrix, names),
        confused=[] if matrix is None else most_confused(matrix, names),
        samples=samples(evidence, names),
        differences=differences(evidence, names),
        diagram=diagram(evidence.design) if evidence.design else "",
        floor_plan=plots.draw_floor_plan(evidence.floor_plan) if evidence.floor_plan else "",
        settings=flat(report.settings),
        slowest=max((stage.seconds for stage in report.stages), default=1.0) or 1.0,
    )


def verdict(fidelity: Sequence[FidelityRecord]) -> Verdict:
    """What the comparisons of `fixed` with the compiled firmware and the hardware came to."""
    exact = [record for record in fidelity if record.engines[0] == "fixed"]
    if not exact:
        return Verdict(None, "csim was not run: nothing here has been held against the compiled firmware")
    for record in exact:
        over = f"in {record.elements:,} outputs over {record.samples:,} test samples"
        if record.mismatches:
            return Verdict(False, f"fixed ≠ {record.engines[1]}: {record.mismatches:,} mismatches {over}")
        if record.layer_mismatches:
            within = f"no mismatches {over}, but {record.layer_mismatches:,} within"
            return Verdict(False, f"fixed ≠ {record.engines[1]}: {within}")
    first, *others = exact
    alike = [record.engines[1] for record in exact if record.samples == first.samples]
    sentence = f"fixed = {' = '.join(alike)}: 0 mismatches in {first.elements:,} outputs"
    sentence += f" over {first.samples:,} test samples"
    for record in others:
        if record.samples != first.samples:
            sentence += f"; = {record.engines[1]} over {record.samples:,}"
    return Verdict(True, sentence)


def ladders(report: Report) -> list[Ladder]:
    """A ladder for each score; without any, the agreement of the engines' choices if they choose."""
    found = []
    for score in report.task.scores:
        values = [
            (engine, report.scores[engine][score.name])
            for engine in RUNGS
            if score.name in report.scores.get(engine, {})
        ]
        if values:
            rungs = [
                Rung(engine, _meaning(report, engine), value, value - values[place - 1][1] if place else None)
                for place, (engine, value) in enumerate(values)
            ]
            title = words_of(score)
            found.append(_ladder(f"{title[0].upper()}{title[1:]}, step by step", score.unit, score.better, rungs))
    if report.scores:
        return found
    rungs = [
        Rung(record.engines[1], f"same choice as {record.engines[0]}", record.argmax_agreement, None)
        for record in report.fidelity
        if record.argmax_agreement is not None
    ]
    return [_ladder("Agreement, step by step", "%", 1, rungs)] if rungs else []


def _ladder(title: str, unit: str, better: int, rungs: list[Rung]) -> Ladder:
    values = [rung.value for rung in rungs]
    if unit == "%":
        return Ladder(title, unit, better, rungs, max(0.0, 1.0 - 2.0 * (1.0 - min(values))), 1.0)
    return Ladder(title, unit, better, rungs, min(0.0, *values), max(0.0, *values))


def _meaning(report: Report, engine: str) -> str:
    tuned = engine == "quantized" and "calibrated" in report.scores
    return "the same, fine-tuned" if tuned else RUNGS[engine]


def class_names(report: Report, evidence: Evidence) -> Sequence[str]:
    """The names of the classes; their numbers if they have none."""
    return report.data.class_names or [str(number) for number in range(evidence.classes or 0)]


def most_confused(matrix: np.ndarray, names: Sequence[str], count: int = 3) -> list[tuple[str, str, int]]:
    """The most frequent errors: label, prediction, number of samples."""
    errors = matrix * ~np.eye(len(matrix), dtype=bool)
    order = np.argsort(errors, axis=None, kind="stable")[::-1][:count]
    pairs = [np.unravel_index(place, errors.shape) for place in order]
    return [(names[row], names[column], int(errors[row, column])) for row, column in pairs if errors[row, column]]


def flat(settings: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    """Settings as pairs of a name and a value, what is nested by names with points, without the empty ones."""
    pairs = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            pairs += flat(value, f"{prefix}{name}.")
        elif value is not None:
            pairs.append((f"{prefix}{name}", str(value)))
    return pairs
