"""Handlers hand hls4ml exactly the numbers QKeras computes with."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from netloom.errors import QuantizerNotSupportedError  # noqa: E402
from netloom.fixed_point import FixedPoint  # noqa: E402

BITS = "quantized_bits(4,0,alpha=1)"
BIAS = "quantized_bits(6,2,alpha=1)"


def parsed(layer, shape):
    """hls4ml's description of a network of an input, a quantizer and one layer."""
    from qkeras import QActivation, quantized_bits

    from netloom.hls import HlsSettings
    from netloom.hls.frontends.keras.parse import parse_keras

    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape, name="source")
    x = QActivation(quantized_bits(6, 0, alpha=1), name="input_quantizer")(inputs)
    model = keras.Model(inputs, layer(x))
    rng = np.random.default_rng(1)
    if not type(layer).__name__.endswith("BatchNormalization"):
        layer.set_weights([rng.normal(0, 1, weight.shape) for weight in layer.get_weights()])
    return parse_keras(model, HlsSettings()).layers[2:]


def layer_of(kind, **options):
    import qkeras

    return getattr(qkeras, kind)(name="layer", bias_quantizer=BIAS, **options)


def quantized(weight, quantizer):
    return keras.ops.convert_to_numpy(quantizer(weight))


LINEAR = {
    "QDense": ((5,), {"units": 3}, "Dense"),
    "QConv1D": ((6, 2), {"filters": 3, "kernel_size": 2}, "Conv1D"),
    "QConv2D": ((6, 6, 2), {"filters": 3, "kernel_size": (3, 2), "strides": 2, "padding": "same"}, "Conv2D"),
}
KERNELS = {
    "fixed point": BITS,
    "symmetric": "quantized_bits(4,0,symmetric=1,alpha=1)",
    "auto_po2": "quantized_bits(4,0,alpha='auto_po2')",
    "binary": "binary(alpha=1)",
    "ternary": "ternary(alpha=1)",
    "binary, auto_po2": "binary(alpha='auto_po2')",
    "ternary, auto_po2": "ternary(alpha='auto_po2')",
    "powers of two": "quantized_po2(4)",
    "none": None,
}


@pytest.mark.parametrize("kind", LINEAR)
@pytest.mark.parametrize("kernel", ["fixed point", "auto_po2", "binary", "ternary"])
def test_linear_layers(kind, kernel):
    shape, options, class_name = LINEAR[kind]
    layer = layer_of(kind, kernel_quantizer=KERNELS[kernel], **options)
    (config,) = parsed(layer, shape)
    assert (config["class_name"], config["name"]) == (class_name, "layer")
    assert (config["weight_data"] == quantized(layer.kernel, layer.kernel_quantizer_internal)).all()
    assert (config["bias_data"] == quantized(layer.bias, layer.bias_quantizer_internal)).all()
    for name in ("weight", "bias"):
        holds_exactly(config[f"{name}_quantizer"], config[f"{name}_data"])


def holds_exactly(quantizer, values):
    from netloom.hls.lower import fixed_point

    type_ = fixed_point(quantizer.hls_type)
    assert (type_.to_float(type_.from_float(values)) == values).all()
    assert (quantizer(values) == values).all()


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_power_of_two_kernel_of_a_dense_layer(kernel):
    layer = layer_of("QDense", units=3, kernel_quantizer=KERNELS[kernel])
    if KERNELS[kernel] is None:
        layer.build((None, 5))
        with pytest.raises(QuantizerNotSupportedError, match="layer 'layer', kernel"):
            parsed(layer, (5,))
        return
    (config,) = parsed(layer, (5,))
    assert (config["weight_data"] == quantized(layer.kernel, layer.kernel_quantizer_internal)).all()
    holds_exactly(config["weight_quantizer"], config["weight_data"])


@pytest.mark.parametrize(
    "kernel", ["quantized_bits(4,0,alpha='auto')", "binary(alpha='auto')", "ternary(alpha='auto')"]
)
def test_scales_that_are_no_power_of_two_are_refused_by_name(kernel):
    with pytest.raises(QuantizerNotSupportedError, match=r"'layer'.*alpha='auto_po2'") as caught:
        parsed(layer_of("QDense", units=3, kernel_quantizer=kernel), (5,))
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_finite_are_refused():
    layer = layer_of("QDense", units=3, kernel_quantizer=BITS)
    layer.build((None, 5))
    from qkeras import QActivation, quantized_bits

    from netloom.hls import HlsSettings
    from netloom.hls.frontends.keras.parse import parse_keras

    inputs = keras.Input((5,))
    model = keras.Model(inputs, layer(QActivation(quantized_bits(6, 0, alpha=1))(inputs)))
    layer.bias.assign(np.full(3, np.nan))
    with pytest.raises(QuantizerNotSupportedError, match="finite"):
        parse_keras(model, HlsSettings())


def test_without_bias():
    (config,) = parsed(layer_of("QDense", units=3, kernel_quantizer=BITS, use_bias=False), (5,))
    assert config["use_bias"] is False and config["bias_data"] is None


def test_depthwise():
    layer = layer_of("QDepthwiseConv2D", kernel_size=3, depthwise_quantizer=BITS)
    (config,) = parsed(layer, (6, 6, 2))
    assert config["class_name"] == "DepthwiseConv2D"
    assert (config["depthwise_data"] == quantized(layer.depthwise_kernel, layer.depthwise_quantizer_internal)).all()


@pytest.mark.parametrize(("kind", "shape"), [("QSeparableConv1D", (6, 2)), ("QSeparableConv2D", (6, 6, 2))])
def test_separable(kind, shape):
    layer = layer_of(kind, filters=3, kernel_size=2, depthwise_quantizer=BITS, pointwise_quantizer=KERNELS["ternary"])
    depthwise, pointwise = parsed(layer, shape)
    assert (depthwise["name"], pointwise["name"]) == ("layer_depthwise", "layer_pointwise")
    assert (depthwise["depthwise_data"] == quantized(layer.depthwise_kernel, layer.depthwise_quantizer_internal)).all()
    assert (pointwise["weight_data"] == quantized(layer.pointwise_kernel, layer.pointwise_quantizer_internal)).all()
    assert depthwise["bias_data"] is None and pointwise["bias_data"] is not None


@pytest.mark.parametrize(
    ("activation", "function", "result"),
    [
        ("quantized_relu(4,1)", "relu", "ufixed<4,1,RND_CONV,SAT>"),
        ("quantized_bits(5,1,alpha=1)", "linear", "fixed<5,2,RND_CONV,SAT>"),
        ("quantized_bits(5,1,symmetric=1,alpha=1)", "linear", "fixed<5,2,RND_CONV,SAT_SYM>"),
        ("quantized_bits(5,1,keep_negative=False,alpha=1)", "linear", "ufixed<5,1,RND_CONV,SAT>"),
    ],
)
@pytest.mark.parametrize("inside", [True, False])
def test_quantized_activations_inside_a_layer_and_of_their_own(activation, function, result, inside):
    from qkeras import QActivation

    from netloom.hls.lower import fixed_point

    if inside:
        layers = parsed(layer_of("QDense", units=3, kernel_quantizer=BITS, activation=activation), (5,))
        assert [layer["class_name"] for layer in layers] == ["Dense", "Activation"]
        assert layers[1]["inputs"] == ["layer"]
        config = layers[1]
    else:
        (config,) = parsed(QActivation(activation, name="layer"), (5,))
    assert config["activation"] == function
    assert fixed_point(config["activation_quantizer"].hls_type) == FixedPoint.parse(result)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_plain_activations_inside_a_layer(activation):
    layers = parsed(layer_of("QDense", units=3, kernel_quantizer=BITS, activation=activation), (5,))
    assert [layer["class_name"] for layer in layers] == ["Dense", "Activation"]
    assert layers[1]["activation"] == activation


@pytest.mark.parametrize("activation", ["softmax"])
def test_other_functions_inside_a_layer_are_refused_by_name(activation):
    from netloom.errors import LayerNotSupportedError

    with pytest.raises(LayerNotSupportedError, match=f"'layer'.*'{activation}'"):
        parsed(layer_of("QDense", units=3, kernel_quantizer=BITS, activation=activation), (5,))


@pytest.mark.parametrize(
    "activation", ["quantized_linear(4)", "quantized_ulaw(4)", "binary(alpha='auto')", "bernoulli()"]
)
def test_activations_without_fixed_point_type_are_refused_by_name(activation):
    from qkeras import QActivation

    from netloom.errors import NotSupportedError

    with pytest.raises(NotSupportedError) as caught:
        parsed(QActivation(activation, name="layer"), (5,))
    assert "\n" not in str(caught.value)


def test_batch_normalization_as_scale_and_offset():
    from zoo import batch_norm

    layer = batch_norm("layer")
    (config,) = parsed(layer, (4, 3))
    x = np.random.default_rng(0).normal(size=(7, 4, 3)).astype(np.float32)
    ours = x * config["scale_data"] + config["bias_data"]
    theirs = keras.ops.convert_to_numpy(layer(x, training=False))
    assert np.abs(ours - theirs).max() < 1e-5
    grid = 2.0**12
    assert (config["scale_data"] * grid == np.round(config["scale_data"] * grid)).all()


def test_batch_normalization_off_the_grid_is_rounded_to_18_bits():
    layer = keras.layers.BatchNormalization(name="layer", epsilon=1e-3)
    layer.build((None, 3))
    layer.set_weights([np.array(w, dtype=np.float32) for w in ([0.7, 1, 3], [0.1, 0, -1], [0.3, 0.2, 0.1], [1, 2, 3])])
    (config,) = parsed(layer, (3,))
    scale = np.array([0.7, 1, 3]) / np.sqrt(np.array([1, 2, 3]) + 1e-3)
    assert np.abs(config["scale_data"] - scale).max() <= 2.0**-16
    assert (config["scale_data"] != scale).any()


def test_hls4mls_own_conversion_profits_from_the_handlers(tmp_path):
    import hls4ml
    from zoo import linear, quant

    from netloom.hls.lower import fixed_point

    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,), name="source")
    x = quant(6, 0, "input_quantizer")(inputs)
    import qkeras

    x = qkeras.QDense(5, **linear(), name="fc1")(x)
    x = quant(4, 1, "act1")(x)
    model = keras.Model(inputs, qkeras.QDense(3, **linear(), activation="quantized_relu(5,2)", name="fc2")(x))
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="netloom")
    graph = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend="netloom", output_dir=str(tmp_path / "project")
    )
    types = {node.name: fixed_point(node.get_output_variable().type.precision) for node in graph.get_layers()}
    assert str(types["fc1"]) == "fixed<4,2,RND_CONV,SAT>"
    assert str(types["fc2_activation"]) == "ufixed<5,2,RND_CONV,SAT>"
    graph.write()
    # The C++, not the simulator.
    linked = hls4ml.converters.link_existing_project(tmp_path / "project")
    linked.compile()
    x = np.random.default_rng(0).integers(-32, 32, (100, 6)) / 32
    assert (linked.predict(x) == model.predict(x.astype(np.float32), verbose=0)).all()
