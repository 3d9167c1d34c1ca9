"""Layers that only move elements, as netloom's own layer."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from judges import agree  # noqa: E402


def network(shape, *layers):
    """An input with a quantizer, the layers, and a dense layer on the last axis."""
    from qkeras import QActivation, QDense, quantized_bits

    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape, name="source")
    x = QActivation(quantized_bits(6, 1, alpha=1), name="quantizer")(inputs)
    for layer in layers:
        x = layer(x)
    bits = quantized_bits(4, 0, alpha=1)
    return keras.Model(inputs, QDense(3, kernel_quantizer=bits, bias_quantizer=bits, name="dense")(x))


@pytest.mark.parametrize("io_type", [pytest.param("io_parallel", marks=pytest.mark.slow), "io_stream"])
def test_repeat_vector(io_type, tmp_path):
    x = np.random.default_rng(0).normal(0, 1.5, (50, 5))
    agree(network((5,), keras.layers.RepeatVector(3, name="repeat")), x, tmp_path, io_type, hardware=True)


@pytest.mark.slow
def test_vitis_takes_it_too(tmp_path):
    import hls4ml

    inputs = keras.Input((5,))
    model = keras.Model(inputs, keras.layers.RepeatVector(3)(inputs))
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")
    graph = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend="Vitis", output_dir=str(tmp_path / "vitis")
    )
    graph.compile()
    x = np.arange(10).reshape(2, 5) / 8
    np.testing.assert_array_equal(graph.predict(x).reshape(2, 3, 5), np.tile(x[:, None], (1, 3, 1)))


@pytest.mark.parametrize(
    ("dims", "io_type"),
    [
        ((2, 1, 3), "io_parallel"),
        ((3, 1, 2), "io_stream"),
        pytest.param((2, 1, 3), "io_stream", marks=pytest.mark.slow),
        pytest.param((3, 1, 2), "io_parallel", marks=pytest.mark.slow),
    ],
)
def test_permuted_before_it_is_flattened(dims, io_type, tmp_path):
    x = np.random.default_rng(0).normal(0, 1.5, (20, 4, 3, 2))
    layers = keras.layers.Permute(dims, name="permute"), keras.layers.Flatten(name="flat")
    agree(network((4, 3, 2), *layers), x, tmp_path, io_type)


VOLUMES = {
    "padded": keras.layers.ZeroPadding3D(((1, 0), (0, 2), (1, 1)), name="pad"),
    "cropped": keras.layers.Cropping3D(((1, 0), (0, 2), (1, 1)), name="crop"),
    "repeated": keras.layers.UpSampling3D((2, 1, 3), name="repeat"),
}


@pytest.mark.parametrize("io_type", [pytest.param("io_parallel", marks=pytest.mark.slow), "io_stream"])
@pytest.mark.parametrize("case", VOLUMES)
def test_volumes(case, io_type, tmp_path):
    x = np.random.default_rng(0).normal(0, 1.5, (20, 2, 3, 4, 2))
    flat = keras.layers.Reshape((-1, 2), name="flat")
    agree(network((2, 3, 4, 2), VOLUMES[case], flat), x, tmp_path, io_type, hardware=io_type == "io_stream")


@pytest.mark.parametrize(
    ("size", "io_type"),
    [
        ((2, 2), "io_stream"),
        ((4, 1), "io_parallel"),
        pytest.param((2, 2), "io_parallel", marks=pytest.mark.slow),
        pytest.param((4, 1), "io_stream", marks=pytest.mark.slow),
        pytest.param((8, 2), "io_stream", marks=pytest.mark.slow),
        pytest.param((8, 2), "io_parallel", marks=pytest.mark.slow),
    ],
)
def test_bilinear(size, io_type, tmp_path):
    x = np.random.default_rng(0).normal(0, 1.5, (20, 3, 4, 2))
    layer = keras.layers.UpSampling2D(size, interpolation="bilinear", name="enlarge")
    agree(network((3, 4, 2), layer), x, tmp_path, io_type, hardware=size == (2, 2))
