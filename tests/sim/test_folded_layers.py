"""QKeras layers with a batch normalization inside: engine `quantized`, the firmware, and QKeras itself agree."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from judges import agree  # noqa: E402
from qkeras import QActivation, QConv2DBatchnorm, QDenseBatchnorm, QDepthwiseConv2DBatchnorm, quantized_bits  # noqa: E402

from netloom.hls import HlsSettings, convert  # noqa: E402
from netloom.quantize import load_model, save_model  # noqa: E402
from netloom.sim import compare_engines, open_engine  # noqa: E402

BITS = {"bias_quantizer": "quantized_bits(8,2,alpha=1)"}
KERNEL = {"kernel_quantizer": "quantized_bits(6,1,alpha=1)", **BITS}
DEPTHWISE = {"depthwise_quantizer": "quantized_bits(6,1,alpha=1)", **BITS}
LAYERS = {
    "dense": lambda: QDenseBatchnorm(3, **KERNEL),
    "conv": lambda: QConv2DBatchnorm(3, 2, padding="same", **KERNEL),
    "conv without a bias": lambda: QConv2DBatchnorm(2, 2, strides=2, use_bias=False, **KERNEL),
    "dilated": lambda: QConv2DBatchnorm(2, 2, dilation_rate=2, **KERNEL),
    "depthwise": lambda: QDepthwiseConv2DBatchnorm(2, **DEPTHWISE),
    "two a channel": lambda: QDepthwiseConv2DBatchnorm(2, depth_multiplier=2, **DEPTHWISE),
}


def network(name):
    """One such layer, its statistics not those it began with."""
    keras.utils.set_random_seed(2)
    inputs = keras.Input((8,) if name == "dense" else (4, 4, 2), name="source")
    x = LAYERS[name]()(QActivation(quantized_bits(6, 1, alpha=1), name="quantizer")(inputs))
    model = keras.Model(inputs, QActivation(quantized_bits(8, 3, alpha=1), name="result")(x))
    rng = np.random.default_rng(0)
    for weight in model.layers[2].weights:
        if "iteration" not in weight.name:
            positive = any(word in weight.name for word in ("variance", "gamma"))
            weight.assign(rng.uniform(0.5, 1.5, weight.shape) if positive else rng.normal(0, 0.7, weight.shape))
    return model


def samples(model):
    return np.random.default_rng(1).normal(0, 1, (50, *model.input_shape[1:]))


@pytest.mark.parametrize("name", LAYERS)
def test_the_engine_equals_the_firmware_and_qkeras(name, tmp_path):
    model = network(name)
    conversion = convert(model, HlsSettings(), tmp_path / "conversion")
    quantized = open_engine("quantized", model=model)
    fidelity = compare_engines(quantized, open_engine("fixed", conversion=conversion), samples(model), trace=True)
    assert fidelity.equal, fidelity.first_mismatch
    x = samples(model).astype(np.float32)
    np.testing.assert_array_equal(quantized.predict(x), model(x, training=False))


@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
@pytest.mark.parametrize("name", ["dense", "conv", "two a channel"])
def test_all_judges_agree(name, io_type, tmp_path):
    model = network(name)
    agree(model, samples(model), tmp_path, io_type, hardware=io_type == "io_stream")


@pytest.mark.parametrize("name", ["dense", "conv"])
def test_it_is_saved_and_loaded(name, tmp_path):
    """QKeras does not register `QDenseBatchnorm`, and its configuration has what it does not take."""
    model = network(name)
    save_model(model, tmp_path / "model.keras")
    x = samples(model)
    np.testing.assert_array_equal(load_model(tmp_path / "model.keras")(x), model(x))
