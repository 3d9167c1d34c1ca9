"""Every supported layer: the rewritten graph computes what the user's model does, and its twin stands on grids."""

import numpy as np
import pytest

from netloom.quantize import Policy, is_quantized, quantize, quantizer_type
from netloom.quantize.files.inspection import all_layers, layer_quantizers
from netloom.quantize.graph.graph_check import check_supported
from netloom.quantize.graph.layer_graph import read_graph
from netloom.quantize.graph.rebuild import build_float
from netloom.quantize.twin import rewrite

keras = pytest.importorskip("keras")

import convolutional  # noqa: E402

layers = keras.layers


def image_classifier():
    inputs = keras.Input((8, 8, 2))
    x = layers.Conv2D(4, 3, name="conv")(inputs)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.ReLU()(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


def depthwise_and_separable():
    inputs = keras.Input((8, 8, 2))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.SeparableConv2D(5, 3, strides=2)(x)
    x = layers.BatchNormalization(scale=False)(x)
    x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(3)(x))


def one_dimensional():
    inputs = keras.Input((12, 3))
    x = layers.ZeroPadding1D(1)(inputs)
    x = layers.Conv1D(4, 3, strides=2, activation="relu")(x)
    x = layers.SeparableConv1D(4, 3, activation="tanh")(x)
    x = layers.UpSampling1D(2)(x)
    x = layers.AveragePooling1D(2)(x)
    x = layers.Conv1D(2, 1)(x)
    x = layers.Cropping1D(1)(x)
    x = layers.GlobalMaxPooling1D()(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


def residual_with_operators():
    inputs = keras.Input((6, 6, 3))
    x = layers.Conv2D(3, 3, padding="same", activation="relu")(inputs)
    y = layers.Conv2D(3, 3, padding="same")(x)
    y = layers.ReLU()(y + x)
    y = layers.Multiply()([y, x]) - x
    y = layers.Maximum()([y, x])
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(y)))


def branches_of_two_inputs():
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    shared = layers.Dense(4, activation="relu", name="shared")
    a, b = shared(left), shared(right)
    c = layers.Dense(4)(left)
    total = layers.Add(name="total")([a, b, c])
    joined = layers.Concatenate(name="joined")([total, a, b])
    return keras.Model([left, right], [layers.Dense(2, name="first")(joined), layers.Dense(3, name="second")(total)])


def nested():
    block = keras.Sequential(
        [keras.Input((6,)), layers.Dense(5), layers.BatchNormalization(), layers.ReLU()], name="block"
    )
    tail_input = keras.Input((5,))
    tail = keras.Model(tail_input, layers.Dense(4, name="dense")(tail_input), name="tail")
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(2, name="dense")(layers.ReLU()(tail(block(inputs)))))


def shapes():
    inputs = keras.Input((4, 6, 2))
    x = layers.Permute((2, 1, 3))(inputs)
    x = layers.Reshape((4, 6, 2))(x)
    x = layers.ZeroPadding2D(1)(x)
    x = layers.Cropping2D(((1, 0), (0, 1)))(x)
    x = layers.UpSampling2D(2)(x)
    x = layers.AveragePooling2D(2, padding="same" if x.shape[1] % 2 == 0 else "valid")(x)
    return keras.Model(inputs, layers.Conv2D(2, 2, activation="relu")(x))


def batch_norms_that_stay():
    inputs = keras.Input((6,))
    x = layers.BatchNormalization(name="first")(inputs)
    x = layers.Dense(5, activation="relu")(x)
    x = layers.BatchNormalization(center=False, name="after_relu")(x)
    y = layers.Dense(4)(x)
    z = layers.BatchNormalization(name="read_twice")(y)
    return keras.Model(inputs, [layers.Dense(2)(z), y])


MODELS = [
    image_classifier,
    depthwise_and_separable,
    one_dimensional,
    residual_with_operators,
    branches_of_two_inputs,
    nested,
    shapes,
    batch_norms_that_stay,
    convolutional.in_time,
    convolutional.images,
    convolutional.volumes,
]


def randomized(build):
    """The model with random weights, batch normalizations in the state training would leave them in, and inputs."""
    keras.utils.set_random_seed(1)
    model = build()
    generator = np.random.default_rng(1)
    for layer in all_layers(model):
        for weight in layer.weights:
            scale = 1 / np.sqrt(max(1, np.prod(weight.shape[:-1])))
            value = generator.normal(0, scale, weight.shape)
            if weight.name in ("gamma", "moving_variance"):
                value = generator.uniform(0.5, 2, weight.shape)
            weight.assign(value)
    inputs = [generator.normal(0, 1, (100, *tensor.shape[1:])).astype(np.float32) for tensor in model.inputs]
    return model, inputs


def input_names(model):
    return [tensor._keras_history.operation.name for tensor in model.inputs]


def outputs_of(model, inputs):
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    return [np.asarray(output) for output in (outputs if isinstance(outputs, list) else [outputs])]


@pytest.mark.parametrize("batch_norm", ["fold", "keep"])
@pytest.mark.parametrize("build", MODELS)
def test_rewriting_keeps_the_function(build, batch_norm):
    model, inputs = randomized(build)
    graph = read_graph(model)
    check_supported(graph)
    rewrite(graph, Policy(batch_norm=batch_norm))
    rebuilt, _ = build_float(graph, [0])
    for expected, actual in zip(outputs_of(model, inputs), outputs_of(rebuilt, inputs), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("build", MODELS)
def test_a_wide_twin_is_close_and_everything_in_it_has_an_exact_type(build):
    model, inputs = randomized(build)
    before = [weight.numpy() for weight in model.weights]
    twin = quantize(model, Policy.uniform(14), inputs, fine_tune_epochs=0)
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(before, model.weights, strict=True))
    assert is_quantized(twin)
    assert not is_quantized(model)
    assert input_names(twin) == input_names(model)
    for expected, actual in zip(outputs_of(model, inputs), outputs_of(twin, inputs), strict=True):
        assert np.abs(actual - expected).max() <= 0.02 * max(1, np.abs(expected).max())
    for layer in all_layers(twin):
        if type(layer).__name__ == "QActivation":
            quantizer_type(layer.activation)
        for variable, quantizer in layer_quantizers(layer).values():
            type_ = quantizer_type(quantizer)
            stored = variable.numpy()
            assert np.array_equal(type_.to_float(type_.from_float(stored)), stored)


def test_every_operand_of_a_multiplier_is_on_a_grid():
    """Look at what really goes into the weighted layers of the twins, not at what the plan says."""
    for build in MODELS:
        model, inputs = randomized(build)
        twin = quantize(model, Policy.uniform(6), inputs, fine_tune_epochs=0)
        read = [
            node.input_tensors[0] for layer in twin.layers if layer_quantizers(layer) for node in layer._inbound_nodes
        ]
        for values in outputs_of(keras.Model(twin.input, read), inputs):
            step = 2.0**-24
            while np.array_equal(values / (2 * step), np.rint(values / (2 * step))):
                step *= 2
            assert (values.max() - values.min()) / step < 2**17, build.__name__


def test_batch_norms_fold_where_nothing_else_reads_the_layer():
    model, inputs = randomized(batch_norms_that_stay)
    names = {layer.name for layer in quantize(model, Policy(), inputs, fine_tune_epochs=0).layers}
    assert {"first", "after_relu", "read_twice"} <= names
    model, inputs = randomized(image_classifier)
    assert "bn" not in {layer.name for layer in quantize(model, Policy(), inputs, fine_tune_epochs=0).layers}
    kept = quantize(model, Policy(batch_norm="keep"), inputs, fine_tune_epochs=0)
    assert type(kept.get_layer("bn")).__name__ == "QBatchNormalization"


def test_a_kept_batch_norm_is_exactly_its_scale_and_shift():
    model, inputs = randomized(batch_norms_that_stay)
    twin = quantize(model, Policy(), inputs, fine_tune_epochs=0)
    layer = twin.get_layer("first")
    grid = keras.Model(twin.input, [twin.layers[1].output, layer.output])
    x, y = (np.asarray(array, np.float64) for array in outputs_of(grid, inputs))
    assert np.array_equal(x * layer.gamma.numpy() + layer.beta.numpy(), y)


def test_last_logits_stay_at_accumulator_precision_and_tables_get_8_bits_or_more():
    model, inputs = randomized(image_classifier)
    twin = quantize(model, Policy.uniform(4), inputs, fine_tune_epochs=0)
    assert type(twin.layers[-1]).__name__ == "QSoftmax"
    assert quantizer_type(twin.layers[-1].quantizer).width == 8
    model, inputs = randomized(nested)
    assert type(quantize(model, Policy.uniform(4), inputs, fine_tune_epochs=0).layers[-1]).__name__ == "QDense"


def test_input_quantizer_is_unsigned_if_no_input_is_negative():
    model, inputs = randomized(image_classifier)
    for data, signed in ((inputs[0], True), (np.abs(inputs[0]), False)):
        twin = quantize(model, Policy(), data, fine_tune_epochs=0)
        assert twin.layers[1].name == f"{input_names(model)[0]}_quantizer"
        assert quantizer_type(twin.layers[1].activation).signed == signed


def test_overrides_reach_their_layers():
    model, inputs = randomized(branches_of_two_inputs)
    policy = Policy(
        overrides={"shared": {"weights": 3, "activations": 5}, "left": {"activations": 4}, "Dense": {"biases": 9}}
    )
    twin = quantize(model, policy, inputs, fine_tune_epochs=0)
    assert quantizer_type(twin.get_layer("shared").kernel_quantizer_internal).width == 3
    assert quantizer_type(twin.get_layer("first").kernel_quantizer_internal).width == 8
    assert quantizer_type(twin.get_layer("first").bias_quantizer_internal).width == 9
    assert quantizer_type(twin.get_layer("shared_relu").activation).width == 5
    assert quantizer_type(twin.get_layer("left_quantizer").activation).width == 4
    assert quantizer_type(twin.get_layer("right_quantizer").activation).width == 8


def test_channels_first_leaves_one_permutation_at_the_input_and_one_before_the_end():
    first = {"data_format": "channels_first"}
    x = keras.Input((3, 6, 6))
    y = keras.layers.Conv2D(4, 3, **first)(x)
    y = keras.layers.LeakyReLU(0.1)(keras.layers.BatchNormalization(axis=1)(y))
    y = keras.layers.MaxPooling2D(2, **first)(y)
    model = keras.Model(x, keras.layers.Conv2D(2, 2, activation="sigmoid", **first)(y))
    samples = np.random.default_rng(0).normal(0, 1, (50, 3, 6, 6)).astype(np.float32)
    twin = quantize(model, Policy.uniform(10), samples, fine_tune_epochs=0)
    kinds = [type(layer).__name__ for layer in twin.layers]
    assert kinds.count("Permute") == 2 and "QBatchNormalization" not in kinds
    assert np.abs(twin(samples).numpy() - model(samples).numpy()).max() < 0.02
