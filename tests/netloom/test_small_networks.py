"""Networks of the registry from training to the simulated firmware, on a few drawn samples in place of their data."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import netloom
from netloom.models import Dataset, get_network
from netloom.models.data.sets import DATASETS
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.testset import TestSet

RANDOM = np.random.default_rng(0)
TRAIN, TEST = 90, 30


def drawn(x: np.ndarray, y: np.ndarray, task: str = "classification") -> Dataset:
    x = x.astype(np.float32)
    return Dataset(x[:TRAIN], y[:TRAIN], x[TRAIN:], y[TRAIN:], None, "drawn", task=task)


def bases() -> Dataset:
    seq, y = RANDOM.integers(0, 4, (TRAIN + TEST, 60)), np.arange(TRAIN + TEST) % 3
    seq[y < 2] = y[y < 2, None]  # one base for each kind of junction: found at once
    return drawn(np.eye(4)[seq], y)


def frames() -> Dataset:
    return drawn(RANDOM.integers(0, 256, (TRAIN + TEST, 62, 24)) / 256, np.arange(TRAIN + TEST) % 10)


def fingerprints() -> Dataset:
    y = RANDOM.integers(0, 2, (TRAIN + TEST, 12)).astype(np.float32)
    y[RANDOM.random(y.shape) < 0.2] = np.nan
    return drawn(RANDOM.random((TRAIN + TEST, 1024)) < 0.03, y, "multilabel")


def motors() -> Dataset:
    faulty = np.arange(TRAIN + TEST) % 2
    given = drawn(RANDOM.random((TRAIN + TEST, 640)) / (1 + faulty[:, None]), faulty, "anomaly")
    return replace(given, x_train=given.x_train[::2], y_train=None)


def coefficients() -> Dataset:
    return drawn(RANDOM.integers(-128, 128, (TRAIN + TEST, 49, 10, 1)) / 128, np.arange(TRAIN + TEST) % 12)


def pixels() -> Dataset:
    return drawn(RANDOM.integers(0, 256, (TRAIN + TEST, 32, 32, 3)) / 256, np.arange(TRAIN + TEST) % 10)


def scenes() -> Dataset:
    x, y = (RANDOM.integers(0, 256, (16, 96, 96, 3)) / 256).astype(np.float32), np.arange(16) % 2
    return Dataset(x[:12], y[:12], x[12:], y[12:], None, "drawn")


SMALL = {
    "splice": bases,
    "words": frames,
    "molecules": fingerprints,
    "tiny-ad": motors,
    "tiny-kws": coefficients,
    "tiny-ic": pixels,
    "tiny-vww": scenes,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_network_becomes_firmware_that_equals_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = get_network(name)
    monkeypatch.setitem(DATASETS, network.dataset, SMALL[name])
    settings = netloom.RunSettings(
        epochs=8 if name == "splice" else 1,
        fine_tune_epochs=1,
        hls=netloom.HlsSettings(io_type=network.io_type),
        csim_samples=4 if name.startswith("tiny") else None,
        trace_samples=2 if name.startswith("tiny") else None,
    )
    report = netloom.run(name, settings=settings, directory=tmp_path / "r").report
    equal = {record.engines: record.mismatches for record in report.fidelity if record.engines[0] != "float"}
    assert set(equal.values()) == {0}
    assert ("fixed", "csim") in equal
    assert network.score.name in report.scores["fixed"]
    assert report.task.name == network.task
    kept, given = TestSet.load(tmp_path / "r" / rundir.DATA).y, SMALL[name]().y_test
    assert isinstance(kept, np.ndarray) and isinstance(given, np.ndarray)
    assert kept.shape == given.shape
    assert ("What each mutation does" in (tmp_path / "r" / rundir.REPORT_HTML).read_text()) == (name == "splice")
