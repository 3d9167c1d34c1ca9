"""Any function of one value: a table computed by Keras, or arithmetic; exact in every judge."""

import math
import subprocess
import sys

import numpy as np
import pytest

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")

from judges import agree  # noqa: E402
from keras import layers  # noqa: E402

from netloom.errors import LayerNotSupportedError, NotSupportedError  # noqa: E402
from netloom.fixed_point import FixedPoint, Overflow, Rounding  # noqa: E402
from netloom.hls import HlsSettings, convert  # noqa: E402
from netloom.hls.layers.function_values import describe, function_values, holding  # noqa: E402
from netloom.quantize.functions.one_value import NOT_ELEMENTWISE, check_function_quantizer, function_names  # noqa: E402
from netloom.sim import open_engine  # noqa: E402

X = np.random.default_rng(0).normal(0, 2.5, (60, 5))


def quant(name, bits=8, integer=2):
    return qkeras.QActivation(qkeras.quantized_bits(bits, integer, alpha=1), name=name)


def network(*inner, shape=(5,), bits=7, integer=2):
    inputs = keras.Input(shape, name="source")
    x = quant("quantizer", bits, integer)(inputs)
    for layer in inner:
        x = layer(x)
    return keras.Model(inputs, x)


def dense(activation=None):
    keras.utils.set_random_seed(0)
    bits = qkeras.quantized_bits(4, 0, alpha=1)
    return qkeras.QDense(4, kernel_quantizer=bits, bias_quantizer=bits, activation=activation, name="dense")


def every_function():
    """A network with all of Keras's functions side by side, each behind its quantizer."""
    inputs = keras.Input((5,), name="source")
    x = quant("quantizer", 7)(inputs)
    chosen = sorted(function_names() - {"linear", "relu"})
    return keras.Model(inputs, [quant(f"{name}_out", 9, 3)(layers.Activation(name, name=name)(x)) for name in chosen])


def test_every_function_of_keras_is_exact(tmp_path):
    conversion = agree(every_function(), X, tmp_path)
    kinds = {layer.origin: layer.kind for layer in conversion.layers}
    assert kinds["gelu_out"] == kinds["tanh_out"] == "NetloomTable"


def test_every_name_of_keras_is_taken_or_refused_with_a_reason():
    public = {name for name in dir(keras.activations) if not name.startswith("_")}
    assert function_names() | set(NOT_ELEMENTWISE) | {"get", "serialize", "deserialize"} == public
    for name in function_names():
        function = getattr(keras.activations, name)
        x = np.array([[-2.0, 0.3, 1.7, 0.3]])
        together = keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(x)))
        alone = [keras.ops.convert_to_numpy(function(keras.ops.convert_to_tensor(x[:, i : i + 1]))) for i in range(4)]
        np.testing.assert_array_almost_equal(together, np.concatenate(alone, axis=1), err_msg=name)


def test_handlers_are_there_whichever_part_is_imported_first():
    code = "import netloom.hls.layers, hls4ml; hls4ml.backends.get_backend('netloom')"
    subprocess.run([sys.executable, "-c", code], check=True)


SCALAR = {
    "gelu": (layers.Activation("gelu", name="f"), lambda x: 0.5 * x * (1 + math.erf(x / math.sqrt(2)))),
    "silu": (layers.Activation("silu", name="f"), lambda x: x / (1 + math.exp(-x))),
    "mish": (layers.Activation("mish", name="f"), lambda x: x * math.tanh(math.log1p(math.exp(x)))),
    "elu": (layers.ELU(0.7, name="f"), lambda x: x if x > 0 else 0.7 * math.expm1(x)),
    "hard_sigmoid": (layers.Activation("hard_sigmoid", name="f"), lambda x: min(max(x / 6 + 0.5, 0), 1)),
    "leaky": (layers.LeakyReLU(0.3, name="f"), lambda x: x if x > 0 else 0.3 * x),
    "relu": (
        layers.ReLU(3.3, 0.3, 0.6, name="f"),
        lambda x: min(x, 3.3) if x >= 0.6 else 0.3 * (x - 0.6),
    ),
}


@pytest.mark.parametrize("case", SCALAR)
def test_entries_are_those_of_a_reference_written_apart(case):
    layer, reference = SCALAR[case]
    type_ = FixedPoint(7, 3)
    values = function_values((describe(layer),), type_)
    expected = [reference(raw / 16) for raw in range(-64, 64)]
    # Keras has some constants, slopes among them, in float32 only.
    rtol = 1e-6 if case in ("relu", "leaky", "gelu") else 1e-12
    np.testing.assert_allclose(values, expected, rtol=rtol, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_functions_in_a_row_are_one_table_in_hardware_too(io_type, tmp_path):
    model = network(layers.ELU(0.7, name="a"), layers.Activation("tanh", name="b"), quant("out", 8, 0), dense("relu"))
    conversion = agree(model, X, tmp_path, io_type, hardware=True)
    assert [layer.kind for layer in conversion.layers].count("NetloomTable") == 1


def test_each_reader_with_a_quantizer_of_its_own_has_a_table(tmp_path):
    inputs = keras.Input((5,), name="source")
    x = layers.Activation("silu", name="f")(quant("quantizer", 7)(inputs))
    model = keras.Model(inputs, [quant("coarse", 4, 1)(x), quant("fine", 10, 2)(x)])
    conversion = agree(model, X, tmp_path, "io_stream")
    tables = {layer.name for layer in conversion.layers if layer.kind == "NetloomTable"}
    assert tables == {"coarse", "fine"}


def test_without_a_quantizer_the_result_is_within_half_a_step(tmp_path):
    model = network(layers.Activation("softplus", name="f"))
    conversion = convert(model, HlsSettings(), tmp_path / "net")
    type_ = conversion.layers[-1].type
    assert type_.width == 18
    with (
        open_engine("quantized", model=model) as exact,
        open_engine("fixed", conversion=conversion) as fixed,
        open_engine("csim", conversion=conversion) as csim,
    ):
        wanted, found = exact.predict(X), fixed.predict(X)
        np.testing.assert_array_equal(found, csim.predict(X))
    assert 0 < np.abs(wanted - found).max() <= type_.step / 2


def test_types_of_results_without_a_quantizer():
    assert holding(np.array([0.0, 0.75, -1.0])).with_modes() == FixedPoint(3, 1)
    assert holding(np.array([0.1, 1 - 1e-9])) == FixedPoint(18, 1, False, Rounding.RND_CONV, Overflow.SAT)
    assert holding(np.array([-0.1, 0.3])) == FixedPoint(18, 0, True, Rounding.RND_CONV, Overflow.SAT)


@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_lines_take_what_comes_from_an_accumulator(io_type, tmp_path):
    slopes = layers.PReLU(name="prelu")
    slopes.build((None, 4))
    slopes.set_weights([np.array([0.25, -0.5, 0, 1.5])])
    bounded = layers.ReLU(1.5, negative_slope=0.125, name="bounded")
    model = network(dense(), layers.LeakyReLU(0.25, name="leaky"), slopes, bounded)
    conversion = agree(model, X, tmp_path, io_type, hardware=True)
    assert [layer.kind for layer in conversion.layers].count("NetloomLines") == 3


@pytest.mark.parametrize("shared", [None, [1]])
def test_slopes_of_single_elements_and_of_channels(shared, tmp_path):
    slopes = layers.PReLU(shared_axes=shared, name="prelu")
    slopes.build((None, 3, 2))
    slopes.set_weights([np.arange(-2, -2 + slopes.alpha.shape[0] * 2).reshape(slopes.alpha.shape) / 4])
    x = np.random.default_rng(0).normal(0, 2.5, (30, 3, 2))
    agree(network(slopes, shape=(3, 2)), x, tmp_path, "io_stream")


def test_a_bound_between_the_steps_of_the_input(tmp_path):
    agree(network(layers.ReLU(1.375, name="f"), bits=4), X, tmp_path)


def test_a_bound_of_many_bits_takes_no_table(tmp_path):
    """It limits sums of 21 bits, for which there is no table."""
    model = network(dense(), layers.ReLU(263.0, name="f"), bits=16, integer=10)
    conversion = agree(model, 200 * X, tmp_path)
    assert "NetloomLines" in [layer.kind for layer in conversion.layers]


QUANTIZERS = {
    "quantized_bits": ["quantized_bits(1,0,alpha=1)"],
    "quantized_relu": [
        "quantized_relu(5,1,negative_slope=0.25)",
        "quantized_relu(5,2,use_sigmoid=1)",
        "quantized_relu(5,1,use_sigmoid=1,negative_slope=0.5)",
    ],
    "quantized_tanh": ["quantized_tanh(6,use_real_tanh=True)", "quantized_tanh(5,symmetric=True,use_real_tanh=True)"],
    "quantized_sigmoid": ["quantized_sigmoid(6,use_real_sigmoid=True)", "quantized_sigmoid(6,symmetric=True)"],
    "binary": ["binary()", "binary(alpha=0.5)", "binary(use_01=True)"],
    "ternary": ["ternary()", "ternary(threshold=0.5,alpha=2.0)"],
    "quantized_po2": ["quantized_po2(4)", "quantized_po2(4,max_value=2)"],
    "quantized_relu_po2": ["quantized_relu_po2(4)", "quantized_relu_po2(4,negative_slope=0.5)"],
}
REFUSED = {
    "quantized_linear": "in float32 alone",
    "quantized_ulaw": "in float32 alone",
    "quantized_hswish": "cannot be made again",
    "bernoulli": "at random",
    "stochastic_ternary": "at random",
    "stochastic_binary": "at random",
}


def test_every_quantizer_of_qkeras_is_exact_or_refused(tmp_path):
    from qkeras import quantizers
    from qkeras.base_quantizer import BaseQuantizer

    public = {
        name
        for name, kind in vars(quantizers).items()
        if isinstance(kind, type) and issubclass(kind, BaseQuantizer) and kind is not BaseQuantizer
    }
    assert set(QUANTIZERS) | set(REFUSED) == public
    for name, reason in REFUSED.items():
        with pytest.raises(NotSupportedError, match=reason):
            check_function_quantizer(getattr(quantizers, name)())
    inputs = keras.Input((5,), name="source")
    x = quant("quantizer", 7)(inputs)
    texts = [text for texts in QUANTIZERS.values() for text in texts]
    outputs = [qkeras.QActivation(text, name=f"f{i}")(x) for i, text in enumerate(texts)]
    agree(keras.Model(inputs, outputs), X, tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("binary(alpha='auto')", "in the data"),
        ("ternary(use_stochastic_rounding=True,alpha='auto')", "rounds at random"),
        ("quantized_po2(4,qnoise_factor=0.5)", "qnoise_factor"),
    ],
)
def test_quantizers_that_are_no_fixed_function(text, reason):
    with pytest.raises(NotSupportedError, match=reason):
        check_function_quantizer(qkeras.get_quantizer(text))


def test_what_has_no_table_is_refused_by_name(tmp_path):
    wide = network(dense(), quant("wide", 17, 2), layers.Activation("gelu", name="f"))
    with pytest.raises(LayerNotSupportedError, match=r"^layer 'layer_f.*2\*\*17 values; put a QActivation"):
        convert(wide, HlsSettings(), tmp_path / "net")
    pole = network(layers.Activation("exponential", name="f"), bits=12, integer=10)
    with pytest.raises(LayerNotSupportedError, match="not finite at 710"):
        convert(pole, HlsSettings(), tmp_path / "net")
    off_grid = network(qkeras.QActivation("binary(alpha=0.3)", name="f"))
    with pytest.raises(NotSupportedError, match="lie on no grid"):
        convert(off_grid, HlsSettings(), tmp_path / "net")

    def twice(x):
        return x + x

    with pytest.raises(LayerNotSupportedError, match=r"twice' is not supported: use one that is in keras"):
        convert(network(layers.Activation(twice, name="f")), HlsSettings(), tmp_path / "net")


def test_sigmoid_straight_from_an_accumulator_keeps_the_table_of_hls4ml(tmp_path):
    conversion = convert(network(dense("sigmoid")), HlsSettings(), tmp_path / "net")
    assert conversion.layers[-1].kind == "Activation"
