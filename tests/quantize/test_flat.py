"""`flatten`: whatever way a model is put together, the flat one computes the same, and says what it cannot be."""

import numpy as np
import pytest

from netloom.errors import LayerNotSupportedError
from netloom.quantize.flat import flatten

keras = pytest.importorskip("keras")
layers, ops = keras.layers, keras.ops


def nested():
    block = keras.Sequential(
        [keras.Input((6,)), layers.Dense(5, name="fc"), layers.BatchNormalization(name="bn"), layers.ReLU(name="r")],
        name="block",
    )
    inner = keras.Input((5,))
    tail = keras.Model(inner, block(layers.Dense(6, name="fc")(inner)), name="tail")
    x = keras.Input((6,), name="x")
    return keras.Model(x, layers.Identity(name="same")(tail(tail(block(x)))))


def arithmetic():
    x = keras.Input((4, 6), name="x")
    y = layers.Dense(6)(x)
    z = (x + y) * 0.5 - 1.0
    z = -(2 - z) / np.arange(1, 7)
    z = ops.maximum(ops.minimum(ops.maximum(z, 0), x), ops.add(x, z))
    z = ops.reshape(ops.transpose(ops.concatenate([z, y], axis=-1), (0, 2, 1)), (-1, 24, 2))
    a, b = z[:, 3:7], z[:, 2:6, :]
    w = ops.relu(a - b) * ops.sigmoid(ops.subtract(a, 1)) + ops.tanh(b)
    w = keras.activations.relu(w, max_value=6.0) * np.arange(1.0, 5.0)[:, None]
    parts = [ops.mean(w, axis=1), ops.max(w, axis=1), ops.squeeze(w[:, 0:1, :], 1), w[:, -1], ops.square(w)]
    return keras.Model(x, [*parts, ops.cast(w, "float32") + 1, ops.multiply(w, w), ops.softmax(w)])


class Residual(layers.Layer):
    def __init__(self, units, **options):
        super().__init__(**options)
        self.dense, self.relu = layers.Dense(units, name="dense"), layers.ReLU(name="relu")

    def call(self, x):
        return self.relu(self.dense(x) + x)


class Mine(layers.Dense):
    """Somebody's own layer: a product with weights of its own."""


def with_own_layers():
    x = keras.Input((6,), name="x")
    return keras.Model(x, Mine(4)(Residual(6, name="second")(Residual(6, name="first")(x))))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="mine")
        self.first = layers.Dense(6, activation="relu", name="first")
        self.block = Residual(6, name="block")
        self.tail = keras.Sequential([layers.Dense(3, name="fc"), layers.Dropout(0.5, name="drop")], name="tail")

    def call(self, inputs, training=False):
        return self.tail(self.block(self.first(inputs)) * 2, training=training)


def subclassed():
    model = Subclassed()
    model(np.zeros((1, 6), np.float32))
    return model


class TwoInputs(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(6)

    def call(self, inputs):
        return {"sum": self.dense(inputs["a"]) + inputs["b"], "same": self.dense(inputs["b"])}


def distributed():
    x = keras.Input((3, 8, 2), name="x")
    y = layers.TimeDistributed(layers.Conv1D(4, 3, activation="relu"), name="conv")(x)
    y = layers.TimeDistributed(layers.BatchNormalization(axis=2))(y)
    head = keras.Sequential([keras.Input((6, 4)), layers.MaxPooling1D(2), layers.Flatten(), layers.Dense(5)])
    y = layers.TimeDistributed(head, name="head")(y)
    return keras.Model(x, layers.TimeDistributed(layers.Softmax())(y))


def twice_distributed():
    x = keras.Input((2, 3, 4, 2), name="x")
    each = layers.TimeDistributed(layers.TimeDistributed(layers.GlobalAveragePooling1D(), name="in"), name="out")
    permuted = layers.TimeDistributed(layers.Permute((3, 1, 2)))(x)
    return keras.Model(x, [each(x), layers.TimeDistributed(layers.Reshape((8, 3)))(permuted)])


def normalized():
    x = keras.Input((6,), name="x")
    y = layers.Normalization(mean=np.arange(6.0), variance=np.arange(1.0, 7.0))(x)
    return keras.Model(x, layers.Dense(3)(layers.Rescaling(1 / 8, -1)(y)))


def with_equals():
    x = keras.Input((2, 3, 4, 6), name="x")
    y = layers.Dense(6, activation=layers.LeakyReLU(0.2), name="wide")(x)
    y = layers.Reshape((6, 4, 6))(y)
    y = layers.BatchNormalization(axis=1)(layers.BatchNormalization(axis=-2)(layers.BatchNormalization()(y)))
    kept = layers.GlobalAveragePooling2D(keepdims=True)(y)
    most = layers.GlobalMaxPooling2D(keepdims=True)(y)
    average = layers.Average()([layers.Conv2D(6, 1, activation=layers.ReLU(2.0))(kept), kept, most])
    return keras.Model(x, [average, abs(y), ops.abs(kept)])


MODELS = [with_equals, nested, arithmetic, with_own_layers, subclassed, distributed, twice_distributed, normalized]


def randomized(build):
    model = build()
    generator = np.random.default_rng(0)
    for weight in model.weights:
        if "float" in weight.dtype:
            weight.assign(generator.uniform(0.2, 1, weight.shape) - (weight.name != "moving_variance") * 0.6)
    shapes = [tensor.shape[1:] for tensor in model.inputs] if getattr(model, "inputs", None) else [(6,)]
    return model, [generator.normal(0, 1, (5, *shape)).astype(np.float32) for shape in shapes]


def run(model, inputs):
    return [np.asarray(one) for one in keras.tree.flatten(model(inputs if len(inputs) > 1 else inputs[0]))]


@pytest.mark.parametrize("build", MODELS)
@pytest.mark.parametrize("single_use", [False, True])
def test_the_flat_model_computes_the_same_and_leaves_the_users_alone(build, single_use):
    model, inputs = randomized(build)
    calls = {id(layer): len(layer._inbound_nodes) for layer in model._flatten_layers()}
    wanted = run(model, inputs)
    flat = flatten(model, single_use=single_use)
    for found, one in zip(run(flat, inputs), wanted, strict=True):
        np.testing.assert_allclose(found, one, rtol=1e-6, atol=1e-6)
    assert not any(isinstance(layer, keras.Model | layers.TimeDistributed | Residual | Mine) for layer in flat.layers)
    assert all(isinstance(layer, keras.Layer) for layer in flat.operations)
    assert {id(layer): len(layer._inbound_nodes) for layer in model._flatten_layers()} == calls
    if single_use:
        assert all(len(layer._inbound_nodes) == 1 for layer in flat.layers)


@pytest.mark.parametrize("build", [arithmetic, with_equals])
def test_a_saved_model_is_flattened_as_it_was(build, tmp_path):
    model, inputs = randomized(build)
    model.save(tmp_path / "m.keras")
    for found, one in zip(
        run(flatten(keras.models.load_model(tmp_path / "m.keras")), inputs), run(model, inputs), strict=True
    ):
        np.testing.assert_allclose(found, one, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("build", MODELS)
def test_the_flat_model_is_saved_and_loads(build, tmp_path):
    model, inputs = randomized(build)
    flatten(model).save(tmp_path / "flat.keras")
    loaded = keras.models.load_model(tmp_path / "flat.keras")
    for found, one in zip(run(loaded, inputs), run(model, inputs), strict=True):
        np.testing.assert_allclose(found, one, rtol=1e-6, atol=1e-6)


def test_a_subclassed_model_of_named_inputs_is_traced():
    model = TwoInputs()
    given = {name: np.random.default_rng(number).normal(0, 1, (4, 6)) for number, name in enumerate("ab")}
    wanted = model(given)
    found = flatten(model)([given["a"], given["b"]])
    np.testing.assert_allclose(found[0], wanted["same"], rtol=1e-6)
    np.testing.assert_allclose(found[1], wanted["sum"], rtol=1e-6)


def test_names_are_the_paths_of_the_layers():
    names = [layer.name for layer in flatten(randomized(nested)[0]).layers]
    assert names == ["x", "block.fc", "block.bn", "block.r", "tail.fc", "same"]
    names = [layer.name for layer in flatten(randomized(nested)[0], single_use=True).layers]
    assert names[4:7] == ["tail.fc", "tail.block.fc", "tail.block.bn"] and "tail.fc_2" in names
    assert [layer.name for layer in flatten(subclassed()).layers][-2:] == ["tail.fc", "tail.drop"]


def test_a_shared_layer_shares_its_weights_when_each_call_is_a_layer():
    flat = flatten(randomized(nested)[0], single_use=True)
    assert flat.get_layer("tail.fc").kernel is flat.get_layer("tail.fc_2").kernel


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16", "bfloat16"])
def test_half_precision_is_computed_in_float32(policy):
    x = keras.Input((6,), name="x", dtype="float16" if "16" in policy else None)
    y = layers.BatchNormalization(dtype=policy)(layers.Dense(4, activation="relu", dtype=policy)(x))
    model = keras.Model(x, y)
    flat = flatten(model)
    assert {layer.dtype_policy.name for layer in flat.layers} == {"float32"}
    assert {weight.dtype for weight in flat.weights} == {"float32"}
    value = np.random.default_rng(0).normal(0, 1, (5, 6)).astype(np.float16)
    np.testing.assert_allclose(flat(value), model(value), atol=0.1)
    for kept, own in zip(flat.get_weights(), model.get_weights(), strict=True):
        assert (kept == np.asarray(own, np.float32)).all()


def test_open_sizes_are_said():
    x = keras.Input((None, None, 2), name="image")
    y = layers.Reshape((-1, 3))(layers.Conv2D(3, 3)(x))
    model = keras.Model(x, layers.GlobalAveragePooling1D()(y))
    flat = flatten(model, [(7, 6, 2)])
    value = np.random.default_rng(0).normal(0, 1, (5, 7, 6, 2))
    np.testing.assert_allclose(flat(value), model(value), rtol=1e-5)
    assert [tensor.shape for tensor in (flat.input, flat.layers[2].output)] == [(None, 7, 6, 2), (None, 20, 3)]
    wrong = {"every size must be fixed": None, "is no case of it": [(7, 6, 3)], "not 0 input shapes": []}
    for words, shapes in wrong.items():
        with pytest.raises(LayerNotSupportedError, match=words):
            flatten(model, shapes)


def refused(compute):
    x = keras.Input((4, 6), name="x")
    return keras.Model(x, compute(x))


class Branching(keras.Model):
    def call(self, x):
        return x if np.asarray(x).sum() > 0 else -x


def branching():
    model = Branching(name="branching")
    model(np.ones((1, 3), np.float32))
    return model


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: refused(lambda x: ops.einsum("abc->acb", x)), "Einsum.*two factors"),
        (lambda: refused(lambda x: ops.argsort(x, axis=-1)), "Argsort.*write it with keras layers"),
        (lambda: refused(lambda x: x / 0), "Divide.*by zero"),
        (lambda: refused(lambda x: x[0:2, :]), "GetItem.*keep the batch"),
        (lambda: refused(lambda x: ops.reshape(x, (-1, 6))), "keep the batch"),
        (lambda: refused(lambda x: ops.transpose(x, (1, 0, 2))), "keep the batch"),
        (lambda: refused(lambda x: ops.flip(x, axis=0)), "keep the batch"),
        (lambda: refused(lambda x: ops.mean(x, axis=(0, 1))), "runs over samples"),
        (lambda: refused(lambda x: ops.sum(x, axis=(1, 2))), "keepdims=True"),
        (lambda: refused(lambda x: ops.matmul(x, np.ones((2, 6, 3)))), "one matrix"),
        (lambda: refused(lambda x: ops.einsum("abc,dbc->ad", x, x)), "multiplies samples"),
        (lambda: refused(lambda x: x * ops.ones((3, 1, 6))), "no scale or shift"),
        (lambda: refused(lambda x: x + np.float32("nan")), "finite"),
        (lambda: refused(lambda x: x + ops.mean(x, axis=1)), "numbers of axes"),
        (branching, "'branching'.*cannot be traced.*keras.Model"),
        (lambda: "model.keras", "not str"),
    ],
)
def test_what_no_layer_equals_is_refused_with_a_way_out(build, words):
    with pytest.raises(LayerNotSupportedError, match=words) as error:
        flatten(build())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", ["BatchNormalization", "QBatchNormalization"])
def test_a_batch_normalization_of_another_axis_is_one_of_the_last(kind):
    """Whatever Keras itself adds to the call: `mask=None`, `training=False`."""
    qkeras = pytest.importorskip("qkeras")
    norm = getattr(layers if kind == "BatchNormalization" else qkeras, kind)(axis=1)
    x = keras.Input((5, 3), name="x")
    model = keras.Model(x, norm(x))
    norm.set_weights([np.arange(1.0, 6) + index for index in range(len(norm.weights))])
    flat = flatten(model)
    found = [type(layer).__name__ for layer in flat.layers]
    assert found == ["InputLayer", "Permute", kind, "Permute"]
    if kind == "BatchNormalization":  # QKeras itself fails where the axis is not the last
        given = np.random.default_rng(0).normal(0, 1, (4, 5, 3)).astype(np.float32)
        np.testing.assert_allclose(flat(given), model(given), rtol=1e-5)
