"""What a float model does to its inputs first: folded into the first layers without changing the function, or kept."""

import numpy as np
import pytest

from netloom.errors import LayerNotSupportedError
from netloom.quantize import FixedPoint, Overflow, Policy, Rounding, quantize, quantizer_type
from netloom.quantize.graph.layer_graph import read_graph
from netloom.quantize.graph.rebuild import build_float
from netloom.quantize.twin import rewrite

keras = pytest.importorskip("keras")
layers = keras.layers


def network(shape, *middle, dtype="float32"):
    x = y = keras.Input(shape, name="x", dtype=dtype)
    for layer in middle:
        y = layer(y)
    return keras.Model(x, y)


def channels():
    return layers.Normalization(mean=[3.0, 40.0], variance=[4.0, 9.0], name="n")


def two_readers():
    x = keras.Input((5,), name="x")
    y = layers.Rescaling(0.25, 2)(x)
    return keras.Model(x, layers.Dense(3)(y) + layers.Dense(3)(layers.Reshape((5,))(y)))


FOLDED = {
    "dense": lambda: network((5,), layers.Rescaling(1 / 255), layers.Dense(3, use_bias=False)),
    "flat": lambda: network((4, 3, 2), channels(), layers.Flatten(), layers.Dense(3)),
    "permuted": lambda: network((4, 3, 2), channels(), layers.Permute((2, 1, 3)), layers.Conv2D(3, 2, use_bias=False)),
    "even": lambda: network((4, 4, 2), layers.Rescaling(0.1, 3), layers.Cropping2D(1), layers.Conv2D(3, 2)),
    "same": lambda: network((4, 4, 2), layers.Rescaling(1 / 255), layers.Conv2D(3, 3, padding="same")),
    "pointwise": lambda: network((4, 4, 2), channels(), layers.Conv2D(3, 1, padding="same")),
    "depthwise": lambda: network((4, 4, 2), channels(), layers.DepthwiseConv2D(3)),
    "separable": lambda: network((6, 2), channels(), layers.SeparableConv1D(3, 2)),
    "twice": lambda: network((5,), layers.Rescaling(0.1, 1), layers.Rescaling(2, -1), layers.Dense(2)),
    "arithmetic": lambda: network((5,), lambda x: (x - 128.0) / 64.0, layers.Dense(2)),
    "readers": two_readers,
}

KEPT = {
    "padded": lambda: network((4, 4, 2), layers.Rescaling(1 / 255, -1), layers.Conv2D(3, 3, padding="same")),
    "output": lambda: network((5,), layers.Rescaling(0.5, 1)),
    "relu": lambda: network((5,), layers.Rescaling(0.5, 1), layers.ReLU(), layers.Dense(2)),
    "mixed": lambda: network((4, 2), channels(), layers.Permute((2, 1)), layers.Dense(2)),
}


@pytest.mark.parametrize(("build", "kept"), [(f, False) for f in FOLDED.values()] + [(f, True) for f in KEPT.values()])
def test_an_input_constant_folds_without_changing_the_function(build, kept):
    model = build()
    generator = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(generator.normal(0, 1, weight.shape))
    graph = read_graph(model)
    rewrite(graph, Policy())
    folded, _ = build_float(graph, graph.outputs)
    assert any(block.class_name == "BatchNormalization" for block in graph.blocks()) == kept
    x = generator.uniform(0, 255, (9, *model.inputs[0].shape[1:])).astype(np.float32)
    wanted = np.asarray(model(x))
    np.testing.assert_allclose(folded(x), wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())


def test_features_of_very_different_ranges_are_refused_unless_the_input_has_the_bits():
    model = network((2,), layers.Normalization(mean=[0, 0], variance=[1, 1e6], name="n"), layers.Dense(2))
    data = np.random.default_rng(0).normal(0, [1, 1000], (50, 2))
    with pytest.raises(
        LayerNotSupportedError, match=r"'n'.*1e\+03 times.*8 bits.*before the network, or.*'x' more bits"
    ):
        quantize(model, Policy(), data, fine_tune_epochs=0)
    quantize(model, Policy(overrides={"x": {"activations": 16}}), data, fine_tune_epochs=0)


def whole(width, signed):
    return FixedPoint(width, width, signed, Rounding.RND_CONV, Overflow.SAT)


@pytest.mark.parametrize(
    ("model_dtype", "data_dtype", "wanted"),
    [
        ("uint8", "float32", whole(8, False)),
        ("float32", "uint8", whole(8, False)),
        ("int8", "int64", whole(8, True)),
        ("uint16", "uint16", whole(16, False)),
        ("float32", "bool", whole(1, False)),
    ],
)
def test_whole_numbers_are_taken_as_they_are(model_dtype, data_dtype, wanted):
    model = network((4,), layers.Rescaling(1 / 255), layers.Dense(3), dtype=model_dtype)
    data = np.random.default_rng(0).integers(0, 2, (50, 4)).astype(data_dtype)
    twin = quantize(model, Policy(), data, fine_tune_epochs=0)
    assert quantizer_type(twin.get_layer("x_quantizer").activation) == wanted
    twin = quantize(model, Policy(overrides={"x": {"activations": 5}}), data, fine_tune_epochs=0)
    assert quantizer_type(twin.get_layer("x_quantizer").activation).width == 5
