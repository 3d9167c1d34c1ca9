"""QKeras layers through hls4ml's front door, which hls4ml itself lacks for Keras 3: against QKeras."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

hls4ml = pytest.importorskip("hls4ml")
keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")

QUANTIZERS = {
    "sign": "binary(alpha=1)",
    "three": "ternary(alpha=1)",
    "powers": "quantized_po2(4,2)",
    "leaky": "quantized_relu(6,2,negative_slope=0.25)",
}


def convert(model: Any, folder: Path, io_type: str) -> Any:
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="netloom")
    return hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend="netloom", io_type=io_type, output_dir=str(folder)
    )


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_quantizers_that_are_no_types_are_tables(io_type: str, tmp_path: Path) -> None:
    starts = [keras.Input((6,), name=f"x_{name}") for name in QUANTIZERS]
    read = [qkeras.QActivation("quantized_bits(8,2,alpha=1)", name=f"q_{name}") for name in QUANTIZERS]
    outputs = [
        qkeras.QActivation(text, name=name)(first(start))
        for (name, text), first, start in zip(QUANTIZERS.items(), read, starts, strict=True)
    ]
    model = keras.Model(starts, outputs)
    x = [np.random.default_rng(0).integers(-128, 128, (200, 6)).astype(np.float32) / 32] * len(starts)
    found, expected = convert(model, tmp_path, io_type).predict(x), model.predict(x, verbose=0)
    for name, ours, theirs in zip(QUANTIZERS, found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
        assert len(np.unique(ours)) > 1


def test_a_softmax_inside_a_dense_layer(tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    grid = "quantized_bits(6,1,alpha=1)"
    dense = qkeras.QDense(3, kernel_quantizer=grid, bias_quantizer=grid, activation="softmax", name="d")
    model = keras.Sequential([keras.Input((6,)), qkeras.QActivation("quantized_bits(8,2,alpha=1)"), dense])
    x = np.random.default_rng(0).normal(0, 2, (200, 6)).astype(np.float32)
    found, expected = convert(model, tmp_path, "io_parallel").predict(x), model.predict(x, verbose=0)
    assert np.abs(found - expected).max() < 0.02
    assert np.ptp(expected) > 0.9


@pytest.mark.parametrize("activation", [None, "quantized_relu(6,2)"])
def test_a_separable_convolution_has_one_name_where_hls4ml_takes_it(activation: str | None, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    grid = "quantized_bits(6,1,alpha=1)"
    quantizers = {"depthwise_quantizer": grid, "pointwise_quantizer": grid, "bias_quantizer": grid}
    convolution = qkeras.QSeparableConv1D(3, 2, activation=activation, name="s", **quantizers)
    model = keras.Sequential([keras.Input((6, 2)), qkeras.QActivation("quantized_bits(8,2,alpha=1)"), convolution])
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="netloom")
    assert ("s" in config["LayerName"]) == (activation is None)
    x = np.random.default_rng(0).integers(-128, 128, (100, 6, 2)).astype(np.float32) / 32
    found, expected = convert(model, tmp_path, "io_stream").predict(x), model.predict(x, verbose=0)
    np.testing.assert_array_equal(found, expected.reshape(found.shape))
