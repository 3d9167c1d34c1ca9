"""Convolutions of every kind: QKeras in float64, fixed, csim, scalar loops and, for several, the RTL."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from judges import agree  # noqa: E402
from naive_convolution import convolved, transposed  # noqa: E402

from netloom.sim import open_engine  # noqa: E402


def bits(width=4, integer=0):
    from qkeras import quantized_bits

    return quantized_bits(width, integer, alpha=1)


def made(kind, *arguments, **options):
    """A layer of QKeras's, or netloom's where that has none, with quantizers."""
    import qkeras

    from netloom.quantize import layers

    names = ("depthwise",) if "Depthwise" in kind else ("kernel",)
    names = ("depthwise", "pointwise") if "Separable" in kind else names
    quantizers = {f"{name}_quantizer": bits() for name in (*names, "bias")}
    module = qkeras if hasattr(qkeras, kind) else layers
    return getattr(module, kind)(*arguments, **quantizers, **options, name="layer")


def network(shape, layer):
    """An input with a quantizer, and the layer, its weights beyond their quantizers' ranges too."""
    from qkeras import QActivation

    inputs = keras.Input(shape, name="source")
    model = keras.Model(inputs, layer(QActivation(bits(6, 1), name="quantizer")(inputs)))
    rng = np.random.default_rng(0)
    layer.set_weights([rng.normal(0, 0.6, weight.shape) for weight in layer.get_weights()])
    return model


def samples(shape, count=20):
    return np.random.default_rng(1).normal(0, 1.5, (count, *shape))


CASES = {
    "dilated 1-D": ((9, 4), lambda: made("QConv1D", 3, 3, dilation_rate=2, padding="same")),
    "dilated 2-D": ((7, 6, 3), lambda: made("QConv2D", 4, (3, 2), dilation_rate=(2, 3))),
    "dilated rows": ((7, 6, 3), lambda: made("QConv2D", 4, (3, 2), dilation_rate=(3, 1), padding="same")),
    "dilated one row": ((9, 4), lambda: made("QConv1D", 3, 1, dilation_rate=3)),
    "groups": ((7, 6, 4), lambda: made("QConv2D", 6, (3, 2), groups=2, strides=2)),
    "three groups": ((7, 6), lambda: made("QConv1D", 6, 3, groups=3, padding="same")),
    "groups of one channel": ((5, 4, 4), lambda: made("QConv2D", 8, (3, 2), groups=4)),
    "dilated groups": ((8, 4), lambda: made("QConv1D", 4, 2, groups=2, dilation_rate=3)),
    "row stride of one row": ((7, 6, 3), lambda: made("QConv2D", 4, (1, 2), strides=(2, 1))),
    "multiplied": ((7, 6, 3), lambda: made("QDepthwiseConv2D", (3, 2), depth_multiplier=2, padding="same")),
    "multiplied, dilated": ((7, 6, 3), lambda: made("QDepthwiseConv2D", 2, dilation_rate=2, depth_multiplier=2)),
    "depthwise row stride": ((7, 6, 3), lambda: made("QDepthwiseConv2D", (1, 2), strides=2)),
    "depthwise 1-D": ((9, 3), lambda: made("QDepthwiseConv1D", 3, strides=2, padding="same")),
    "depthwise 1-D dilated": ((9, 3), lambda: made("QDepthwiseConv1D", 3, dilation_rate=2, depth_multiplier=2)),
    "separable 1-D": ((9, 3), lambda: made("QSeparableConv1D", 4, 3, dilation_rate=2, depth_multiplier=2)),
    "separable 2-D": ((7, 6, 3), lambda: made("QSeparableConv2D", 4, 3, strides=2, depth_multiplier=2)),
    "transposed": ((4, 5, 3), lambda: made("QConv2DTranspose", 2, 3, strides=2)),
    "transposed, same": ((4, 5, 3), lambda: made("QConv2DTranspose", 2, (4, 2), strides=(2, 3), padding="same")),
    "transposed, output padded": ((3, 4, 2), lambda: made("QPaddedConv2DTranspose", 2, 3, strides=2, output_padding=1)),
    "transposed 1-D": ((4, 3), lambda: made("QConv1DTranspose", 2, 4, strides=2, padding="same")),
    "transposed 1-D, small kernel": ((4, 3), lambda: made("QConv1DTranspose", 2, 2, strides=3)),
    "transposed 3-D": ((3, 2, 3, 2), lambda: made("QConv3DTranspose", 2, (3, 2, 3), strides=2, padding="same")),
    "3-D": ((4, 5, 4, 2), lambda: made("QConv3D", 3, 2)),
    "3-D, everything": ((4, 5, 4, 2), lambda: made("QConv3D", 4, (3, 2, 2), strides=2, padding="same", groups=2)),
    "3-D, dilated": ((5, 4, 5, 2), lambda: made("QConv3D", 2, 2, dilation_rate=(2, 1, 3))),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_judges_agree(case, io_type, tmp_path):
    shape, make = CASES[case]
    layer = make()
    conversion = agree(network(shape, layer), samples(shape), tmp_path, io_type)
    # Nothing that hls4ml computes right is computed by another layer.
    assert any(other.kind == "NetloomConvolution" for other in conversion.layers) == (case != "dilated one row")


RTL = ("dilated 1-D", "groups", "transposed, same")
SLOW_RTL = ("dilated rows", "multiplied, dilated", "3-D")


@pytest.mark.parametrize("case", [*RTL, *(pytest.param(case, marks=pytest.mark.slow) for case in SLOW_RTL)])
def test_rtl_agrees(case, tmp_path):
    shape, make = CASES[case]
    agree(network(shape, make()), samples(shape), tmp_path, hardware=True)


@pytest.mark.parametrize("case", [case for case in CASES if "separable" not in case])
def test_scalar_loops_agree(case, tmp_path):
    """The firmware's numbers against loops over the definition; Keras has no part in them."""
    from netloom.hls import HlsSettings, convert

    shape, make = CASES[case]
    layer = make()
    model = network(shape, layer)
    conversion = convert(model, HlsSettings(), tmp_path / "conversion")
    kind = "depthwise" if "Depthwise" in type(layer).__name__ else "kernel"
    kernel = np.asarray(getattr(layer, f"{kind}_quantizer_internal")(layer.kernel if kind == "kernel" else
                        layer.depthwise_kernel), dtype=np.float64)  # fmt: skip
    bias = np.asarray(layer.bias_quantizer_internal(layer.bias), dtype=np.float64)
    if kind == "depthwise":
        kernel = kernel.reshape(*kernel.shape[:-2], 1, -1)
    grid = np.clip(np.round(samples(shape, 2) * 16), -32, 31) / 16
    reference = transposed if "Transpose" in type(layer).__name__ else convolved
    expected = [reference(x, layer, kernel, bias, layer.output.shape[1:]) for x in grid]
    with open_engine("fixed", conversion=conversion) as fixed:
        np.testing.assert_array_equal(fixed.predict(grid), np.array(expected))


def test_no_zero_is_multiplied_between_the_elements_of_a_dilated_kernel(tmp_path):
    from netloom.hls import HlsSettings, convert

    model = network((9, 4), made("QConv1D", 3, 3, dilation_rate=3))
    dataflow = convert(model, HlsSettings(), tmp_path / "conversion").dataflow
    weights = [node.operation.weights for node in dataflow.nodes if hasattr(node.operation, "weights")]
    assert [w.shape for w in weights] == [(3 * 4, 3)]


def test_a_transposed_convolution_multiplies_by_no_zeros_between_elements(tmp_path):
    """A 4 x 4 kernel with stride 2: a 2 x 2 kernel of four times as many filters, a quarter of the products."""
    from netloom.hls import HlsSettings, convert

    model = network((4, 4, 3), made("QConv2DTranspose", 2, 4, strides=2))
    dataflow = convert(model, HlsSettings(), tmp_path / "conversion").dataflow
    (weights,) = [node.operation.weights for node in dataflow.nodes if hasattr(node.operation, "weights")]
    assert weights.shape == (2 * 2 * 3, 2 * 2 * 2)


@pytest.mark.parametrize(
    ("case", "modes"),
    [
        ("groups", "RND,SAT"),
        ("transposed, same", "TRN,WRAP"),
        ("3-D, everything", "RND,SAT"),
        pytest.param("groups", "TRN,WRAP", marks=pytest.mark.slow),
        pytest.param("transposed, same", "RND,SAT", marks=pytest.mark.slow),
        pytest.param("3-D, everything", "TRN,WRAP", marks=pytest.mark.slow),
    ],
)
def test_an_accumulator_that_loses_bits(case, modes, tmp_path):
    """Products rounded and sums overflowed one by one, in the C++'s order."""
    from netloom.hls import HlsSettings, convert
    from netloom.sim import compare_engines

    shape, make = CASES[case]
    settings = HlsSettings(precision={"layer": {"accum": f"fixed<6,3,{modes}>"}})
    conversion = convert(network(shape, make()), settings, tmp_path / "conversion")
    with open_engine("fixed", conversion=conversion) as fixed, open_engine("csim", conversion=conversion) as csim:
        fidelity = compare_engines(csim, fixed, samples(shape), trace=True)
    assert fidelity.equal, str(fidelity.first_mismatch)


def test_vitis_takes_it_too(tmp_path):
    import hls4ml

    inputs = keras.Input((3, 4, 2))
    layer = made("QConv2DTranspose", 2, 3, strides=2)
    model = keras.Model(inputs, layer(inputs))
    rng = np.random.default_rng(0)
    layer.set_weights([rng.normal(0, 0.6, weight.shape) for weight in layer.get_weights()])
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")
    graph = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend="Vitis", output_dir=str(tmp_path / "vitis")
    )
    graph.compile()
    x = rng.integers(-8, 8, (5, 3, 4, 2)) / 8
    expected = model.predict(x, verbose=0)
    np.testing.assert_array_equal(graph.predict(x).reshape(expected.shape), expected)
