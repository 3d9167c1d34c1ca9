"""The whole way on the smallest network, and what a user does with the directory afterwards."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import netloom
from netloom.cli.app import app
from netloom.hls.dataflow import MatVec, save_dataflow
from netloom.pipeline import rundir
from netloom.pipeline.evaluation import evaluation, side_by_side
from netloom.pipeline.evaluation.simulation import Simulation
from netloom.pipeline.evaluation.testset import TestSet
from netloom.progress import Progress

SETTINGS = netloom.RunSettings(epochs=4, fine_tune_epochs=1)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "a run's directory"
    netloom.run("digits", directory=folder, settings=SETTINGS)
    return folder


@pytest.fixture
def inputs(directory: Path, tmp_path: Path) -> Path:
    tests = TestSet.load(directory / rundir.DATA)
    np.save(tmp_path / "x.npy", tests.x[:40])
    np.save(tmp_path / "y.npy", tests.y[:40])  # type: ignore[arg-type]
    return tmp_path / "x.npy"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_fixed_equals_csim_over_the_whole_test_set(directory: Path) -> None:
    report = json.loads((directory / rundir.REPORT_JSON).read_text())
    record = next(record for record in report["fidelity"] if record["engines"] == ["fixed", "csim"])
    assert record["mismatches"] == record["layer_mismatches"] == 0
    assert record["samples"] == report["data"]["samples"] == 360
    assert record["elements"] == 3600
    assert record["layer_samples"] == 360
    assert list(report["scores"]) == ["float", "quantized", "fixed", "csim", "calibrated"]
    assert report["scores"]["csim"]["accuracy"] == report["scores"]["fixed"]["accuracy"] > 0.8
    assert report["macs"] == 64 * 64 + 64 * 32 + 32 * 10
    assert [stage["name"] for stage in report["stages"]] == ["train", "quantize", "convert", "simulate"]
    assert "fixed = csim: 0 mismatches in 3,600 outputs" in (directory / rundir.REPORT_HTML).read_text()


def test_chunks_of_the_test_set_give_what_the_whole_gives(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_by_side, "affordable", lambda conversion: 100)
    evaluation.evaluate(directory, SETTINGS, tmp_path, Progress())
    whole, chunked = Simulation.load(directory), Simulation.load(tmp_path)
    assert chunked.layers == whole.layers
    assert chunked.scores == whole.scores
    assert chunked.fidelity[1:] == whole.fidelity[1:]
    with np.load(directory / rundir.PREDICTIONS) as one, np.load(tmp_path / rundir.PREDICTIONS) as other:
        np.testing.assert_array_equal(one["csim"], other["csim"])


def test_limits_of_samples_cut_across_chunks(directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "affordable", lambda conversion: 100)
    settings = SETTINGS.model_copy(update={"csim_samples": 150, "trace_samples": 120})
    evaluation.evaluate(directory, settings, tmp_path, Progress())
    *_, quantized, csim = Simulation.load(tmp_path).fidelity
    assert (quantized.samples, quantized.layer_samples) == (360, 120)
    assert (csim.samples, csim.layer_samples, csim.layer_mismatches) == (150, 120, 0)
    assert csim.layer_elements == quantized.layer_elements


def test_the_twin_joins_the_ladder_if_asked_to(directory: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    settings = SETTINGS.model_copy(update={"onnx": True, "csim_samples": 150})
    evaluation.evaluate(directory, settings, tmp_path, Progress())
    *_, quantized, onnx, csim = Simulation.load(tmp_path).fidelity
    assert [one.engines for one in (quantized, onnx, csim)] == [
        ("quantized", "fixed"),
        ("fixed", "onnx"),
        ("fixed", "csim"),
    ]
    assert (onnx.samples, onnx.mismatches, onnx.layer_mismatches) == (360, 0, 0)
    assert (csim.samples, csim.mismatches) == (150, 0)
    assert "onnx" in Simulation.load(tmp_path).scores


def test_a_second_run_changes_nothing(directory: Path) -> None:
    before = (directory / rundir.REPORT_JSON).read_bytes()
    run = netloom.run("digits", directory=directory, settings=SETTINGS)
    assert all(outcome.reused for outcome in run.outcomes)
    assert (directory / rundir.REPORT_JSON).read_bytes() == before


@pytest.mark.parametrize("engine", ["float", "quantized", "fixed", "csim"])
def test_every_engine_simulates_a_users_samples(directory: Path, inputs: Path, tmp_path: Path, engine: str) -> None:
    result = call(
        "simulate",
        directory,
        "--engine",
        engine,
        "--inputs",
        inputs,
        "-o",
        tmp_path / "o.npy",
        "--trace",
        tmp_path / "t.npz",
    )
    assert result.exit_code == 0, result.output
    with np.load(directory / rundir.PREDICTIONS) as predictions:
        np.testing.assert_array_equal(np.load(tmp_path / "o.npy"), predictions[engine][:40])
    with np.load(tmp_path / "t.npz") as layers:
        assert layers["logits"].shape == (40, 10)


def test_inputs_off_the_grid_are_moved_and_counted(directory: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.full((2, 64), 0.3))
    np.save(tmp_path / "grid.npy", np.full((2, 64), 38 / 128))
    for name in ("x", "grid"):
        result = call("simulate", directory, "--inputs", tmp_path / f"{name}.npy", "-o", tmp_path / f"{name}_out.npy")
        assert ("inputs: 128 of 128 were off the grid" in result.stderr) == (name == "x")
    np.testing.assert_array_equal(np.load(tmp_path / "x_out.npy"), np.load(tmp_path / "grid_out.npy"))


def test_crosscheck_agrees(directory: Path, inputs: Path) -> None:
    result = call("crosscheck", directory, "--inputs", inputs, "--labels", inputs.with_name("y.npy"))
    assert result.exit_code == 0, result.output
    assert "output: 0 mismatches in 400 elements" in result.output
    assert "accuracy of csim" in result.output


def test_crosscheck_names_the_layer_of_a_flipped_bit(directory: Path, inputs: Path, tmp_path: Path) -> None:
    shutil.copytree(directory, tmp_path / "broken")
    conversion = netloom.Conversion.load(tmp_path / "broken" / rundir.CONVERSION)
    nodes = list(conversion.dataflow.nodes)
    place = next(i for i, node in enumerate(nodes) if isinstance(node.operation, MatVec) and node.layer == "fc2")
    operation = nodes[place].operation
    assert isinstance(operation, MatVec)
    weights = operation.weights.copy()
    weights[0, 5] ^= 1
    nodes[place] = replace(nodes[place], operation=replace(operation, weights=weights))
    save_dataflow(replace(conversion.dataflow, nodes=tuple(nodes)), conversion.directory)
    result = call("crosscheck", tmp_path / "broken", "--inputs", inputs)
    assert result.exit_code == 2, result.output
    assert "is not what run.json recorded" in result.output
    # Out of its run, nobody knows what it was.
    shutil.copytree(conversion.directory, tmp_path / "alone")
    result = call("crosscheck", tmp_path / "alone", "--inputs", inputs)
    assert result.exit_code == 1, result.output
    assert "first mismatch: layer fc2, sample" in result.output
    assert "index [5]" in result.output
    # A run would not take the altered firmware for what it had made.
    run = netloom.run("digits", directory=tmp_path / "broken", settings=SETTINGS)
    assert [outcome.name for outcome in run.outcomes if not outcome.reused] == ["convert", "simulate", "report"]


def test_a_users_quantized_model_without_labels(directory: Path, tmp_path: Path) -> None:
    model = tmp_path / "odd 'name' assign.keras"
    shutil.copyfile(directory / rundir.QUANTIZED_MODEL, model)
    x = TestSet.load(directory / rundir.DATA).x[:30]
    np.savez(tmp_path / "d.npz", x_train=x, x_test=x)
    result = call("run", model, "--data", tmp_path / "d.npz", "-o", tmp_path / "r")
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "r" / rundir.REPORT_JSON).read_text())
    assert report["scores"] == {}
    assert report["network"]["model_file"] == model.name
    assert [record["engines"] for record in report["fidelity"]] == [["quantized", "fixed"], ["fixed", "csim"]]
    assert all(record["mismatches"] == 0 for record in report["fidelity"])


def test_data_that_does_not_fit_a_model_is_refused(directory: Path, tmp_path: Path) -> None:
    model = directory / rundir.FLOAT_MODEL
    shutil.copyfile(model, tmp_path / "m.keras")
    x = np.ones((3, 5), np.float32)
    np.savez(tmp_path / "d.npz", x_train=x, x_test=x)
    result = call("run", tmp_path / "m.keras", "--data", tmp_path / "d.npz", "-o", tmp_path / "r")
    assert result.exit_code == 2
    assert "samples have the shape (5,), but m.keras takes (64,)" in result.stderr


def test_keras_loads_the_float_model_whatever_it_was_trained_by(directory: Path) -> None:
    import keras

    model = keras.models.load_model(directory / rundir.FLOAT_MODEL)
    assert not model.compiled
    assert model.count_params() == 6570


def test_the_python_way_gives_what_the_command_gives(directory: Path) -> None:
    x = TestSet.load(directory / rundir.DATA).x[:20]
    assert netloom.crosscheck(directory, x).equal
    conversion = netloom.Conversion.load(directory / rundir.CONVERSION)
    np.testing.assert_array_equal(netloom.simulate(conversion, x), netloom.simulate(directory, x, "csim"))
    with pytest.raises(netloom.NetloomError, match=r"needs float\.keras"):
        netloom.simulate(conversion, x, "float")
