"""Tasks to the end of a run: several inputs and outputs, pictures, and a task that is added from outside."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import netloom
from netloom.cli.app import app
from netloom.models.data.examples import Examples, count
from netloom.models.tasks import Predict, Score, Task, add_task, find_task, registry
from netloom.pipeline import rundir

keras = pytest.importorskip("keras")
layers = keras.layers


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def run(folder: Path, model: Any, *arguments: object, **arrays: np.ndarray) -> Result:
    model.save(folder / "m.keras")
    np.savez(folder / "d.npz", **arrays)
    common = ["--data", folder / "d.npz", "-o", folder / "r", "--fine-tune-epochs", 1]
    return call("run", folder / "m.keras", *common, *arguments)


def report(folder: Path) -> Any:
    return json.loads((folder / "r" / rundir.REPORT_JSON).read_text())


class Nearness(Task):
    """A toy: which share of answers is within a half; it asks the engine itself, a sample at a time, in a loop."""

    name = "nearness"
    scores = (Score("near", "%"), Score("furthest", "m", better=-1))

    def loss(self, model: Any, output: int = 0) -> Any:
        return "mae"

    def evaluate(self, predict: Predict, examples: Examples) -> dict[str, float]:
        if examples.y is None:
            return {}
        assert isinstance(examples.x, np.ndarray) and isinstance(examples.y, np.ndarray)
        outputs = [predict(examples.x[number : number + 1]) for number in range(count(examples.x))]
        return self.measure(np.concatenate(outputs), examples.y)

    def measure(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        distance = np.abs(outputs - targets.reshape(outputs.shape))
        return {"near": float((distance < 0.5).mean()), "furthest": float(distance.max())}


def test_a_task_from_outside_works_to_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_TASKS", dict(registry._TASKS))
    add_task(Nearness())
    x = np.random.default_rng(0).normal(0, 1, (120, 6)).astype(np.float32)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(1, name="sum")])
    y = x.sum(axis=1)
    result = run(tmp_path, model, "--task", "nearness", x_train=x, y_train=y, x_test=x[:20], y_test=y[:20])
    assert result.exit_code == 0, result.output
    found = report(tmp_path)
    assert found["task"]["name"] == "nearness"
    assert set(found["scores"]) == {"float", "calibrated", "quantized", "fixed", "csim"}
    assert found["scores"]["fixed"] == found["scores"]["csim"]
    page = (tmp_path / "r" / rundir.REPORT_HTML).read_text()
    assert "Near, step by step" in page
    assert "Furthest, step by step" in page
    assert call("compare", tmp_path / "r", "--fail-if", "furthest>1e6", "--fail-if", "near.float<0%").exit_code == 0
    assert call("compare", tmp_path / "r", "--fail-if", "furthest>=0").exit_code == 1


def two_by_two() -> Any:
    left, right = keras.Input((6,), name="left"), keras.Input((4,), name="right")
    hidden = layers.Dense(8, activation="relu", name="hidden")(layers.Concatenate(name="both")([left, right]))
    outputs = [layers.Dense(3, name="kind")(hidden), layers.Dense(1, name="size")(hidden)]
    return keras.Model([left, right], outputs)


def test_several_inputs_and_outputs_go_through_every_command(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    left, right = (random.normal(0, 1, (150, width)).astype(np.float32) for width in (6, 4))
    kind, size = left[:, :3].argmax(axis=1), right.sum(axis=1)
    arrays = {"left": left, "right": right}
    # In the file in another order than in the model.
    data = {f"x_{split}/{name}": arrays[name] for split in ("train", "test") for name in ("right", "left")}
    data |= {f"y_{split}/{name}": y for split in ("train", "test") for name, y in (("size", size), ("kind", kind))}
    result = run(tmp_path, two_by_two(), **data)
    assert result.exit_code == 0, result.output
    found = report(tmp_path)
    assert found["task"]["name"] == "kind=classification,size=regression"
    assert set(found["scores"]["fixed"]) >= {"kind.accuracy", "size.r2"}
    assert found["scores"]["fixed"] == found["scores"]["csim"]
    assert found["network"]["input_shapes"] == [[6], [4]]
    assert all(record["mismatches"] == 0 for record in found["fidelity"] if record["engines"][0] == "fixed")
    run_directory = tmp_path / "r"
    assert call("compare", run_directory, "--fail-if", "kind.accuracy<0", "--fail-if", "size.r2.float>2").exit_code == 0
    assert call("report", run_directory).exit_code == 0

    np.savez(tmp_path / "x.npz", **arrays)
    result = call("simulate", run_directory, "--inputs", tmp_path / "x.npz", "-o", tmp_path / "y.npz")
    assert result.exit_code == 0, result.output
    with np.load(tmp_path / "y.npz") as outputs, np.load(run_directory / rundir.PREDICTIONS) as predictions:
        assert outputs.files == ["kind", "size"]
        for number, name in enumerate(outputs.files):
            np.testing.assert_array_equal(outputs[name], predictions[f"fixed/{number}"])
        simulated = [outputs[name] for name in outputs.files]

    np.savez(tmp_path / "t.npz", size=size, kind=kind)
    common = ["crosscheck", run_directory, "--inputs", tmp_path / "x.npz", "--labels"]
    result = call(*common, tmp_path / "t.npz")
    assert result.exit_code == 0, result.output
    assert "kind.accuracy of csim" in result.output
    assert "fixed = csim" in result.output
    np.savez(tmp_path / "t.npz", kind=kind)
    result = call(*common, tmp_path / "t.npz")
    assert result.exit_code == 2
    assert "one array for each output, by name: kind, size" in result.stderr

    goes_on_to_hardware(run_directory, arrays, dict(zip(("kind", "size"), simulated, strict=True)), tmp_path)


def goes_on_to_hardware(
    run_directory: Path, arrays: dict[str, np.ndarray], simulated: dict[str, np.ndarray], folder: Path
) -> None:
    """The commands that need no tools of an FPGA but Verilator, on a few samples."""
    converted, few = folder / "converted", 4
    np.savez(folder / "few.npz", **{name: values[:few] for name, values in arrays.items()})
    for command in (
        ("convert", run_directory / rundir.QUANTIZED_MODEL, "-o", converted),
        ("plan", converted, "--board", "ULX3S-25F", "--design-seconds", 1),
        ("export", converted, "--onnx", folder / "twin.onnx"),
        ("simulate", run_directory, "--engine", "onnx", "--inputs", folder / "few.npz", "-o", folder / "onnx.npz"),
        ("build", converted, "--board", "Arty-A7-35"),
        ("emulate", converted, "--inputs", folder / "few.npz", "-o", folder / "emulated.npz"),
    ):
        result = call(*command)
        assert result.exit_code == 0, (command[0], result.output)
    assert (folder / "twin.onnx").stat().st_size > 0
    for name in ("onnx.npz", "emulated.npz"):
        with np.load(folder / name) as outputs:
            assert outputs.files == list(simulated), name
            for one, values in simulated.items():
                np.testing.assert_array_equal(outputs[one], values[:few], err_msg=name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x_train/left": None, "x_test/left": None}, "has the inputs left, right, and the data right"),
        ({"y_train/size": None, "y_test/size": None}, "has 2 output(s), and the targets are kind"),
        ({"x_test/left": np.ones((9, 6))}, "the inputs of x_test have"),
    ],
)
def test_arrays_that_are_missing_or_do_not_fit_are_named(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    data: dict[str, Any] = {}
    for split in ("train", "test"):
        data |= {f"x_{split}/left": np.ones((8, 6)), f"x_{split}/right": np.ones((8, 4))}
        data |= {f"y_{split}/kind": np.zeros(8, int), f"y_{split}/size": np.ones(8) / 2}
    arrays = {name: array for name, array in (data | change).items() if array is not None}
    result = run(tmp_path, two_by_two(), "--no-csim", **arrays)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_segmentation_and_reconstruction_are_pictured(tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((60, 8, 8, 1)).astype(np.float32)
    mask = (x[..., 0] > 0.5).astype(np.uint8)
    for task, last, targets in (("segmentation", 2, {"y_train": mask, "y_test": mask}), ("reconstruction", 1, {})):
        (tmp_path / task).mkdir()
        model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(last, 1, name="pixels")])
        asked = ["--task", task] if task == "reconstruction" else []
        result = run(tmp_path / task, model, "--no-csim", *asked, x_train=x, x_test=x, **targets)
        assert result.exit_code == 0, result.output
        found = report(tmp_path / task)
        assert found["task"]["name"] == task
        page = (tmp_path / task / "r" / rundir.REPORT_HTML).read_text()
        _, samples = page.split("<h2>Samples</h2>")
        assert samples.count('alt="what fixed makes of it"') == 16
        names = [score["name"] for score in found["task"]["scores"]]
        assert set(found["scores"]["fixed"]) == set(names)
        assert "step by step" in page
        for name in names:
            assert call("compare", tmp_path / task / "r", "--fail-if", f"{name}<-1").exit_code == 0


def test_an_autoencoder_of_ones_own_finds_anomalies(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    directions = np.linalg.qr(random.normal(size=(12, 3)))[0]
    x = random.uniform(-1, 1, (260, 3)) @ directions.T
    anomalous = np.arange(60) % 3 == 0
    x[200:][anomalous] += random.normal(0, 0.3, (20, 12))  # off the plane that the others lie in
    code, rendered = layers.Dense(3, use_bias=False, name="code"), layers.Dense(12, use_bias=False, name="rendered")
    model = keras.Sequential([keras.Input((12,)), code, rendered])
    code.set_weights([directions])
    rendered.set_weights([directions.T])
    result = run(tmp_path, model, "--no-csim", "--task", "anomaly", x_train=x[:200], x_test=x[200:], y_test=anomalous)
    assert result.exit_code == 0, result.output
    found = report(tmp_path)
    assert found["task"]["name"] == "anomaly"
    assert found["scores"]["fixed"]["roc_auc"] > 0.95
    assert found["scores"]["fixed"]["mean_squared_error"] < 0.01
    assert "How badly a sample is rendered" in (tmp_path / "r" / rundir.REPORT_HTML).read_text()
    assert call("compare", tmp_path / "r", "--fail-if", "roc_auc<0.95").exit_code == 0


def written(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Strings of three symbols as images: each a row of its own lit for two columns, with a gap behind it."""
    strings = random.integers(1, 4, (count, 3))
    x = np.zeros((count, 4, 12, 1), np.float32)
    for number, string in enumerate(strings):
        for place, symbol in enumerate(string):
            x[number, symbol - 1, 4 * place : 4 * place + 2] = 1
    return x, strings


@pytest.mark.slow
def test_a_model_of_ones_own_reads(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    (x, y), (x_test, y_test) = written(random, 200), written(random, 40)
    model = keras.Sequential([keras.Input((4, 12, 1)), layers.Conv2D(4, (4, 1), name="symbols")])
    model.layers[0].set_weights([np.eye(4)[:, None, None, [3, 0, 1, 2]], np.array([0.5, 0, 0, 0])])
    arrays = {"x_train": x, "y_train": y, "x_test": x_test, "y_test": y_test}
    result = run(tmp_path, model, "--task", "reading", **arrays)
    assert result.exit_code == 0, result.output
    found = report(tmp_path)
    assert found["task"]["name"] == "reading"
    assert found["scores"]["fixed"] == found["scores"]["csim"] == {"exact_strings": 1.0, "character_error_rate": 0.0}
    page = (tmp_path / "r" / rundir.REPORT_HTML).read_text()
    assert "What is read, and where" in page
    assert "fixed reads " + "".join(map(str, y_test[0])) in page
    result = run(tmp_path, model, "--task", "amounts", **arrays)
    assert result.exit_code == 2
    assert "gives 4 scores a position, but amounts takes 13: of nothing, then of 0 1 2" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def squares(count: int, side: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures with a bright square in each, and its box, and room for another one."""
    random = np.random.default_rng(seed)
    pictures, boxes = random.uniform(0, 0.2, (count, side, side, 1)).astype(np.float32), np.full((count, 2, 5), -1.0)
    for number, (top, left) in enumerate(random.integers(0, side - 6, (count, 2))):
        pictures[number, top : top + 6, left : left + 6] = 1
        boxes[number, 0] = [0, top / side, left / side, (top + 6) / side, (left + 6) / side]
    return pictures, boxes


@pytest.mark.slow
def test_a_detector_of_ones_own_goes_through_every_command(tmp_path: Path) -> None:
    (x_train, y_train), (x_test, y_test) = squares(256, 16, 0), squares(40, 16, 1)
    model = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(8, 5, strides=4, padding="same", activation="relu", name="see"),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="around"),
            layers.Conv2D(5, 1, name="boxes"),
        ]
    )
    task = find_task("detection")
    model.compile(keras.optimizers.Adam(0.01), loss=task.loss(model))
    model.fit(x_train, task.fitted(model, y_train.astype(np.float32)), epochs=40, batch_size=32, verbose=0)
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    result = run(tmp_path, model, "--task", "detection", **arrays)
    assert result.exit_code == 0, result.output
    found, directory = report(tmp_path), tmp_path / "r"
    assert found["task"]["name"] == "detection"
    assert found["scores"]["fixed"]["average_precision"] > 0.5
    assert found["scores"]["fixed"] == found["scores"]["csim"]
    page = (directory / rundir.REPORT_HTML).read_text()
    assert "Boxes in samples" in page
    assert "Average precision, step by step" in page
    assert page.count('alt="what fixed makes of it"') >= 16
    assert call("compare", directory, "--fail-if", "average_precision<50%", "--fail-if", "recall<0").exit_code == 0
    result = run(tmp_path, model, "--force", **arrays)  # nothing tells boxes from measured values
    assert result.exit_code == 2
    assert "y_train has the shape (2, 5) a sample, but" in result.stderr


def test_an_unknown_task_is_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(netloom.NetloomError, match="there is no task 'regresion'; did you mean regression"):
        netloom.RunSettings(task="regresion")
    result = call("run", "digits", "--task", "regression", "-o", tmp_path / "r")
    assert result.exit_code == 2
    assert "--task is for your own models; the model 'digits' is for classification" in result.stderr
