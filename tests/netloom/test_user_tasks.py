"""A user's own segmentation, multi-label, regression and detection model, with `--task`, to the C++ and to a board."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from netloom.cli.app import app
from netloom.models.tasks import find_task
from netloom.pipeline import rundir

keras = pytest.importorskip("keras")
layers = keras.layers

TRAIN, TEST = 200, 40


def pixels(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """What is brighter than half its neighbourhood's brightest."""
    x = random.random((TRAIN + TEST, 8, 8, 1)).astype(np.float32)
    return x, (x[..., 0] > 0.5).astype(np.int64)


def properties(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = random.normal(0, 1, (TRAIN + TEST, 6)).astype(np.float32)
    return x, (x[:, :3] + x[:, 3:] > 0).astype(np.int64)


def measures(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = random.normal(0, 1, (TRAIN + TEST, 6)).astype(np.float32)
    return x, (x @ random.normal(0, 1, (6, 2))).astype(np.float32)


def squares(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x, y = random.uniform(0, 0.2, (TRAIN + TEST, 16, 16, 1)), np.full((TRAIN + TEST, 1, 5), 0.0)
    for image, box, (top, left) in zip(x, y, random.integers(0, 10, (TRAIN + TEST, 2)), strict=True):
        image[top : top + 6, left : left + 6] = 1
        box[0, 1:] = np.array([top, left, top + 6, left + 6]) / 16
    return x.astype(np.float32), y.astype(np.float32)


def convolutions(side: int, stride: int, outputs: int) -> Sequence[Any]:
    first = layers.Conv2D(6, 5 if stride > 1 else 3, strides=stride, padding="same", activation="relu", name="see")
    return [keras.Input((side, side, 1)), first, layers.Conv2D(outputs, 3, padding="same", name="say")]


def dense(outputs: int) -> Sequence[Any]:
    return [keras.Input((6,)), layers.Dense(8, activation="relu", name="see"), layers.Dense(outputs, name="say")]


CASES: Mapping[str, Any] = {
    "segmentation": (pixels, lambda: convolutions(8, 1, 2), {"mean_iou": 0.8}, "Outlines in samples"),
    "multilabel": (properties, lambda: dense(3), {"mean_roc_auc": 0.9}, "What each property's score is worth"),
    "regression": (measures, lambda: dense(2), {"r2": 0.8}, "Estimated and measured"),
    "detection": (squares, lambda: convolutions(16, 4, 5), {"average_precision": 0.3}, "Boxes in samples"),
}


def run(folder: Path, name: str, *arguments: object) -> Any:
    """Train a model of one's own in Keras, save it, and give it to `netloom run`: the report."""
    draw, build, _, _ = CASES[name]
    x, y = draw(np.random.default_rng(0))
    keras.utils.set_random_seed(0)
    model, task = keras.Sequential(build()), find_task(name)
    model.compile(keras.optimizers.Adam(0.02), loss=task.loss(model))
    model.fit(x[:TRAIN], task.fitted(model, y[:TRAIN]), epochs=30, batch_size=32, verbose=0)
    model.save(folder / "mine.keras")
    np.savez(folder / "d.npz", x_train=x[:TRAIN], y_train=y[:TRAIN], x_test=x[TRAIN:], y_test=y[TRAIN:])
    given = ["--data", folder / "d.npz", "--task", name, "-o", folder / "r", "--fine-tune-epochs", 1, *arguments]
    result = CliRunner().invoke(app, ["run", *map(str, [folder / "mine.keras", *given])])
    assert result.exit_code == 0, result.output
    return json.loads((folder / "r" / rundir.REPORT_JSON).read_text())


def check(folder: Path, name: str, report: Any, engines: set[str]) -> None:
    _, _, floors, title = CASES[name]
    assert report["task"]["name"] == name
    for score, floor in floors.items():
        assert report["scores"]["fixed"][score] > floor
    exact = {
        record["engines"][1]: record["mismatches"] for record in report["fidelity"] if record["engines"][0] == "fixed"
    }
    assert exact == dict.fromkeys(engines, 0)
    page = (folder / "r" / rundir.REPORT_HTML).read_text()
    assert page.index(title) < page.index("step by step")


@pytest.mark.parametrize(  # detection: test_tasks.py
    "name", ["segmentation", *(pytest.param(name, marks=pytest.mark.slow) for name in ("multilabel", "regression"))]
)
def test_a_model_of_ones_own_equals_its_c(tmp_path: Path, name: str) -> None:
    check(tmp_path, name, run(tmp_path, name), {"csim"})


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_model_of_ones_own_goes_to_a_bitstream(tmp_path: Path, name: str) -> None:
    report = run(tmp_path, name, "--board", "ULX3S-25F", "--target-ii", 1024)
    check(tmp_path, name, report, {"csim", "rtl", "netlist"})
    hardware = report["hardware"]
    assert hardware["timing_met"]
    assert (hardware["latency"], hardware["interval"]) == (
        hardware["predicted_latency"],
        hardware["predicted_interval"],
    )
    assert (tmp_path / "r" / rundir.BITSTREAM / "bitstream.bit").stat().st_size > 0
