"""Where float32 cannot hold the exact result a run says so, by layer."""

import re

import keras
import numpy as np
import pytest
from zoo import bits, quant

import netloom
from netloom.hls import HlsSettings, convert
from netloom.progress import Progress
from netloom.quantize import Policy, quantize
from netloom.quantize.layers import QGRU, QuantizedFunction
from netloom.sim.float_limits import float_warning


def dense_layers(width: int, depth: int):
    from qkeras import QDense

    x = inputs = keras.Input((4,))
    x = quant(width, 3, "q")(x)
    for index in range(depth):
        x = QDense(4, kernel_quantizer=bits(width, 2), bias_quantizer=bits(9, 2), name=f"fc{index}")(x)
    model = keras.Model(inputs, x)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        layer.set_weights([rng.uniform(-2, 2, weight.shape) for weight in layer.get_weights()])
    return model


@pytest.mark.parametrize(
    ("width", "depth", "words"),
    [
        (8, 1, ""),
        (14, 1, "of layer fc0: the quantized model's own predict may round there; the engine does not"),
        (14, 5, "of layers fc0, fc1, fc2 and 2 more: .*, in float64, in layers fc3, fc4"),
    ],
)
def test_layers_are_named_by_what_holds_them(tmp_path, width, depth, words):
    conversion = convert(dense_layers(width, depth), HlsSettings(), tmp_path / "net")
    warning = float_warning(conversion)
    assert bool(warning) == bool(words)
    if words:
        assert re.search(words, warning), warning


def twin_of_gru(bits: int, units: int):
    keras.utils.set_random_seed(0)
    x = keras.Input((6, 6), name="x")
    network = keras.Model(x, keras.layers.GRU(units, name="gru")(x))
    samples = np.random.default_rng(0).normal(0, 1, (60, 6, 6))
    return quantize(network, Policy.uniform(bits), samples, fine_tune_epochs=0)


def wide_gru():
    """Its weights have 16 bits, its states 24 and its gates 16: the products of all three more than 53."""
    x = keras.Input((6, 4), name="x")
    functions = {
        "activation": QuantizedFunction("tanh", bits(8, 2), bits(16, 0)),
        "recurrent_activation": QuantizedFunction("sigmoid", bits(8, 2), bits(16, 1)),
    }
    quantizers = {f"{name}_quantizer": bits(16, 1) for name in ("kernel", "recurrent", "bias")}
    layer = QGRU(4, **functions, **quantizers, state_quantizer=bits(24, 1), reset_after=True, name="gru")
    model = keras.Model(x, layer(quant(8, 1, "q")(x)))
    for weight in layer.weights:
        weight.assign(np.random.default_rng(0).uniform(-2, 2, weight.shape))
    return model


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: twin_of_gru(6, 16), ""),
        (lambda: twin_of_gru(10, 64), "of layer gru/candidate: .*; the engine does not$"),
        (wide_gru, "of layers gru/update, .*, in float64, in layer gru/candidate$"),
    ],
)
def test_what_is_inside_a_recurrent_layer_is_named_by_its_path(tmp_path, make, words):
    warning = float_warning(convert(make(), HlsSettings(), tmp_path / "net"))
    assert bool(warning) == bool(words), warning
    assert re.search(words, warning), warning


def test_a_run_says_it(tmp_path):
    lines = []

    class Heard(Progress):
        def said(self, line: str) -> None:
            lines.append(line)

    rng = np.random.default_rng(1)
    data = {
        f"{name}_{part}": rng.random((40, 4)) if name == "x" else rng.integers(0, 4, 40)
        for name in "xy"
        for part in ("train", "test")
    }
    np.savez(tmp_path / "data.npz", **data)
    netloom.run(
        dense_layers(14, 1),
        data=tmp_path / "data.npz",
        settings=netloom.RunSettings(csim=False),
        directory=tmp_path / "run",
        until="simulate",
        progress=Heard(),
    )
    assert any("layer fc0" in line for line in lines)
