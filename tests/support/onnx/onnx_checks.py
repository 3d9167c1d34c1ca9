"""`check`: an ONNX model in float64, its Keras model and its firmware's numbers held against each other."""

from pathlib import Path

import numpy as np
from onnx_double import doubled
from onnx_graphs import SAMPLES, OnnxNet, executed

from netloom.hls import HlsSettings, convert
from netloom.quantize import load_model
from netloom.sim import open_engine

MOST_ROUNDED = 0.25
"""Share of elements that float32 may get wrong: a scale that meets a threshold once does so again and again."""


def check(net: OnnxNet, folder: Path, io_type: str = "io_parallel") -> None:
    """A network: in float64, the Keras model and the firmware's numbers are the same.

    qonnx's executor too, as far as its float32 goes: it may miss a threshold that a value all but meets.
    """
    folder.mkdir(exist_ok=True)
    model, twin = net.model(), load_model(net.save(folder / "net.onnx"))
    x = np.random.default_rng(1).normal(0, 1.5, (8 * SAMPLES, *net.source)).astype(np.float32)
    expected, rounded = doubled(model, x), executed(model, x)
    conversion = convert(twin, HlsSettings(io_type=io_type), folder / "conversion")
    with open_engine("quantized", model=twin) as quantized, open_engine("fixed", conversion=conversion) as fixed:
        np.testing.assert_array_equal(quantized.predict(x), expected)
        np.testing.assert_array_equal(fixed.predict(x), expected)
    assert np.mean(rounded != expected) < MOST_ROUNDED
