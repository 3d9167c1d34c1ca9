"""The numbers of a report by name, and conditions on them: `accuracy<0.97`."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from operator import attrgetter, eq, ge, gt, le, lt, ne

from netloom.errors import SettingsError
from netloom.models.tasks import tasks
from netloom.report.schema import HardwareRecord, Report, ScoreRecord
from netloom.sim.engines import DEFAULT_ENGINE, KINDS

MetricNumber = float | int | None


@dataclass(frozen=True)
class Metric:
    """One number that a report may have.

    Attributes:
        name: as conditions call it.
        unit: for people; `%` for scores that are shares and shown so, empty for others and counts.
        better: 1 if more is better, -1 if less is, 0 if neither.
        value: reads it from a report; None where the report has none.
        why_missing: why a report may have none, in general.
        reason: why this report, which has none, has none; `why_missing` where nothing more is known.
    """

    name: str
    unit: str
    better: int
    value: Callable[[Report], MetricNumber]
    why_missing: str = ""
    reason: Callable[[Report], str] | None = None

    def missing(self, report: Report) -> str:
        """Why a report that has no such number has none."""
        return self.reason(report) if self.reason else self.why_missing

    def text(self, value: float) -> str:
        """A value for people."""
        if self.unit == "%" or self.name.endswith("_share") or self.name == "utilization":
            return f"{100 * value:.2f} %"
        digits = f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
        return f"{digits} {self.unit}".strip()


def _mismatches(report: Report) -> MetricNumber:
    """Elements that differ between engines that must be equal, of outputs and of layers."""
    exact = [record for record in report.fidelity if record.engines[0] == "fixed"]
    return sum(record.mismatches + (record.layer_mismatches or 0) for record in exact) if exact else None


_NO_BOARD = "it was run without --board"

RUNGS: dict[str, str] = {}
for _kind in KINDS.values():
    if _kind.name == "quantized":
        RUNGS["calibrated"] = f"{_kind.meaning}, before fine-tuning"
    RUNGS[_kind.name] = _kind.meaning
"""What has scores, in order, and what each is: the engines, and `calibrated`, which is no engine, but parts what
quantization costs from what fine-tuning gains."""

SCORED = sorted(RUNGS, key=lambda name: name != DEFAULT_ENGINE)
"""The same with `fixed` first, whose scores go by their own names."""


def score_metric(score: ScoreRecord, engine: str = DEFAULT_ENGINE) -> Metric:
    """A task's score as one engine has it: `accuracy` for `fixed`, `accuracy.csim` for another."""
    return Metric(
        score.name if engine == DEFAULT_ENGINE else f"{score.name}.{engine}",
        score.unit,
        score.better,
        lambda report: report.scores.get(engine, {}).get(score.name),
        reason=lambda report: why_no_score(report, score.name, engine),
    )


def words_of(score: ScoreRecord) -> str:
    """A score's name for people."""
    return score.name.replace("_", " ").replace(".", ": ")


def why_no_score(report: Report, score: str | None = None, engine: str = DEFAULT_ENGINE) -> str:
    """Why a report has no score of an engine."""
    if score is not None and score not in [one.name for one in report.task.scores]:
        return f"its task is {report.task.name}, with {', '.join(one.name for one in report.task.scores)}"
    if not report.scores and not report.data.labelled:
        return report.data.unlabelled or "its test set has no labels"
    if not report.scores:
        shapes = " and ".join(str(shape) for shape in report.network.output_shapes)
        return f"outputs of the shape {shapes} name no class"
    return f"{engine} did not run on the whole test set"


def _hardware(name: str, unit: str, better: int, read: Callable[[HardwareRecord], MetricNumber]) -> Metric:
    return Metric(
        name,
        unit,
        better,
        lambda report: read(report.hardware) if report.hardware else None,
        f"{_NO_BOARD}, or did not get so far",
        lambda report: "it ended before that was found" if report.hardware else _NO_BOARD,
    )


def _resource(name: str, share: bool = False) -> Callable[[HardwareRecord], MetricNumber]:
    def read(hardware: HardwareRecord) -> MetricNumber:
        for resource in hardware.resources:
            if resource.name == name and resource.used is not None:
                return resource.used / resource.available if share else resource.used
        return None

    return read


def _utilization(hardware: HardwareRecord) -> MetricNumber:
    """Of the product with the most multipliers."""
    largest = max(hardware.products, key=lambda product: product.multipliers, default=None)
    return largest.utilization if largest else None


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("mismatches", "", -1, _mismatches, "no engine was held against another"),
        _hardware("latency", "µs", -1, attrgetter("latency_microseconds")),
        _hardware("latency_cycles", "cycles", -1, attrgetter("latency")),
        _hardware("interval", "cycles", -1, attrgetter("interval")),
        _hardware("samples_per_second", "", 1, attrgetter("samples_per_second")),
        _hardware("clock", "MHz", 1, attrgetter("clock_mhz")),
        _hardware("clock_limit", "MHz", 1, attrgetter("clock_limit_mhz")),
        *(_hardware(name.lower(), "", -1, _resource(name)) for name in ("LUT", "FF", "DSP", "BRAM")),
        *(_hardware(f"{name.lower()}_share", "", -1, _resource(name, share=True)) for name in ("LUT", "DSP", "BRAM")),
        _hardware("multipliers", "", 0, attrgetter("multipliers")),
        _hardware("utilization", "", 1, _utilization),
        Metric("estimated_latency", "µs", -1, lambda report: report.timing.latency_microseconds),
        Metric("estimated_interval", "cycles", -1, lambda report: report.timing.initiation_interval),
        Metric("overflows", "", -1, lambda report: sum(layer.overflows or 0 for layer in report.layers)),
        Metric("parameters", "", 0, lambda report: report.parameters),
        Metric("weight_bits", "", -1, lambda report: report.weight_bits),
        Metric("macs", "", 0, lambda report: report.macs),
        Metric("seconds", "s", -1, lambda report: sum(stage.seconds for stage in report.stages)),
    )
}
"""The numbers that reports of every task are compared by, in the order they are shown."""

_OPERATORS: dict[str, Callable[[float, float], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}
_CONDITION = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(<=|>=|==|!=|<|>)\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(%?)\s*")


@dataclass(frozen=True)
class Condition:
    """A metric, an operator and a number."""

    metric: Metric
    comparison: str
    number: float

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Read `accuracy<0.97`, `accuracy < 97%`, `mismatches>0`.

        Raises:
            SettingsError: if it is anything else, or there is no such metric.
        """
        match = _CONDITION.fullmatch(text)
        if match is None:
            raise SettingsError(
                f"condition {text!r} must be a metric, one of {' '.join(_OPERATORS)}, and a number: 'accuracy<0.97'"
            )
        name, comparison, number, percent = match.groups()
        try:
            value = float(number) / (100 if percent else 1)
        except ValueError:
            raise SettingsError(f"condition {text!r}: {number!r} is not a number") from None
        if not math.isfinite(value):
            raise SettingsError(f"condition {text!r}: {number!r} is not a finite number")
        return cls(find_metric(name), comparison, value)

    def holds(self, report: Report, where: str) -> bool:
        """Whether it is true of a report.

        Raises:
            SettingsError: if the report lacks that number: a gate must not pass for want of it. Begins with `where`.
        """
        value = self.metric.value(report)
        if value is None:
            raise SettingsError(f"{where}: its report has no {self.metric.name}: {self.metric.missing(report)}")
        return _OPERATORS[self.comparison](value, self.number)

    def __str__(self) -> str:
        return f"{self.metric.name}{self.comparison}{self.number:g}"


def metrics_of(reports: Sequence[Report]) -> dict[str, Metric]:
    """All metrics by name, for some reports: the scores of their tasks come first."""
    scores = {score.name: score for report in reports for score in report.task.scores}
    found = [score_metric(score, engine) for score in scores.values() for engine in SCORED]
    return {metric.name: metric for metric in found} | METRICS


def find_metric(name: str) -> Metric:
    """The metric of that name, of any report or of any task there is: `lut`, `accuracy`, `mean_iou.float`.

    A name with a point in it, `OUTPUT.SCORE`, is one of a network with several outputs.

    Raises:
        SettingsError: if there is none; the message lists all.
    """
    if name in METRICS:
        return METRICS[name]
    score, _, engine = name.rpartition(".") if name.rpartition(".")[2] in SCORED else (name, "", DEFAULT_ENGINE)
    known = {one.name: one for task in tasks() for one in task.scores}
    one = known.get(score.rpartition(".")[2])
    if one is not None:
        return score_metric(ScoreRecord(name=score, unit=one.unit, better=one.better), engine)
    names = [*known, *METRICS]
    close = get_close_matches(score, names, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise SettingsError(
        f"there is no metric {name!r}; {hint}metrics are {', '.join(names)}; a score of another engine than fixed is"
        f" SCORE.ENGINE, of {', '.join(SCORED[1:])}"
    )
