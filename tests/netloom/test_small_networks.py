"""Networks of the registry from training to the simulated firmware, on a few drawn samples in place of their data."""

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


def photographs() -> Dataset:
    return drawn(RANDOM.integers(0, 256, (TRAIN + TEST, 32, 32, 3)) / 256, np.arange(TRAIN + TEST) % 43)


SMALL = {"splice": bases, "words": frames, "molecules": fingerprints, "signs": photographs}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_network_becomes_firmware_that_equals_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = get_network(name)
    monkeypatch.setitem(DATASETS, network.dataset, SMALL[name])
    short = {"epochs": 8 if name == "splice" else 1, "fine_tune_epochs": 1}
    settings = netloom.RunSettings.of(network, board=False).model_copy(update=short)
    report = netloom.run(name, settings=settings, directory=tmp_path / "r").report
    equal = {record.engines: record.mismatches for record in report.fidelity if record.engines[0] != "float"}
    assert set(equal.values()) == {0}
    assert ("fixed", "csim") in equal
    assert network.score.name in report.scores["fixed"]
    assert report.task.name == network.task
    kept, given = TestSet.load(tmp_path / "r" / rundir.DATA).y, SMALL[name]().y_test
    assert isinstance(kept, np.ndarray) and isinstance(given, np.ndarray)
    assert kept.shape == given.shape
    page = (tmp_path / "r" / rundir.REPORT_HTML).read_text()
    assert ("What each mutation does" in page) == (name == "splice")
    assert ("What is taken for what" in page) == (name == "signs")
