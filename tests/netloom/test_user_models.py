"""Users' own models through the commands: what is taken for quantized, several inputs and outputs, odd labels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import netloom
from netloom.cli import app

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
