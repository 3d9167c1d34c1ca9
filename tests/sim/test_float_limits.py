"""Where float32 cannot hold the exact result a run says so, by layer."""

import re

import keras
import numpy as np
import pytest
from zoo import bits, quant

import netloom
from netloom.hls import HlsSettings, convert
from netloom.progress import Progress
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
