"""Accuracy of a run: of one output, and where there is none the true reason."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import netloom
from netloom.cli.app import app
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.evaluation import decision_threshold

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")
layers = keras.layers

FEATURES = 6


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def samples(count: int = 200) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1, (count, FEATURES)).astype(np.float32)


def save(folder: Path, model: Any, **targets: np.ndarray) -> list[object]:
    """The arguments of a run of the model on its data."""
    x = samples()
    model.save(folder / "m.keras")
    np.savez(folder / "d.npz", x_train=x, x_test=x[:50], **targets)
    return [folder / "m.keras", "--data", folder / "d.npz", "-o", folder / "r", "--no-csim", "--fine-tune-epochs", 1]


def binary(activation: str | None) -> Any:
    """Says whether the sum of the inputs is positive: exactly by its logit's sign."""
    model = keras.Sequential([keras.Input((FEATURES,)), layers.Dense(1, activation=activation, name="decision")])
    model.set_weights([np.ones((FEATURES, 1)), np.zeros(1)])
    return model


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", None])
def test_one_output_tells_two_classes_apart(tmp_path: Path, activation: str | None) -> None:
    y = (samples().sum(axis=1) > 0).astype(np.int64)
    result = call("run", *save(tmp_path, binary(activation), y_train=y, y_test=y[:50]))
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "r" / rundir.REPORT_JSON).read_text())
    assert report["scores"]["float"]["accuracy"] == 1
    assert report["scores"]["fixed"]["accuracy"] > 0.9
    assert "float      100.00 %" in result.output
    assert call("compare", tmp_path / "r", "--fail-if", "accuracy<0.5").exit_code == 0
    page = (tmp_path / "r" / rundir.REPORT_HTML).read_text()
    assert "Accuracy, step by step" in page
    assert "Confusion" in page


@pytest.mark.parametrize(
    ("last", "threshold"),
    [
        (lambda: layers.Activation("sigmoid"), 0.5),
        (lambda: qkeras.QActivation("quantized_sigmoid(8)"), 0.5),
        (lambda: layers.Activation("tanh"), 0),
        (lambda: qkeras.QActivation(qkeras.quantized_relu(6, 2)), 0),
        (lambda: qkeras.QActivation(qkeras.quantized_bits(6, 2, alpha=1)), 0),
    ],
)
def test_the_threshold_is_that_of_the_last_activation(tmp_path: Path, last: Any, threshold: float) -> None:
    bits = qkeras.quantized_bits(8, 3, alpha=1)
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            qkeras.QActivation(bits),
            qkeras.QDense(1, kernel_quantizer=bits, bias_quantizer=bits),
            qkeras.QActivation(bits),
            last(),
        ]
    )
    conversion = netloom.convert(model, netloom.HlsSettings(), tmp_path / "f")
    assert decision_threshold(conversion.dataflow, conversion.dataflow.outputs[0]) == threshold


@pytest.mark.parametrize("outputs", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_a_regression_has_its_own_scores_and_says_why_it_has_no_accuracy(tmp_path: Path, outputs: int) -> None:
    y = np.sin(samples()[:, :outputs])
    model = keras.Sequential([keras.Input((FEATURES,)), layers.Dense(outputs)])
    result = call("run", *save(tmp_path, model, y_train=y, y_test=y[:50]))
    assert result.exit_code == 0, result.output
    assert "task: regression, from what the targets look like" in result.output
    answer = call("compare", tmp_path / "r", "--fail-if", "accuracy<0.5")
    assert answer.exit_code == 2
    assert "its report has no accuracy: its task is regression, with mean_absolute_error" in answer.stderr
    assert call("compare", tmp_path / "r", "--fail-if", "mean_absolute_error>100").exit_code == 0


def test_several_classes_a_sample_are_multilabel(tmp_path: Path) -> None:
    y = (samples()[:, :3] > 0).astype(np.uint8)
    model = keras.Sequential([keras.Input((FEATURES,)), layers.Dense(3, activation="sigmoid")])
    result = call("run", *save(tmp_path, model, y_train=y, y_test=y[:50]))
    assert result.exit_code == 0, result.output
    assert "task: multilabel" in result.output


@pytest.mark.parametrize(("outputs", "words"), [(1, "one output, for classes 0 and 1"), (3, "3 outputs")])
def test_classes_that_the_model_has_not_are_refused_and_both_ways_out_work(
    tmp_path: Path, outputs: int, words: str
) -> None:
    y = np.arange(200) % 6 * 7
    model = keras.Sequential([keras.Input((FEATURES,)), layers.Dense(outputs)])
    result = call("run", *save(tmp_path, model, y_train=y, y_test=y[:50]))
    assert result.exit_code == 2
    assert f"has {words}; number the classes from 0, or leave y_train out" in result.stderr
    y = y % outputs if outputs > 1 else y % 2
    for labels in ({}, {"y_train": y, "y_test": y[:50]}):
        result = call("run", *save(tmp_path, model, **labels))
        assert result.exit_code == 0, result.output
