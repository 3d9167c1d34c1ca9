"""Every constructor argument of every layer and quantizer that converts is known; what nobody reads is refused."""

import inspect

import numpy as np
import pytest

keras = pytest.importorskip("keras")
import qkeras  # noqa: E402
from zoo import bits, linear, quant  # noqa: E402

from netloom.errors import LayerNotSupportedError, NetloomError  # noqa: E402
from netloom.hls import HlsSettings  # noqa: E402
from netloom.hls.frontends.keras.check import check_model  # noqa: E402
from netloom.quantize import Policy, quantize  # noqa: E402
from netloom.quantize import layers as own_layers  # noqa: E402
from netloom.quantize.support.arguments import constructor_arguments, is_harmless  # noqa: E402
from netloom.quantize.support.table import LAYERS  # noqa: E402

QUANTIZERS = {
    "quantized_bits": (
        "bits integer symmetric keep_negative alpha use_stochastic_rounding qnoise_factor post_training_scale",
        "scale_axis elements_per_scale min_po2_exponent max_po2_exponent var_name use_ste use_variables",
    ),
    "quantized_linear": (
        "bits integer symmetric keep_negative alpha use_stochastic_rounding qnoise_factor",
        "scale_axis var_name use_variables",
    ),
    "quantized_relu": (
        "bits integer use_sigmoid negative_slope use_stochastic_rounding relu_upper_bound qnoise_factor",
        "is_quantized_clip var_name use_ste use_variables",
    ),
    "quantized_sigmoid": ("bits symmetric use_real_sigmoid use_stochastic_rounding", ""),
    "quantized_tanh": ("bits symmetric use_real_tanh use_stochastic_rounding", ""),
    "binary": (
        "alpha use_stochastic_rounding",
        "use_01 training scale_axis elements_per_scale min_po2_exponent max_po2_exponent",
    ),
    "ternary": ("alpha use_stochastic_rounding", "threshold number_of_unrolls"),
    "quantized_po2": (
        "bits use_stochastic_rounding qnoise_factor",
        "max_value quadratic_approximation log2_rounding var_name use_ste use_variables",
    ),
    "quantized_relu_po2": (
        "bits use_stochastic_rounding qnoise_factor",
        "max_value negative_slope quadratic_approximation log2_rounding var_name use_ste use_variables",
    ),
}  # fmt: skip
"""Arguments of each quantizer: those that are checked, and those that the quantizer itself applies to the weights."""


def layer_class(name):
    return getattr(qkeras, name, None) or getattr(keras.layers, name, None) or getattr(own_layers, name)


def is_known(kind, argument):
    return is_harmless(argument, LAYERS[kind].read) or argument in LAYERS[kind].default_only.split()


@pytest.mark.parametrize("kind", LAYERS)
def test_every_argument_of_a_layer_is_in_a_list(kind):
    """A new version's new argument fails here: let its layer's handling read it, or refuse it."""
    arguments = constructor_arguments(layer_class(kind)) | constructor_arguments(
        getattr(qkeras.qrecurrent, f"{kind}Cell", object)
    )
    assert [name for name in arguments if not is_known(kind, name)] == []


@pytest.mark.parametrize("kind", QUANTIZERS)
def test_every_argument_of_a_quantizer_is_in_a_list(kind):
    parameters = list(inspect.signature(getattr(qkeras.quantizers, kind).__init__).parameters)[1:]
    assert sorted(parameters) == sorted(" ".join(QUANTIZERS[kind]).split())


def one_layer(layer, shape):
    inputs = keras.Input(shape, name="source")
    return keras.Model(inputs, layer(quant(5, 0, "input_quantizer")(inputs)))


REFUSED = {
    "keepdims": (lambda: keras.layers.GlobalMaxPooling2D(keepdims=True, name="layer"), (4, 4, 2), "keepdims=True"),
    "keepdims, average": (
        lambda: keras.layers.GlobalAveragePooling1D(keepdims=True, name="layer"),
        (4, 2),
        "Reshape layer after it",
    ),
    "mask": (
        lambda: qkeras.QConv2D(2, 2, mask=np.full((2, 2), 0.5, np.float32), **linear(), name="layer"),
        (4, 4, 1),
        "mask must hold zeros and ones",
    ),
    "dtype": (lambda: qkeras.QDense(2, **linear(), dtype="float64", name="layer"), (4,), "dtype=float64"),
    "activation": (
        lambda: qkeras.QBatchNormalization(activation="quantized_relu(4)", name="layer"),
        (4,),
        "activation=quantized_relu",
    ),
    "lora": (lambda: qkeras.QDense(2, lora_rank=2, name="layer"), (4,), "lora_rank=2"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_nobody_reads_is_refused_by_name(case):
    make, shape, said = REFUSED[case]
    with pytest.raises(LayerNotSupportedError, match=said) as caught:
        check_model(one_layer(make(), shape), HlsSettings())
    assert "'layer'" in str(caught.value) and "\n" not in str(caught.value)


def test_an_argument_that_nobody_knows_yet_is_refused_by_name():
    class QDense(qkeras.QDense):
        def __init__(self, units, sharpness=1.0, **options):
            super().__init__(units, **options)
            self.sharpness = sharpness

        def get_config(self):
            return super().get_config() | {"sharpness": self.sharpness}

    QDense.__module__ = "qkeras.qlayers"
    check_model(one_layer(QDense(2, **linear(), name="layer"), (4,)), HlsSettings())
    assert not is_known("QDense", "sharpness")
    with pytest.raises(LayerNotSupportedError, match=r"'layer' \(QDense\): sharpness=2.0"):
        check_model(one_layer(QDense(2, sharpness=2.0, **linear(), name="layer"), (4,)), HlsSettings())


def test_calls_that_change_what_a_layer_computes_are_refused():
    inputs = keras.Input((4,), name="source")
    x = keras.layers.Dropout(0.5, name="always")(quant(5, 0, "input_quantizer")(inputs), training=True)
    with pytest.raises(LayerNotSupportedError, match=r"'always'.*training=True"):
        check_model(keras.Model(inputs, qkeras.QDense(2, **linear())(x)), HlsSettings())


def test_inputs_of_other_types_are_refused():
    inputs = keras.Input((4,), name="source", dtype="uint8")
    with pytest.raises(NetloomError, match="dtype=uint8"):
        check_model(keras.Model(inputs, quant(5, 0, "q")(inputs)), HlsSettings())


def test_quantization_reads_the_same_lists():
    model = keras.Sequential([keras.Input((4, 4, 2)), keras.layers.Conv2D(2, 1, dtype="float64", name="layer")])
    with pytest.raises(LayerNotSupportedError, match=r"'layer'.*dtype=float64"):
        quantize(model, Policy(), np.zeros((8, 4, 4, 2), np.float32), fine_tune_epochs=0)


def test_the_way_out_of_a_refusal_converts(tmp_path):
    """`put a Reshape layer after it`."""
    from netloom.hls import convert
    from netloom.sim import open_engine

    inputs = keras.Input((4, 4, 2), name="source")
    x = keras.layers.GlobalMaxPooling2D()(quant(5, 0, "input_quantizer")(inputs))
    x = keras.layers.Reshape((1, 1, 2))(x)
    model = keras.Model(inputs, qkeras.QConv2D(2, 1, kernel_quantizer=bits(4), use_bias=False)(x))
    data = np.random.default_rng(0).uniform(-1, 1, (5, 4, 4, 2))
    conversion = convert(model, HlsSettings(), tmp_path / "net")
    exact = open_engine("quantized", model=model).predict(data)
    assert (open_engine("fixed", conversion=conversion).predict(data) == exact).all()


def test_a_masked_convolution_is_masked(tmp_path):
    """Seen 6.4 off: the mask multiplies the kernel after its quantizer, and nothing read it."""
    from netloom.hls import convert
    from netloom.sim import open_engine

    mask = np.array([[1, 0], [0, 1]], dtype=np.float32)
    layer = qkeras.QConv2D(2, 2, mask=mask, **linear(), name="layer")
    model = one_layer(layer, (4, 4, 1))
    layer.set_weights([np.random.default_rng(1).normal(0, 1, weight.shape) for weight in layer.get_weights()])
    conversion = convert(model, HlsSettings(), tmp_path / "net")
    data = np.random.default_rng(0).uniform(-1, 1, (20, 4, 4, 1))
    exact = open_engine("quantized", model=model).predict(data)
    assert (open_engine("fixed", conversion=conversion).predict(data) == exact).all()
