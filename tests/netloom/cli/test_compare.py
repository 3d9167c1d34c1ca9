"""`netloom compare`: conditions are read strictly, reports stand side by side, and a gate never passes by accident."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from netloom.cli.app import app
from netloom.errors import SettingsError
from netloom.metrics import SCORED, Condition, metrics_of
from netloom.pipeline import rundir
from netloom.report.comparison import Compared, named, page, plot, png, rows
from netloom.report.schema import SCHEMA_VERSION, HardwareRecord, Report
from netloom.sim.engines import KINDS

Make = Callable[..., Path]
_VERSION = f'"schema_version":"{SCHEMA_VERSION}"'


@pytest.fixture
def make(tmp_path: Path, report: Report) -> Make:
    """Write a report, changed as told, into a directory of that name."""

    def write(name: str, **changes: object) -> Path:
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / rundir.REPORT_JSON).write_text(report.model_copy(update=changes).model_dump_json())
        return tmp_path / name

    return write


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["compare", *map(str, arguments)], env={"COLUMNS": "200"})


@pytest.mark.parametrize(
    ("text", "metric", "comparison", "number"),
    [
        ("accuracy<0.97", "accuracy", "<", 0.97),
        (" accuracy <= 97% ", "accuracy", "<=", 0.97),
        ("accuracy.float>=1e-1", "accuracy.float", ">=", 0.1),
        ("mismatches!=0", "mismatches", "!=", 0),
        ("lut==-3", "lut", "==", -3),
    ],
)
def test_conditions(text: str, metric: str, comparison: str, number: float) -> None:
    condition = Condition.parse(text)
    assert (condition.metric.name, condition.comparison, condition.number) == (metric, comparison, number)


def test_the_names_of_metrics_stay_whole_beside_many_reports(make: Make) -> None:
    paths = [make(f"kernel-machine-{number}") for number in range(6)]
    result = CliRunner().invoke(app, ["compare", *map(str, paths)], env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    assert "accuracy.quantized" in result.output and "…" not in result.output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must be a metric"),
        ("accuracy", "must be a metric"),
        ("accuracy<", "must be a metric"),
        ("accuracy=1", "must be a metric"),
        ("accuracy<nan", "must be a metric"),
        ("accuracy<1.2.3", "not a number"),
        ("accuracy<1e999", "not a finite number"),
        ("0.97<accuracy", "must be a metric"),
        ("__import__('os').system('false')<1", "must be a metric"),
        ("accuracy<0.9;lut>3", "must be a metric"),
        ("acuracy<0.9", "did you mean accuracy"),
        ("beauty>1", "metrics are accuracy, mean_absolute_error"),
    ],
)
def test_what_is_no_condition(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as raised:
        Condition.parse(text)
    assert "\n" not in str(raised.value)


def test_a_score_of_every_engine_is_a_metric(report: Report) -> None:
    assert set(SCORED) == {*KINDS, "calibrated"}
    for engine in SCORED:
        scored = report.model_copy(update={"scores": {engine: {"accuracy": 0.95}}})
        assert Condition.parse(f"accuracy.{engine}<0.96").holds(scored, "here")
        assert not Condition.parse(f"accuracy.{engine}<0.9").holds(scored, "here")
        assert ("accuracy" if engine == "fixed" else f"accuracy.{engine}") in metrics_of([scored])


def test_every_metric_has_a_value_or_says_why_not(report: Report, hardware: HardwareRecord) -> None:
    full = report.model_copy(update={"hardware": hardware, "scores": {one: {"accuracy": 0.95} for one in SCORED}})
    for metric in metrics_of([full]).values():
        assert metric.value(full) is not None, metric.name
        assert metric.value(report) is not None or metric.missing(report), metric.name


def test_rows_mark_the_best_where_there_is_one(report: Report, hardware: HardwareRecord) -> None:
    other = report.model_copy(update={"hardware": hardware, "weight_bits": 1000})
    compared = named([Path("runs/a"), Path("runs/b")], [report, other])
    by_name = {row.metric.name: row for row in rows(compared)}
    assert by_name["weight_bits"].best == (False, True)
    assert by_name["accuracy"].cells == ("95.00 %", "95.00 %")
    assert by_name["accuracy"].best == (False, False)
    assert by_name["latency"].cells == ("", "2.625 µs")
    assert by_name["lut"].cells == ("", "3,000")


def test_names_are_as_short_as_they_can_be(report: Report) -> None:
    paths = [Path("x/runs/a"), Path("y/runs/a"), Path("y/runs/b")]
    assert [one.name for one in named(paths, [report] * 3)] == ["x/runs/a", "y/runs/a", "y/runs/b"]
    assert [one.name for one in named(paths[1:], [report] * 2)] == ["a", "b"]
    assert [one.name for one in named(paths[:1] * 2, [report] * 2)] == ["a", "a"]


def test_reports_side_by_side(make: Make, hardware: HardwareRecord, tmp_path: Path) -> None:
    result = call(make("a"), make("b", hardware=hardware), "--html", tmp_path / "c.html", "--png", tmp_path / "c.png")
    assert result.exit_code == 0, result.output
    assert "95.00 %" in result.output
    assert "2.625 µs" in result.output
    assert "Accuracy against latency" in (tmp_path / "c.html").read_text()
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


def test_the_plot_says_what_hardware_takes_and_keeps_words_apart(report: Report, hardware: HardwareRecord) -> None:
    def beside(name: str, latency: float, accuracy: float) -> Compared:
        record = hardware.model_copy(update={"latency_microseconds": latency})
        scores = report.scores | {"fixed": {"accuracy": accuracy}}
        return Compared(name, report.model_copy(update={"hardware": record, "scores": scores}))

    figure = plot([beside("far", 1, 0.9), beside("left", 40, 0.8), beside("right", 50, 0.8)])
    assert figure is not None
    sides = {text.get_text(): text.get_horizontalalignment() for text in figure.axes[0].texts}
    lut = next(one.used for one in hardware.resources if one.name == "LUT")
    assert (sides.pop("far"), sides.pop("left"), sides.pop("right")) == ("left", "right", "left")
    (taken,) = sides
    assert taken.startswith(f"{lut:,} LUT")
    without = plot([Compared("a", report)])
    assert without is not None
    assert {text.get_text() for text in without.axes[0].texts} == {"a", ""}


def test_a_report_file_does_as_well_as_its_directory(make: Make) -> None:
    assert call(make("a") / rundir.REPORT_JSON).exit_code == 0


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        (["accuracy<0.95"], 0),
        (["accuracy<0.951"], 1),
        (["accuracy<0.95", "mismatches>0"], 0),
        (["accuracy<0.95", "weight_bits>1"], 1),
        (["lut>100"], 2),
        (["lut!=100"], 2),
        (["beauty<1"], 2),
    ],
)
def test_conditions_decide_the_exit_code(make: Make, conditions: list[str], code: int) -> None:
    result = call(make("a"), *(part for condition in conditions for part in ("--fail-if", condition)))
    assert result.exit_code == code, result.output
    if code == 1:
        assert "✗ a: " in result.output


def test_one_bad_report_of_several_is_enough(make: Make) -> None:
    result = call(make("a"), make("b", scores={"fixed": {"accuracy": 0.5}}), "--fail-if", "accuracy<0.9")
    assert result.exit_code == 1
    assert "✓ a: not accuracy<0.9" in result.output
    assert "✗ b: accuracy<0.9" in result.output


@pytest.mark.parametrize(
    ("labelled", "unlabelled", "scores", "asked", "reason"),
    [
        (False, None, {}, "accuracy", "its test set has no labels"),
        (False, "its y_test is no class numbers", {}, "accuracy", "its y_test is no class numbers"),
        (True, None, {}, "accuracy", "outputs of the shape (4,) name no class"),
        (True, None, {"fixed": {"accuracy": 0.5}}, "accuracy.csim", "csim did not run on the whole test set"),
    ],
)
def test_a_gate_without_its_number_is_an_error_and_says_the_true_reason(
    make: Make,
    report: Report,
    labelled: bool,
    unlabelled: str | None,
    scores: dict[str, dict[str, float]],
    asked: str,
    reason: str,
) -> None:
    data = report.data.model_copy(update={"labelled": labelled, "unlabelled": unlabelled})
    result = call(make("a", scores=scores, data=data), "--fail-if", f"{asked}<0.9")
    assert result.exit_code == 2
    assert f"a: its report has no {asked}: {reason}\n" in result.stderr


def test_a_run_that_ended_early_is_not_said_to_have_had_no_board(make: Make, hardware: HardwareRecord) -> None:
    early = hardware.model_copy(update={"latency": None, "latency_microseconds": None})
    result = call(make("a", hardware=early), "--fail-if", "latency>1")
    assert result.exit_code == 2
    assert "has no latency: it ended before that was found" in result.stderr


@pytest.mark.parametrize("what", ["nothing", "empty", "broken", "future"])
def test_reports_that_are_none(tmp_path: Path, what: str, make: Make) -> None:
    directory = make("a") if what in ("broken", "future") else tmp_path / "a"
    match what:
        case "empty":
            directory.mkdir()
        case "broken":
            (directory / rundir.REPORT_JSON).write_text("{")
        case "future":
            path = directory / rundir.REPORT_JSON
            path.write_text(path.read_text().replace(_VERSION, '"schema_version":"9.0"'))
    result = call(directory)
    assert result.exit_code == 2
    assert result.stderr.startswith("netloom: error: ")
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_report_of_an_earlier_schema_is_refused_in_one_line(make: Make) -> None:
    path = make("a") / rundir.REPORT_JSON
    path.write_text(path.read_text().replace(_VERSION, '"schema_version":"2.0"'))
    result = call(path.parent)
    assert result.exit_code == 2
    assert "schema_version" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_nothing_to_plot_without_accuracy(make: Make, tmp_path: Path) -> None:
    result = call(make("a", scores={}), "--png", tmp_path / "c.png")
    assert result.exit_code == 2
    assert "nothing to plot" in result.stderr
    assert call(tmp_path / "a", "--html", tmp_path / "c.html").exit_code == 0


def test_hostile_names_do_nothing(report: Report) -> None:
    compared = named([Path("<script>alert(1)</script>")], [report])
    assert "<script>" not in page(compared, [("accuracy<1", compared[0].name, True)])
    assert png(named([Path("$x$ [red]")], [report]))
