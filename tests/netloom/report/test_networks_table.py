"""The tables of README and docs: made from reports, put into a file that keeps all else, and faults are told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import netloom
from netloom.errors import StorageError
from netloom.models import get_network, networks
from netloom.models.data.examples import Examples
from netloom.models.data.vocabulary import moved_on
from netloom.models.tasks import Classification, Score, Segmentation, find_task
from netloom.report.networks_table import (
    BEGIN,
    END,
    HARDWARE,
    SCORES,
    Tables,
    faults,
    hardware_row,
    scores_row,
    tables,
    write_into,
)
from netloom.report.schema import HardwareRecord, Report, ScoreRecord, TaskRecord
from netloom.report.uncertainty import standard_error

DIGITS = get_network("digits")


def row(name: str, header: tuple[str, ...], value: str = "1") -> tuple[str, ...]:
    return (f"`{name}`", *[value] * (len(header) - 1))


def test_a_row_has_what_the_report_says(report: Report, hardware: HardwareRecord) -> None:
    with_bits = report.model_copy(update={"settings": {"policy": {"weights": 6}}})
    cells = dict(zip(SCORES, scores_row(with_bits, 0.0123), strict=True))
    assert cells["network"] == "`toy`"
    assert cells["test data"] == "made up, 40 test samples"
    assert cells["bits"] == "6"
    assert (cells["score"], cells["float"], cells["quantized"]) == ("accuracy", "97.50 %", "95.00 %")
    assert cells["fixed"] == "95.00 % ± 1.23 %"
    assert (cells["csim"], cells["rtl"]) == ("0 of 160", "-")
    perfect = scores_row(report, 0.0)  # where nothing is wrong, drawing again says nothing
    assert perfect[SCORES.index("fixed")] == "95.00 %"
    every = hardware_row("toy", hardware.model_copy(update={"interval": 1}))
    assert every[HARDWARE.index("a sample every")] == "1 cycle"
    on_board = dict(zip(HARDWARE, hardware_row("toy", hardware), strict=True))
    assert on_board["clock asked, possible"] == "80, 91 MHz"
    assert on_board["latency"] == "210 cycles, 2.62 µs"
    slow = hardware_row("toy", hardware.model_copy(update={"latency": 163_967}))
    assert slow[HARDWARE.index("latency")] == "163,967 cycles, 2,050 µs"
    assert on_board["samples/s"] == "1,250,000"
    assert (on_board["LUT"], on_board["DSP"]) == ("3,000 of 24,288", "12 of 28")


def test_a_score_that_is_no_share_has_its_own_unit(report: Report) -> None:
    task = TaskRecord(name="regression", guessed=False, scores=(ScoreRecord(name="loss", unit="bits", better=-1),))
    scores = {"float": {"loss": 2.625}, "fixed": {"loss": 2.75}}
    cells = dict(zip(SCORES, scores_row(report.model_copy(update={"task": task, "scores": scores}), None), strict=True))
    assert (cells["float"], cells["quantized"], cells["fixed"]) == ("2.625 bits", "-", "2.75 bits")


def test_tables_go_between_their_lines_and_other_rows_stay(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\nbetween `{BEGIN}` and `{END}`\n\n{BEGIN}\n{END}\nafter\n")
    both = Tables(
        {name: row(name, SCORES) for name in ("b", "a", "old")}, {name: row(name, HARDWARE) for name in ("a", "b")}
    )
    assert write_into(page, both, ["a", "b"]) == []
    lines = page.read_text().splitlines()
    assert (lines[0], lines[-2], lines[-1]) == ("# Title", END, "after")
    assert lines[2] == f"between `{BEGIN}` and `{END}`"
    assert [line.split("`")[1] for line in lines if line.startswith("| `")] == ["a", "b", "a", "b"]
    # `a` is run anew and no more to a board: its row of hardware would be another run's.
    assert write_into(page, Tables({"a": row("a", SCORES, "2")}, {}), ["a", "b"]) == ["b"]
    rows = [line for line in page.read_text().splitlines() if line.startswith("| `")]
    assert [line.split()[1:4:2] for line in rows] == [["`a`", "2"], ["`b`", "1"], ["`b`", "1"]]
    before = page.read_text()
    assert write_into(page, Tables({}, {}), ["a", "b"]) == ["a", "b"]
    assert page.read_text() == before


def test_a_file_without_a_place_is_refused_and_one_that_is_not_there_is_made(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n")
    with pytest.raises(StorageError, match="has no place for the tables: put in the lines"):
        write_into(page, Tables({}, {}), [])
    assert page.read_text() == "# Title\n"
    write_into(tmp_path / "new.md", Tables({"a": row("a", SCORES)}, {}), ["a"])
    assert "| `a` |" in (tmp_path / "new.md").read_text()


def test_faults_are_told(report: Report, hardware: HardwareRecord) -> None:
    expecting = replace(DIGITS, expected_score=0.9)
    good = report.model_copy(update={"hardware": hardware})
    assert faults(expecting, good) == []
    assert faults(replace(DIGITS, expected_score=0.98), good) == ["float has the accuracy 0.975, and 0.98 is expected"]
    differing = good.fidelity[1].model_copy(update={"mismatches": 3})
    (fault,) = faults(expecting, good.model_copy(update={"fidelity": (differing,)}))
    assert "fixed ≠ csim: 3 mismatches" in fault
    slow = hardware.model_copy(update={"timing_met": False, "clock_limit_mhz": 71.0, "latency": 211})
    found = faults(expecting, good.model_copy(update={"hardware": slow}))
    assert found == [
        "80 MHz are missed, with 71.0",
        "latency and interval are (211, 64), and (210, 64) were predicted",
    ]


def test_more_than_the_allowed_loss_is_a_fault(report: Report) -> None:
    def told(allowed: float | None, scores: tuple[float, float], task: str = "classification") -> list[str]:
        network = replace(DIGITS, task=task, expected_score=0.5, allowed_loss=allowed)
        names = ("float", "fixed")
        given = {name: {network.score.name: one} for name, one in zip(names, scores, strict=True)}
        return faults(network, report.model_copy(update={"scores": given}))

    assert told(0.01, (0.95, 0.94)) == told(0.01, (0.95, 0.99)) == told(None, (0.95, 0.6)) == []
    lost = "fixed has the accuracy 0.93, float 0.95: more than 0.01 is lost through quantization"
    assert told(0.01, (0.95, 0.93)) == [lost]
    assert told(0.1, (0.2, 0.29), "reconstruction") == []
    assert len(told(0.1, (0.2, 0.31), "reconstruction")) == 1


def test_the_figures_that_are_stated_are_within_the_loss_that_is_allowed() -> None:
    page = (Path(__file__).parents[3] / "docs" / "networks.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines()]
    stated = {row[0].strip("`"): row for row in rows if len(row) == len(SCORES)}
    held = [network for network in networks() if network.allowed_loss is not None]
    assert len(held) >= 5
    for network in held:
        cells = dict(zip(SCORES, stated[network.name], strict=True))
        percent = 100 if network.score.unit == "%" else 1
        before, after = (float(cells[engine].split()[0]) / percent for engine in ("float", "fixed"))
        assert network.keeps(before, after), f"{network.name}: {before:.4g} in floats, {after:.4g} in the firmware"


def test_less_is_better_where_it_is() -> None:
    autoencoder = replace(DIGITS, task="reconstruction", expected_score=0.02)
    assert autoencoder.score == Score("mean_squared_error", better=-1)
    assert autoencoder.reaches(0.01) and not autoencoder.reaches(0.03)


def test_the_standard_error_of_an_accuracy_is_that_of_a_share() -> None:
    labels = np.arange(400) % 2
    outputs = np.eye(2)[np.where(np.arange(400) < 300, labels, 1 - labels)]
    error = standard_error(Classification(), [outputs], Examples(np.zeros((400, 1)), labels), "accuracy")
    assert error == pytest.approx(np.sqrt(0.75 * 0.25 / 400), rel=0.15)
    # Outputs are drawn with their samples: what is all right stays so.
    right = Examples(np.zeros((400, 1)), labels)
    assert standard_error(Classification(), [np.eye(2)[labels]], right, "accuracy") == 0


def test_other_scores_have_one_too_and_what_needs_other_outputs_has_none() -> None:
    maps = np.random.default_rng(0).integers(0, 2, (30, 4, 4))
    outputs = np.eye(2)[np.where(np.arange(30)[:, None, None] % 3, maps, 0)]
    tests = Examples(np.zeros((30, 4, 4, 1)), maps)
    error = standard_error(Segmentation(), [outputs], tests, "mean_iou")
    assert error is not None and 0.01 < error < 0.2

    class Elsewhere(Classification):
        def evaluate(self, predict, examples):  # type: ignore[no-untyped-def]
            return self.measure(predict(examples.x + 1), examples.y)

    assert standard_error(Elsewhere(), [np.eye(2)], Examples(np.zeros((2, 1)), np.arange(2)), "accuracy") is None
    # With an engine that is asked, parts of the test set stand for test sets.
    labels = np.random.default_rng(0).integers(0, 2, 2000)
    wrong = np.random.default_rng(1).random(2000) < 0.25
    told = Examples((labels ^ wrong)[:, None].astype(float), labels)
    error = standard_error(Elsewhere(), [], told, "accuracy", engine=lambda x: np.eye(2)[x[:, 0].astype(int) - 1])
    assert error == pytest.approx(np.sqrt(0.75 * 0.25 / 2000), rel=0.4)
    assert standard_error(Classification(), [np.eye(2)], Examples(np.zeros((2, 1)), np.arange(2)), "other") is None


def test_an_input_that_is_changed_beside_others_that_are_not_is_another_one() -> None:
    """A network that says sentences is asked again with the same source; what it has said is then another."""
    right = np.array([[4, 0], [5, 0], [6, 0]])
    tests = Examples({"source": np.zeros((3, 2)), "said": moved_on(right)}, right)
    assert standard_error(find_task("sentences"), [np.eye(7)[right]], tests, "exact_sentences") is None


def test_what_is_of_one_thing_is_drawn_together() -> None:
    labels = np.arange(400) % 2
    right = np.repeat(np.arange(100) % 4 > 0, 4)  # four samples in a row are as one
    outputs, tests = np.eye(2)[np.where(right, labels, 1 - labels)], Examples(np.zeros((400, 1)), labels)
    apart, together = (standard_error(Classification(), [outputs], tests, "accuracy", one) for one in (1, 4))
    assert together == pytest.approx(np.sqrt(0.75 * 0.25 / 100), rel=0.15)
    assert apart is not None and apart < 0.6 * np.sqrt(0.75 * 0.25 / 100)
    assert standard_error(Classification(), [outputs], tests, "accuracy", 400) == 0


def test_tables_have_the_error_over_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = netloom.RunSettings(epochs=1, fine_tune_epochs=0, csim=False)
    netloom.run("digits", directory=tmp_path, settings=settings)
    alone, tenfold = DIGITS, replace(DIGITS, together=36)
    apart, together = (tables({network: tmp_path}).scores["digits"] for network in (alone, tenfold))
    place = SCORES.index("fixed")
    assert " ± " in apart[place] and " ± " in together[place] and apart[place] != together[place]
    assert get_network("cells").together == 121
    monkeypatch.setattr("netloom.report.networks_table.SMALL", 100)  # 360 samples, but 10 things
    assert " ± " not in tables({alone: tmp_path}).scores["digits"][place]
    assert " ± " in tables({tenfold: tmp_path}).scores["digits"][place]
