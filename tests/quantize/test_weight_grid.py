"""Weight quantizers are admitted by what their scale is, never by how their values look."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")
import qkeras  # noqa: E402
from zoo import quant  # noqa: E402

from netloom.errors import QuantizerNotSupportedError  # noqa: E402
from netloom.hls.frontends.keras.handlers.quantizer import quantized_values  # noqa: E402

WEIGHTS = np.random.default_rng(0).normal(0, 0.7, (6, 3)).astype(np.float32)


class Layer:
    name = "layer"


def values_of(quantizer, weights=WEIGHTS):
    return quantized_values(Layer(), keras.ops.convert_to_tensor(weights), quantizer, "kernel")


ADMITTED = {
    "alpha 1": lambda q: q.quantized_bits(4, 0, alpha=1),
    "no alpha": lambda q: q.quantized_bits(4, 0),
    "a half": lambda q: q.quantized_bits(4, 0, alpha=0.5),
    "one a column": lambda q: q.binary(alpha=np.array([[0.5, 1.0, 4.0]], dtype=np.float32)),
    "auto_po2": lambda q: q.quantized_bits(4, 1, alpha="auto_po2"),
    "limited auto_po2": lambda q: q.quantized_bits(4, 0, alpha="auto_po2", min_po2_exponent=-3, max_po2_exponent=-1),
    "given scale": lambda q: q.quantized_bits(4, 0, alpha="auto", post_training_scale=np.array([[0.5, 1.0, 2.0]])),
    "binary": lambda q: q.binary(alpha=0.5),
    "binary of 0 and 1": lambda q: q.binary(use_01=True, alpha=1),
    "ternary": lambda q: q.ternary(alpha="auto_po2"),
    "linear": lambda q: q.quantized_linear(4, 0, alpha="auto_po2"),
    "linear, one bit": lambda q: q.quantized_linear(1, -1),
    "powers": lambda q: q.quantized_po2(4),
    "tanh": lambda q: q.quantized_tanh(5, use_real_tanh=True),
    "relu": lambda q: q.quantized_relu(4, 1),
}


@pytest.mark.parametrize("case", ADMITTED)
def test_powers_of_two_are_admitted_and_held_exactly(case):
    quantizer = ADMITTED[case](qkeras.quantizers)
    values, grid = values_of(quantizer)
    assert (values == keras.ops.convert_to_numpy(quantizer(WEIGHTS))).all()
    assert (grid.to_float(grid.from_float(values)) == values).all()


REFUSED = {
    "three quarters": (lambda q: q.quantized_bits(4, 0, alpha=0.75), "scale of 0.75, which is no power of two"),
    "a third": (lambda q: q.binary(alpha=1 / 3), "no power of two"),
    "auto": (lambda q: q.quantized_bits(4, 0, alpha="auto"), r"alpha='auto'.*alpha='auto_po2'"),
    "given scale": (
        lambda q: q.quantized_bits(4, 0, alpha="auto_po2", post_training_scale=np.array([[0.5, 1.0, 3.0]])),
        "scale of 3.0",
    ),
    "one of a column": (lambda q: q.binary(alpha=np.array([[0.5, 1.0, 0.3]])), "no power of two"),
    "negative bits": (lambda q: q.quantized_bits(-4, 0, alpha=1), "has -4 bits"),
    "no bits": (lambda q: q.quantized_bits(0, 0, alpha=1), "has 0 bits"),
    "half a bit": (lambda q: q.quantized_bits(4.5, 0, alpha=1), "bits=4.5"),
    "too many bits": (lambda q: q.quantized_bits(30, 0, alpha=1), "has 30 bits"),
    "half an integer bit": (lambda q: q.quantized_bits(4, 0.5, alpha=1), "integer=0.5"),
    "twice symmetric": (lambda q: q.quantized_bits(4, 0, symmetric=2, alpha=1), "symmetric=2"),
    "noise": (lambda q: q.quantized_bits(4, 0, alpha=1, qnoise_factor=0.5), "mixes in the unquantized value"),
    "random": (lambda q: q.quantized_bits(4, 0, alpha=1, use_stochastic_rounding=True), "rounds at random"),
    "random signs": (lambda q: q.stochastic_binary(alpha=1), "no fixed-point grid"),
    "noisy powers": (lambda q: q.quantized_po2(4, qnoise_factor=0.5), "qnoise_factor=1.0"),
    "leaky": (lambda q: q.quantized_relu(4, 1, negative_slope=0.25), "negative_slope"),
    "ulaw": (lambda q: q.quantized_ulaw(4), "no fixed-point grid"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("single", [False, True])
def test_what_is_no_power_of_two_is_refused_even_where_its_values_pass_for_a_grid(case, single):
    """A single weight always lies on some grid of 24 bits."""
    make, said = REFUSED[case]
    weights = np.full((1, 3), 0.75, np.float32) if single else WEIGHTS
    with pytest.raises(QuantizerNotSupportedError, match=said) as caught:
        values_of(make(qkeras.quantizers), weights)
    assert str(caught.value).startswith("layer 'layer', kernel: ") and "\n" not in str(caught.value)


def test_weights_without_a_quantizer_may_have_few_bits_and_no_more():
    values, grid = values_of(None, np.array([0.5, -0.75, 0.0], np.float32))
    assert grid.width == 3 and (values == [0.5, -0.75, 0]).all()
    with pytest.raises(QuantizerNotSupportedError, match="no quantizer, and its values need"):
        values_of(None, np.array([0.1], np.float32))


@pytest.mark.parametrize("quantizer", ["quantized_tanh(-4)", "quantized_sigmoid(0)", "quantized_bits(-4,0,alpha=1)"])
def test_activations_of_no_width_are_refused(quantizer):
    from netloom.hls.frontends.keras.handlers.activation import quantized_activation

    with pytest.raises(QuantizerNotSupportedError, match="bits"):
        quantized_activation(qkeras.get_quantizer(quantizer), "layer", (3,))


@pytest.mark.parametrize("inverse", ["quantized_bits(6,1,alpha=1)", "quantized_po2(5)"])
def test_the_inverse_quantizer_of_a_batch_normalization_is_honoured(inverse):
    from netloom.hls import HlsSettings
    from netloom.hls.frontends.keras.parse import parse_keras

    layer = qkeras.QBatchNormalization(
        gamma_quantizer=None,
        beta_quantizer="quantized_bits(6,1,alpha=1)",
        mean_quantizer="quantized_bits(6,1,alpha=1)",
        variance_quantizer=None,
        inverse_quantizer=inverse,
        name="layer",
    )
    inputs = keras.Input((3,), name="source")
    model = keras.Model(inputs, layer(quant(6, 0, "input_quantizer")(inputs)))
    layer.set_weights([np.array(w) for w in ([0.7, 1, 3], [0.1, 0, -1], [0.3, 0.2, 0.1], [1, 2, 3])])
    config = parse_keras(model, HlsSettings()).layers[-1]
    x = np.float32([[-0.5, 0.25, 0.75]])
    ours = x * config["scale_data"] + config["bias_data"]
    assert np.abs(ours - keras.ops.convert_to_numpy(layer(x, training=False))).max() < 1e-6
