"""What does nothing in inference, behind whatever it stands, changes no bit."""

import keras
import numpy as np
import pytest
from keras import layers
from qkeras import QActivation

from netloom.hls import HlsSettings, convert
from netloom.sim import compare_engines, open_engine

IDLE = {
    "dropout": lambda: layers.Dropout(0.3, name="idle"),
    "of channels": lambda: layers.SpatialDropout1D(0.3, name="idle"),
    "noise": lambda: layers.GaussianDropout(0.3, name="idle"),
    "linear": lambda: layers.Activation("linear", name="idle"),
}


def quantizer(name: str) -> QActivation:
    """13 bits behind the point: more than hls4ml's default type has."""
    return QActivation("quantized_bits(14,0,alpha=1)", name=name)


BEFORE = {
    "average": lambda x: layers.AveragePooling1D(2)(x),
    "concatenate": lambda x: layers.Concatenate()([x, quantizer("again")(x)]),
    "maximum": lambda x: layers.MaxPooling1D(2)(x),
    "permute": lambda x: layers.Permute((2, 1))(x),
    "relu": lambda x: layers.ReLU()(x),
    "repeat": lambda x: layers.RepeatVector(3)(layers.Flatten()(x)),
    "reshape": lambda x: layers.Reshape((4, 6))(x),
    "slice": lambda x: x[:, 1:3],
    "upsample": lambda x: layers.UpSampling1D(2)(x),
}
CASES = [*((before, "dropout") for before in BEFORE), *(("maximum", idle) for idle in IDLE)]


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
@pytest.mark.parametrize(("before", "idle"), CASES)
def test_it_changes_no_bit(before: str, idle: str, io_type: str, tmp_path) -> None:
    source = keras.Input((6, 4), name="source")
    x = IDLE[idle]()(BEFORE[before](quantizer("input")(source)))
    model = keras.Model(source, [layers.Permute((2, 1), name="turned")(x), layers.ReLU(name="positive")(x)])
    conversion = convert(model, HlsSettings(io_type=io_type), tmp_path / "net")
    assert "idle" not in {layer.origin for layer in conversion.layers}
    samples = np.random.default_rng(0).normal(0, 0.7, (16, 6, 4))
    with open_engine("fixed", conversion=conversion) as fixed, open_engine("quantized", model=model) as quantized:
        assert compare_engines(quantized, fixed, [samples]).equal


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_at_the_end_the_layer_before_gives_the_output(io_type: str, tmp_path) -> None:
    source = keras.Input((6, 4), name="source")
    model = keras.Model(source, IDLE["dropout"]()(layers.MaxPooling1D(2, name="pool")(quantizer("input")(source))))
    conversion = convert(model, HlsSettings(io_type=io_type), tmp_path / "net")
    samples = np.random.default_rng(0).normal(0, 0.7, (16, 6, 4))
    with (
        open_engine("fixed", conversion=conversion) as fixed,
        open_engine("csim", conversion=conversion) as csim,
        open_engine("quantized", model=model) as quantized,
    ):
        assert compare_engines(csim, fixed, [samples], trace=True).equal
        assert compare_engines(quantized, fixed, [samples]).equal
