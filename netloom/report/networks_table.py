"""The networks as they came out, a row each: the tables of README and docs, made from reports."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netloom.common.files import storage_errors, write_text
from netloom.common.reading import read_bytes
from netloom.errors import StorageError
from netloom.metrics import score_metric, words_of
from netloom.models import Network
from netloom.models.data.examples import as_list
from netloom.pipeline.evaluation.evaluation import load_run
from netloom.pipeline.evaluation.simulation import load_predictions
from netloom.pipeline.run import read_report
from netloom.report.build import output_shapes
from netloom.report.html import verdict
from netloom.report.schema import HardwareRecord, Report, ScoreRecord
from netloom.report.templates import brief
from netloom.report.uncertainty import SMALL, standard_error
from netloom.sim import open_engine

BEGIN, END = "<!-- netloom networks -->", "<!-- end of netloom networks -->"
"""Between these lines of a Markdown file the tables stand."""

_SCORED, _AGAINST = ("float", "quantized", "fixed"), ("csim", "rtl", "netlist")
SCORES = ("network", "test data", "bits", "score", *_SCORED, *_AGAINST)
HARDWARE: tuple[str, ...] = ("network", "board", "clock asked, possible", "a sample every", "latency", "samples/s")
HARDWARE += ("LUT", "DSP", "block RAM")

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Tables:
    """Rows by network, each a cell a column.

    Attributes:
        scores: as `SCORES`; under csim, rtl and netlist stand the outputs that differ from `fixed`.
        hardware: as `HARDWARE`; without the networks that have not been routed.
    """

    scores: Mapping[str, Cells]
    hardware: Mapping[str, Cells]


def tables(directories: Mapping[Network, Path]) -> Tables:
    """The rows of networks, each with the directory of its run.

    Raises:
        StorageError: if a report is missing or damaged.
    """
    scores, hardware = {}, {}
    for network, directory in directories.items():
        report = read_report(directory)
        scores[network.name] = scores_row(report, _standard_error(network, report, directory))
        if report.hardware is not None and report.hardware.clock_limit_mhz is not None:
            hardware[network.name] = hardware_row(network.name, report.hardware)
    return Tables(scores, hardware)


def faults(network: Network, report: Report) -> list[str]:
    """What is not as it must be: engines that differ, a clock that is missed, counts that were not predicted, a score
    below what is expected, or one that lost more through quantization than is allowed.
    """
    found, result = [], verdict(report.fidelity)
    if result.equal is False:
        found.append(result.sentence)
    score = report.scores.get("float", {}).get(network.score.name)
    if score is not None and not network.reaches(score):
        found.append(f"float has the {network.score.name} {score:.4g}, and {network.expected_score:g} is expected")
    firmware = report.scores.get("fixed", {}).get(network.score.name)
    if score is not None and firmware is not None and not network.keeps(score, firmware):
        found.append(
            f"fixed has the {network.score.name} {firmware:.4g}, float {score:.4g}: more than"
            f" {network.allowed_loss:g} is lost through quantization"
        )
    hardware = report.hardware
    if hardware is not None:
        if hardware.timing_met is False:
            found.append(f"{hardware.clock_mhz:g} MHz are missed, with {hardware.clock_limit_mhz:.1f}")
        counted = (hardware.latency, hardware.interval)
        predicted = (hardware.predicted_latency, hardware.predicted_interval)
        if None not in counted and counted != predicted:
            found.append(f"latency and interval are {counted}, and {predicted} were predicted")
    return found


def scores_row(report: Report, error: float | None) -> Cells:
    """A row of `SCORES`; `error` is the standard error of the score of `fixed`, None where it is not said."""
    score = report.task.scores[0]
    policy = report.settings.get("policy")
    bits = policy["weights"] if isinstance(policy, Mapping) else ""
    float_, quantized, fixed = (_score(score, report.scores.get(engine, {}).get(score.name)) for engine in _SCORED)
    spread = "" if not error or fixed == "-" else f" ± {_score(score, error)}"
    tested, source = f"{report.data.samples:,}", report.data.source
    if tested not in source:
        source += f", {tested} test samples"
    against = [_against(report, engine) for engine in _AGAINST]
    return (f"`{report.network.name}`", source, str(bits), words_of(score), float_, quantized, fixed + spread, *against)


def _standard_error(network: Network, report: Report, directory: Path) -> float | None:
    if report.data.samples >= SMALL * network.together:
        return None
    conversion, tests, task = load_run(directory)
    predictions = load_predictions(directory, len(tests), output_shapes(conversion))
    score = report.task.scores[0].name
    with open_engine("fixed", conversion=conversion) as fixed:
        return standard_error(
            task, predictions["fixed"], tests, score, network.together, lambda x: fixed.predict(as_list(x))
        )


def _score(score: ScoreRecord, value: float | None) -> str:
    return "-" if value is None else score_metric(score).text(value)


def _against(report: Report, engine: str) -> str:
    """How many outputs differ from `fixed`, of how many."""
    records = (one for one in report.fidelity if one.engines == ("fixed", engine))
    return next((f"{one.mismatches:,} of {one.elements:,}" for one in records), "-")


def hardware_row(name: str, found: HardwareRecord) -> Cells:
    """A row of `HARDWARE`, of a network that has been routed."""
    latency, interval = found.latency or found.predicted_latency, found.interval or found.predicted_interval
    used = {one.name: f"{one.used:,} of {one.available:,}" for one in found.resources if one.used is not None}
    return (
        f"`{name}`",
        found.board,
        f"{found.clock_mhz:g}, {found.clock_limit_mhz:.0f} MHz",
        f"{interval:,} cycle{'s' if interval > 1 else ''}",
        f"{latency:,} cycles, {brief(latency / found.clock_mhz)} µs",
        f"{1e6 * found.clock_mhz / interval:,.0f}",
        *(used.get(kind, "-") for kind in ("LUT", "DSP", "BRAM")),
    )


def write_into(path: Path, made: Tables, order: Sequence[str]) -> list[str]:
    """Put the tables between the two lines of a Markdown file that are for them; a file that is not there is made.

    Rows of networks that are not in `made` stay as they are, and their names are returned; rows of networks that are
    not in `order`, all there are, go.

    Raises:
        StorageError: if the file cannot be read or written, or has no place for the tables.
    """
    text = f"{BEGIN}\n{END}\n"
    if path.exists():
        with storage_errors(f"cannot read {path}"):
            text = read_bytes(path).decode("utf-8", errors="surrogateescape")
    place = re.search(rf"^{BEGIN}$(.*?)^{END}$", text, re.MULTILINE | re.DOTALL)
    if not place:
        raise StorageError(f"{path} has no place for the tables: put in the lines {BEGIN} and {END}")
    kept: set[str] = set()
    blocks = []
    for header, rows in ((SCORES, made.scores), (HARDWARE, made.hardware)):
        held = {name: cells for name, cells in _rows(place[1], header).items() if name not in made.scores}
        kept |= held.keys()
        merged = held | dict(rows)
        blocks.append(_markdown(header, [merged[name] for name in order if name in merged]))
    tables = "\n\n".join([BEGIN, *blocks, END])
    write_text(path, text[: place.start()] + tables + text[place.end() :])
    return [name for name in order if name in kept]


def _rows(text: str, header: Cells) -> dict[str, Cells]:
    """The rows of the table of that header in a text, by network."""
    rows: dict[str, Cells] = {}
    inside = False
    for line in text.splitlines():
        cells = tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
        if not line.startswith("|"):
            inside = False
        elif cells == header:
            inside = True
        elif inside and len(cells) == len(header) and not cells[0].startswith("---"):
            rows[cells[0].strip("`")] = cells
    return rows


def _markdown(header: Cells, rows: Sequence[Cells]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
