"""Poolings that hls4ml lacks or computes wrong: Keras in float64, fixed, csim, scalar loops and the RTL."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from judges import agree  # noqa: E402
from naive_convolution import windows  # noqa: E402

from netloom.sim import open_engine  # noqa: E402


def network(shape, layer):
    """Quantizers before and behind: an average's remainder is dropped below the second one's step."""
    from qkeras import QActivation, quantized_bits

    inputs = keras.Input(shape, name="source")
    x = QActivation(quantized_bits(6, 1, alpha=1), name="quantizer")(inputs)
    return keras.Model(inputs, QActivation(quantized_bits(7, 2, alpha=1), name="after")(layer(x)))


def samples(shape, count=40):
    return np.random.default_rng(1).normal(0, 1.5, (count, *shape))


SHAPES = {
    "padded 1-D": ((7, 3), {"pool_size": 3, "padding": "same"}),
    "overlapping 1-D": ((7, 3), {"pool_size": 3, "strides": 2}),
    "gaps 1-D": ((7, 2), {"pool_size": 2, "strides": 3, "padding": "same"}),
    "padded 2-D": ((7, 5, 3), {"pool_size": (3, 2), "padding": "same"}),
    "padded at one edge": ((5, 5, 2), {"pool_size": 2, "padding": "same"}),
    "overlapping, padded": ((6, 5, 3), {"pool_size": (3, 2), "strides": (1, 2), "padding": "same"}),
    "overlapping": ((7, 7, 2), {"pool_size": 3, "strides": 2}),
    "3-D": ((4, 5, 4, 2), {"pool_size": 2}),
    "padded 3-D": ((4, 5, 3, 2), {"pool_size": (3, 2, 2), "strides": 2, "padding": "same"}),
    "global 3-D": ((3, 4, 2, 3), None),
}


def pooling(kind, shape, options):
    scope = "" if options else "Global"
    return getattr(keras.layers, f"{scope}{kind}Pooling{len(shape) - 1}D")(**options or {}, name="layer")


@pytest.mark.slow
@pytest.mark.parametrize("case", SHAPES)
@pytest.mark.parametrize("kind", ["Max", "Average"])
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_judges_agree(kind, case, io_type, tmp_path):
    shape, options = SHAPES[case]
    conversion = agree(network(shape, pooling(kind, shape, options)), samples(shape), tmp_path, io_type)
    assert "NetloomPooling" in [layer.kind for layer in conversion.layers]


@pytest.mark.parametrize(
    ("kind", "case"),
    [
        ("Average", "overlapping, padded"),
        ("Max", "padded 3-D"),
        *(
            pytest.param(*one, marks=pytest.mark.slow)
            for one in (
                ("Average", "padded 1-D"),
                ("Average", "padded 3-D"),
                ("Max", "padded 1-D"),
                ("Max", "overlapping, padded"),
            )
        ),
    ],
)
def test_rtl_agrees(kind, case, tmp_path):
    shape, options = SHAPES[case]
    agree(network(shape, pooling(kind, shape, options)), samples(shape), tmp_path, hardware=True)


@pytest.mark.parametrize("case", SHAPES)
@pytest.mark.parametrize("kind", ["Max", "Average"])
def test_scalar_loops_agree(kind, case, tmp_path):
    """Of an average what the second quantizer makes of the true quotient: to the nearest step, ties to even."""
    from netloom.hls import HlsSettings, convert

    shape, options = SHAPES[case]
    layer = pooling(kind, shape, options)
    conversion = convert(network(shape, layer), HlsSettings(), tmp_path / "conversion")
    grid = np.clip(np.round(samples(shape, 4) * 16), -32, 31) / 16
    expected = np.zeros((len(grid), *layer.output.shape[1:]))
    for sample, x in enumerate(grid):
        for at, inside in windows(x, layer, layer.output.shape[1:]):
            value = inside.max(axis=0) if kind == "Max" else inside.sum(axis=0) / len(inside)
            expected[(sample, *(at if options else ()))] = np.clip(np.round(value * 16), -64, 63) / 16
    with open_engine("fixed", conversion=conversion) as fixed:
        np.testing.assert_array_equal(fixed.predict(grid), expected)


def test_what_hls4ml_computes_right_stays_its_own(tmp_path):
    from netloom.hls import HlsSettings, convert

    layer = keras.layers.MaxPooling2D(2, padding="same", name="layer")
    conversion = convert(network((6, 4, 2), layer), HlsSettings(), tmp_path / "conversion")
    assert "Pooling2D" in [layer.kind for layer in conversion.layers]


@pytest.mark.slow
def test_vitis_takes_three_axes_too(tmp_path):
    import hls4ml

    inputs = keras.Input((2, 4, 2, 1))
    model = keras.Model(inputs, keras.layers.MaxPooling3D(2)(inputs))
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")
    graph = hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, backend="Vitis", output_dir=str(tmp_path / "vitis")
    )
    graph.compile()
    x = np.random.default_rng(0).integers(-8, 8, (3, 2, 4, 2, 1)) / 8
    np.testing.assert_array_equal(graph.predict(x).ravel(), x.reshape(3, 2, 2, 2, 2).max(axis=(1, 3, 4)).ravel())
