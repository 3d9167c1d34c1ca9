"""Twins of convolutions and poolings of every kind: they train, save, load, and are exact down to the C++."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import convolutional  # noqa: E402
from judges import agree  # noqa: E402

from netloom.quantize import Policy, load_model, quantize, save_model  # noqa: E402
from netloom.quantize.layers import QConv1DTranspose, QConv3D, QDepthwiseConv1D, QPaddedConv2DTranspose  # noqa: E402


@pytest.mark.slow
@pytest.mark.parametrize("build", [convolutional.in_time, convolutional.images, convolutional.volumes])
def test_twins_are_exact(build, tmp_path):
    keras.utils.set_random_seed(1)
    model = build()
    x = np.random.default_rng(1).normal(0, 1, (64, *model.input_shape[1:])).astype(np.float32)
    y = np.random.default_rng(2).normal(0, 1, (64, *model.output_shape[1:])).astype(np.float32)
    twin = quantize(model, Policy.uniform(6), (x, y), fine_tune_epochs=1)
    save_model(twin, tmp_path / "twin.keras")
    loaded = load_model(tmp_path / "twin.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), twin.predict(x, verbose=0))
    for io_type in ("io_parallel", "io_stream"):
        agree(loaded, x[:30] * 2, tmp_path / io_type, io_type)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (QDepthwiseConv1D(3, depthwise_quantizer="quantized_bits(3,0,alpha=1)", strides=2), (9, 2)),
        (QConv1DTranspose(2, 3, kernel_quantizer="quantized_bits(3,0,alpha=1)", strides=2), (4, 2)),
        (
            QPaddedConv2DTranspose(2, 3, kernel_quantizer="quantized_bits(3,0,alpha=1)", output_padding=1, strides=2),
            (4, 3, 2),
        ),
        (QConv3D(2, 2, kernel_quantizer="quantized_bits(3,0,alpha=1)", dilation_rate=2), (4, 4, 4, 2)),
    ],
)
def test_a_layer_of_netlooms_computes_with_quantized_weights_and_trains(layer, shape):
    """What Keras's layer computes with the quantized kernel; its gradient reaches the stored one."""
    inputs = keras.Input(shape)
    model = keras.Model(inputs, layer(inputs))
    kind = type(layer).__name__.removeprefix("Q").removeprefix("Padded")
    plain = getattr(keras.layers, kind).from_config(
        {name: value for name, value in layer.get_config().items() if not name.endswith("_quantizer")}
    )
    plain.build((None, *shape))
    quantizer = getattr(layer, "kernel_quantizer_internal", None) or layer.depthwise_quantizer_internal
    before = layer.kernel.numpy()
    plain.set_weights([quantizer(layer.kernel), layer.bias])
    x = np.random.default_rng(0).normal(0, 1, (8, *shape)).astype(np.float32)
    np.testing.assert_allclose(model(x), plain(x), rtol=0, atol=1e-5)
    assert not np.array_equal(quantizer(layer.kernel), before)
    model.compile("sgd", "mse")
    model.fit(x, np.ones((8, *model.output_shape[1:])), verbose=0)
    assert not np.array_equal(layer.kernel.numpy(), before)


def test_a_causal_convolution_is_a_padding_and_a_convolution_without():
    inputs = keras.Input((9, 2))
    model = keras.Model(inputs, keras.layers.Conv1D(2, 3, padding="causal", dilation_rate=2, name="causal")(inputs))
    twin = quantize(model, Policy(), np.ones((4, 9, 2), np.float32), fine_tune_epochs=0)
    assert [type(layer).__name__ for layer in twin.layers[2:]] == ["ZeroPadding1D", "QConv1D"]
    assert twin.layers[2].padding == (4, 0)
