"""Users' own models through the commands: what is taken for quantized, several inputs and outputs, odd labels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import netloom
from netloom.cli.app import app
from netloom.errors import ModelFileError

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")
layers = keras.layers


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def bits(width: int) -> Any:
    return qkeras.quantized_bits(width, 1, alpha=1)


def quantized_input(name: str) -> tuple[Any, Any]:
    tensor = keras.Input((4,), name=name)
    return tensor, qkeras.QActivation(bits(8), name=f"{name}_quantizer")(tensor)


def normalized() -> Any:
    start, x = quantized_input("x")
    x = qkeras.QDense(3, kernel_quantizer=bits(4), bias_quantizer=bits(8))(x)
    return keras.Model(start, layers.BatchNormalization(epsilon=0, name="normalization")(x))


def no_bias_quantizer() -> Any:
    start, x = quantized_input("x")
    return keras.Model(start, qkeras.QDense(3, kernel_quantizer=bits(4))(x))


def two_inputs() -> Any:
    (a, x), (b, y) = quantized_input("a"), quantized_input("b")
    return keras.Model([a, b], qkeras.QDense(3, kernel_quantizer=bits(4))(layers.Add()([x, y])))


def two_outputs() -> Any:
    start, x = quantized_input("x")
    return keras.Model(start, [qkeras.QDense(n, kernel_quantizer=bits(4), name=f"out{n}")(x) for n in (2, 3)])


@pytest.mark.parametrize("build", [normalized, no_bias_quantizer])
def test_a_model_with_quantized_kernels_is_a_quantized_model(tmp_path: Path, build: Any) -> None:
    build().save(tmp_path / "m.keras")
    result = call("convert", tmp_path / "m.keras", "-o", tmp_path / "r")
    assert result.exit_code == 0, result.output
    x = np.random.default_rng(0).integers(-128, 128, (20, 4)) / 64
    with netloom.open_engine("quantized", model=tmp_path / "m.keras") as engine:
        np.testing.assert_array_equal(netloom.simulate(tmp_path / "r", x), engine.predict(x))


@pytest.mark.parametrize(("build", "inputs"), [(two_inputs, 2), (two_outputs, 1)])
def test_several_inputs_or_outputs_convert_and_the_commands_say_how_to_go_on(
    tmp_path: Path, build: Any, inputs: int
) -> None:
    build().save(tmp_path / "m.keras")
    result = call("convert", tmp_path / "m.keras", "-o", tmp_path / "r")
    assert result.exit_code == 0, result.output
    assert f"--inputs {'x.npz' if inputs > 1 else 'x.npy'}" in result.output
    x = [np.random.default_rng(i).integers(-128, 128, (20, 4)) / 64 for i in range(inputs)]
    with netloom.open_engine("quantized", model=tmp_path / "m.keras") as engine:
        expected = engine.predict(x)
    for one, other in zip(netloom.simulate(tmp_path / "r", x), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    np.save(tmp_path / "x.npy", x[0])
    np.savez(tmp_path / "x.npz", **dict(zip("ab", x, strict=False)))
    given = tmp_path / ("x.npz" if inputs > 1 else "x.npy")
    result = call("crosscheck", tmp_path / "r", "--inputs", given)
    assert result.exit_code == 0, result.output
    np.savez(tmp_path / "d.npz", x_train=x[0], x_test=x[0])
    result = call("run", tmp_path / "m.keras", "--data", tmp_path / "d.npz", "-o", tmp_path / "s", "--no-csim")
    if inputs == 1:
        assert result.exit_code == 0, result.output
        return
    assert result.exit_code == 2
    assert "m.keras has the inputs a, b, and the data one array; name them: x_train/a, x_train/b" in result.stderr
    result = call("crosscheck", tmp_path / "r", "--inputs", tmp_path / "x.npy")
    assert result.exit_code == 2
    assert "is not an .npz file" in result.stderr or "inputs are a, b" in result.stderr


def trained() -> Any:
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, name="scores")], name="mine")


@pytest.mark.parametrize("build", [trained, normalized])
def test_a_model_in_memory_runs_as_its_file_does(tmp_path: Path, build: Any) -> None:
    model = build()
    save_labelled(tmp_path / "d.npz")
    # What is quantized already is not tuned.
    settings = netloom.RunSettings(csim=False, fine_tune_epochs=1 if build is trained else None)
    given = netloom.run(model, data=tmp_path / "d.npz", settings=settings, directory=tmp_path / "given")
    model.save(tmp_path / "mine.keras")
    saved = netloom.run(
        tmp_path / "mine.keras", data=tmp_path / "d.npz", settings=settings, directory=tmp_path / "saved"
    )
    assert [outcome.name for outcome in given.outcomes] == [outcome.name for outcome in saved.outcomes]
    assert given.report.scores == saved.report.scores
    assert given.report.network.name == model.name
    assert given.report.network.model_file is None
    again = netloom.run(model, data=tmp_path / "d.npz", settings=settings, directory=tmp_path / "given")
    assert all(outcome.reused for outcome in again.outcomes)
    model.set_weights([2 * weight for weight in model.get_weights()])
    changed = netloom.run(model, data=tmp_path / "d.npz", settings=settings, directory=tmp_path / "given")
    assert not changed.outcomes[0].reused


def with_a_lambda() -> Any:
    return keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: 2 * x), layers.Dense(3)], name="clever")


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (with_a_lambda, "^the model 'clever' is not loaded: .* would run code"),
        (lambda: keras.Sequential([layers.Dense(3)], name="loose"), "the model 'loose' has no inputs of a fixed shape"),
        (lambda: type("Own", (keras.Model,), {})(name="own"), "the model 'own' has no inputs of a fixed shape"),
        (lambda: layers.Dense(3), "or a Keras model, not from Dense"),
        (lambda: None, "or a Keras model, not from NoneType"),
    ],
)
def test_what_in_memory_is_no_model_is_one_line(tmp_path: Path, build: Any, words: str) -> None:
    save_labelled(tmp_path / "d.npz")
    with pytest.raises(ModelFileError, match=words) as raised:
        netloom.run(build(), data=tmp_path / "d.npz", directory=tmp_path / "r")
    assert "\n" not in str(raised.value)


def save_labelled(path: Path) -> None:
    random = np.random.default_rng(0)
    x, y = random.random((60, 4), np.float32), random.integers(0, 3, 60)
    np.savez(path, x_train=x, y_train=y, x_test=x[:20], y_test=y[:20])


def test_a_classifier_of_sigmoids_runs_with_class_numbers(tmp_path: Path) -> None:
    keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="sigmoid")]).save(tmp_path / "m.keras")
    save_labelled(tmp_path / "d.npz")
    result = call("run", tmp_path / "m.keras", "--data", tmp_path / "d.npz", "-o", tmp_path / "r", "--no-csim")
    assert result.exit_code == 0, result.output


def test_one_label_a_sample_needs_outputs_that_are_a_vector(tmp_path: Path) -> None:
    keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Reshape((1, 3))]).save(tmp_path / "m.keras")
    save_labelled(tmp_path / "d.npz")
    result = call("run", tmp_path / "m.keras", "--data", tmp_path / "d.npz", "-o", tmp_path / "r", "--no-csim")
    assert result.exit_code == 2
    assert "outputs of shape (1, 3); end the model with Flatten" in result.stderr
    assert "Traceback" not in result.stderr


def of_words() -> Any:
    return keras.Sequential([keras.Input((4,)), layers.Embedding(10, 3), layers.Flatten(), layers.Dense(3)])


@pytest.mark.parametrize("split", ["x_train", "x_test"])
@pytest.mark.parametrize("start", ["m.keras", "characters"])
def test_a_word_beyond_the_vocabulary_is_one_line_before_anything_is_trained(
    tmp_path: Path, split: str, start: str
) -> None:
    of_words().save(tmp_path / "m.keras")
    steps, rows = (4, 10) if start == "m.keras" else (100, 65)
    x = {one: np.zeros((20, steps), np.float32) for one in ("x_train", "x_test")}
    x[split][7, 2] = rows + 2
    y = np.zeros(20 if start == "m.keras" else (20, steps), int)
    np.savez(tmp_path / "d.npz", **x, y_train=y, y_test=y)
    model = tmp_path / start if start == "m.keras" else start
    result = call("run", model, "--data", tmp_path / "d.npz", "-o", tmp_path / "r", "--no-csim")
    assert result.exit_code == 2, result.output
    assert f"test samples: {split}: sample 7, position 2 is {rows + 2}, and layer" in result.stderr
    assert f"has {rows} rows: give whole numbers from 0 to {rows - 1}" in result.stderr
    assert not list((tmp_path / "r").glob("*.keras"))
