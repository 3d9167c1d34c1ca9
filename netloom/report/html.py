"""`report.html`: one self-contained page, made from the record and the run's arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import jinja2
import numpy as np

from netloom.metrics import no_accuracy
from netloom.report import plots
from netloom.report.diagram import diagram
from netloom.report.evidence import Evidence
from netloom.report.samples import samples
from netloom.report.schema import FidelityRecord, Report

RUNGS = ("float", "calibrated", "quantized", "fixed", "csim", "rtl", "netlist")
"""The engines in order, and before `quantized` the same model as it was before it was fine-tuned."""


@dataclass(frozen=True)
class Verdict:
    """The report in one sentence; `equal` is None if nothing was held against `fixed`."""

    equal: bool | None
    sentence: str


@dataclass(frozen=True)
class Rung:
    """One engine on the ladder: its accuracy or, without labels, its agreement with the engine before, 0 to 1.

    `calibrated` is no engine, but parts what quantization costs from what fine-tuning gains.
    """

    engine: str
    meaning: str
    value: float | None
    difference: float | None


_MEANINGS = {
    "float": "the trained Keras model",
    "calibrated": "its QKeras twin, before fine-tuning",
    "quantized": "its QKeras twin",
    "fixed": "netloom's bit-accurate simulator",
    "csim": "hls4ml's firmware, compiled",
    "rtl": "netloom's hardware, simulated",
    "netlist": "the same after synthesis",
}


def render(report: Report, evidence: Evidence) -> str:
    """The page, as text of a complete HTML document without any outside resource."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("netloom.report", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "quantity": quantity,
        "percent": percent,
        "points": points,
        "change": change,
        "seconds": seconds,
        "steps": steps,
    }
    names = class_names(report, evidence)
    matrix = evidence.confusion()
    return environment.get_template("report.html.j2").render(
        report=report,
        css=files("netloom.report").joinpath("report.css").read_text(encoding="utf-8"),
        verdict=verdict(report.fidelity),
        rungs=ladder(report),
        no_accuracy=no_accuracy(report),
        ladder_scale=ladder_scale(report),
        ranges=plots.ranges(report.layers),
        errors=plots.errors(report.layers) if _any_error(report) else "",
        weights=plots.weights(evidence.weights) if evidence.weights else "",
        confusion="" if matrix is None else plots.confusion(matrix, names),
        confused=[] if matrix is None else most_confused(matrix, names),
        samples=samples(evidence, names),
        diagram=diagram(evidence.design) if evidence.design else "",
        floor_plan=plots.floor_plan(evidence.floor_plan) if evidence.floor_plan else "",
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


def ladder(report: Report) -> list[Rung]:
    """The engines in order, each with its accuracy (or agreement) and the change from the engine before."""
    if report.accuracy:
        rungs: list[Rung] = []
        before: float | None = None
        for engine in RUNGS:
            value = report.accuracy.get(engine)
            if value is not None:
                change = None if before is None else value - before
                tuned = engine == "quantized" and "calibrated" in report.accuracy
                rungs.append(Rung(engine, "the same, fine-tuned" if tuned else _MEANINGS[engine], value, change))
                before = value
        return rungs
    return [
        Rung(record.engines[1], f"same choice as {record.engines[0]}", record.argmax_agreement, None)
        for record in report.fidelity
        if record.argmax_agreement is not None
    ]


def ladder_scale(report: Report) -> float:
    """The value at which the ladder's bars begin: bars from zero would hide what the ladder is there to show."""
    values = [rung.value for rung in ladder(report) if rung.value is not None]
    return max(0.0, 1.0 - 2.0 * (1.0 - min(values))) if values else 0.0


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


def quantity(value: float) -> str:
    """A count for people: 12,345 or 1.23 million."""
    return f"{value / 1e6:.3g} million" if value >= 1e7 else f"{value:,.0f}"


def percent(value: float) -> str:
    """A share as percent with two decimals."""
    return f"{100 * value:.2f}"


def points(value: float) -> str:
    """A difference of shares in percentage points, signed; exactly none is ±0."""
    return "±0" if value == 0 else f"{100 * value:+.2f}".replace("-", "\N{MINUS SIGN}")


def change(value: float) -> str:
    """A relative change in whole percent, signed; less than half a percent is ±0."""
    rounded = round(100 * value)
    return "±0" if rounded == 0 else f"{rounded:+,}".replace("-", "\N{MINUS SIGN}")


def steps(value: float) -> str:
    """A distance in steps for people: whole where it is large."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def seconds(value: float) -> str:
    """A duration for people."""
    return f"{value:.1f} s" if value < 100 else f"{int(value // 60)} min {int(value % 60)} s"


def _any_error(report: Report) -> bool:
    return any(layer.error_max_steps for layer in report.layers)
