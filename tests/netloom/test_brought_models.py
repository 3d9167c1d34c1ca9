"""Models as people write and save them, through the commands and the API: converted, and equal to what they mean."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import netloom
from netloom.cli.app import app
from netloom.errors import LayerNotSupportedError
from netloom.hls import HlsSettings, convert
from netloom.quantize import Policy, flatten, quantize
from netloom.sim import open_engine

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")
layers = keras.layers


def bits(width: int, integer: int) -> Any:
    return qkeras.quantized_bits(width, integer, alpha=1)


def dense(units: int, name: str | None = None) -> Any:
    return qkeras.QDense(units, kernel_quantizer=bits(6, 1), bias_quantizer=bits(6, 1), name=name)


def act(width: int, integer: int, name: str | None = None) -> Any:
    return qkeras.QActivation(bits(width, integer), name=name)


class Residual(layers.Layer):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.dense, self.act = dense(6, "fc"), act(8, 3, "act")

    def call(self, x: Any) -> Any:
        return self.act(self.dense(x) + x)


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="mine")
        self.start, self.block, self.end = act(8, 2, "start"), Residual(name="block"), dense(3, "end")

    def call(self, x: Any) -> Any:
        return self.end(self.block(self.start(x)))


def subclassed() -> Any:
    return flatten(Subclassed(), [(6,)])


def nested() -> Any:
    block = keras.Sequential([keras.Input((6,)), dense(6, "fc"), act(6, 2, "act")], name="block")
    x = keras.Input((6,), name="x")
    y = block(block(act(8, 2, "q")(x)))
    z = -((block(y) + y - y) * 0.5 + 0.25)
    return keras.Model(x, [z, dense(2, "o")(layers.Identity(name="same")(y))])


def distributed() -> Any:
    x = keras.Input((3, 6, 2), name="x")
    each = layers.TimeDistributed
    convolution = qkeras.QConv1D(3, 3, kernel_quantizer=bits(6, 1), bias_quantizer=bits(6, 1))
    y = each(act(6, 2), name="ta")(each(convolution, name="tc")(act(8, 2, "q")(x)))
    return keras.Model(x, each(dense(4), name="td")(each(layers.Flatten())(y)))


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
@pytest.mark.parametrize(
    ("build", "names"),
    [
        (subclassed, ["block.fc", "block.act"]),
        (nested, ["block.fc", "block.act_3"]),
        (distributed, ["tc_3", "ta", "td"]),
    ],
)
def test_quantized_models_convert_and_are_equal_layer_by_layer(
    tmp_path: Path, build: Any, names: list[str], io_type: str
) -> None:
    model = build()
    generator = np.random.default_rng(0)
    for weight in model.trainable_weights:
        if "normalization" not in weight.path:
            weight.assign(np.round(generator.normal(0, 0.5, weight.shape) * 16) / 16)
    conversion = convert(model, HlsSettings(io_type=io_type), tmp_path / "net")
    assert set(names) <= {layer.origin for layer in conversion.layers}
    assert all(layer.name.isidentifier() for layer in conversion.layers)
    x = generator.integers(-128, 128, (40, *model.inputs[0].shape[1:])) / 32
    with open_engine("fixed", conversion=conversion) as fixed, open_engine("quantized", model=model) as exact:
        found, wanted = fixed.predict(x), exact.predict(x)
        for one, other in zip(
            found if isinstance(found, list) else [found], wanted if isinstance(wanted, list) else [wanted], strict=True
        ):
            np.testing.assert_array_equal(one, other)
        trace = exact.trace(x)
    assert set(names) <= set(trace)


def test_a_float_image_network_of_bytes_is_quantized_and_equal(tmp_path: Path) -> None:
    block = keras.Sequential(
        [keras.Input((6, 6, 1)), layers.Conv2D(3, 3, name="conv"), layers.BatchNormalization(), layers.ReLU()],
        name="block",
    )
    x = keras.Input((6, 6, 1), name="img", dtype="uint8")
    y = layers.Flatten()(block(layers.Rescaling(1 / 255)(x)))
    model = keras.Model(x, (layers.Dense(4, activation="relu")(y) + layers.Dense(4)(y)) * 0.5)
    data = np.random.default_rng(0).integers(0, 256, (60, 6, 6, 1)).astype(np.uint8)
    twin = quantize(model, Policy(overrides={"block.conv": {"weights": 7}}), data, fine_tune_epochs=0)
    assert not any("rescaling" in layer.name for layer in twin.layers)
    conversion = convert(twin, HlsSettings(), tmp_path / "net")
    types = {layer.origin: layer for layer in conversion.layers}
    assert str(types["img"].type).startswith("ufixed<8,8")
    assert types["block.conv"].weight_type.width == 7
    with open_engine("fixed", conversion=conversion) as fixed, open_engine("quantized", model=twin) as exact:
        np.testing.assert_array_equal(fixed.predict(data), exact.predict(data))
    np.testing.assert_allclose(fixed.predict(data), model(data), atol=0.05)


@pytest.mark.parametrize("quantizer", [qkeras.quantized_bits(8, 0, keep_negative=0, alpha=1), bits(6, 0)])
def test_a_power_of_two_before_the_first_quantizer_makes_that_one_larger(tmp_path: Path, quantizer: Any) -> None:
    x = keras.Input((4,), name="bytes")
    y = qkeras.QActivation(quantizer, name="q")(layers.Rescaling(1 / 256, name="scale")(x))
    model = keras.Model(x, qkeras.QDense(3, kernel_quantizer=bits(4, 0), use_bias=False)(y))
    conversion = convert(model, HlsSettings(), tmp_path / "net")
    data = np.random.default_rng(0).integers(0, 2048, (60, 4)) / 4
    with open_engine("fixed", conversion=conversion) as fixed, open_engine("quantized", model=model) as exact:
        np.testing.assert_array_equal(fixed.predict(data), exact.predict(data))
    np.testing.assert_array_equal(fixed.predict(data), np.asarray(model(data), np.float64))


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_open_sizes_are_said_on_the_command_line(tmp_path: Path, suffix: str) -> None:
    x = keras.Input((None, None, 1), name="x")
    y = qkeras.QConv2D(2, 3, kernel_quantizer=bits(4, 0), name="conv")(act(8, 2, "q")(x))
    keras.Model(x, layers.GlobalMaxPooling2D()(y)).save(tmp_path / f"m{suffix}")
    refused = call("convert", tmp_path / f"m{suffix}", "-o", tmp_path / "r")
    assert refused.exit_code == 2 and "--input-shape" in refused.output
    wrong = call("convert", tmp_path / f"m{suffix}", "-o", tmp_path / "r", "--input-shape", "7,-1,1")
    assert wrong.exit_code == 2 and "28,28,1" in wrong.output
    wrong = call("convert", tmp_path / f"m{suffix}", "-o", tmp_path / "r", "--input-shape", "7,6,2")
    assert wrong.exit_code == 2 and "is no case of it" in wrong.output
    made = call("convert", tmp_path / f"m{suffix}", "-o", tmp_path / "r", "--input-shape", "7x6x1")
    assert made.exit_code == 0, made.output
    assert netloom.simulate(tmp_path / "r", np.zeros((3, 7, 6, 1))).shape == (3, 2)


def test_a_subclassed_model_runs_from_memory(tmp_path: Path) -> None:
    model = Subclassed()
    run = netloom.run(model, input_shapes=[(6,)], directory=tmp_path / "r", until="convert")
    x = np.random.default_rng(0).integers(-128, 128, (20, 6)) / 32
    np.testing.assert_array_equal(netloom.simulate(run.directory, x), netloom.simulate(run.directory, x, "quantized"))


def test_the_input_shape_of_a_network_is_its_own(tmp_path: Path) -> None:
    result = call("run", "digits", "--input-shape", "3", "-o", tmp_path / "r")
    assert result.exit_code == 2 and "leave --input-shape out" in result.output


def test_a_quantized_model_that_scales_before_its_input_quantizer_is_refused_with_a_way_out(tmp_path: Path) -> None:
    x = keras.Input((4,), name="x")
    model = keras.Model(x, dense(3)(act(8, 0)(layers.Rescaling(1 / 255, name="scale")(x))))
    with pytest.raises(LayerNotSupportedError, match=r"'scale'.*before.*QActivation.*before it"):
        convert(model, HlsSettings(), tmp_path / "net")
