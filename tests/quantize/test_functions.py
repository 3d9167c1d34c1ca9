"""Functions of one value in the twin: quantizers before and after, so that firmware equals it exactly."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from judges import agree  # noqa: E402
from keras import layers  # noqa: E402

from netloom.hls import HlsSettings, convert  # noqa: E402
from netloom.models.tasks.task import last_function  # noqa: E402
from netloom.quantize import Policy, quantize  # noqa: E402
from netloom.sim import open_engine  # noqa: E402

X = np.random.default_rng(0).normal(0, 1, (200, 6)).astype(np.float32)


def network():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    x = layers.Dense(5, activation="gelu", name="a")(inputs)
    x = layers.LeakyReLU(0.3, name="leaky")(layers.Dense(5, name="b")(x))
    x = layers.LeakyReLU(0.25, name="short")(layers.Dense(5, name="c")(x))
    x = layers.PReLU(alpha_initializer="random_normal", name="prelu")(layers.Dense(5, name="d")(x))
    x = layers.ReLU(6, name="bounded")(layers.Dense(5, name="e")(x))
    return keras.Model(inputs, layers.Dense(2, activation="sigmoid", name="f")(x))


def test_the_twin_is_exact_in_firmware_and_near_the_float_network(tmp_path):
    model = network()
    twin = quantize(model, Policy.uniform(8), X, fine_tune_epochs=0)
    names = {layer.name for layer in twin.layers}
    assert {"a_quantizer", "a_gelu_quantizer", "b_quantizer", "leaky_quantizer", "f_sigmoid_quantizer"} <= names
    # Lines take the accumulator itself.
    assert not names & {"c_quantizer", "d_quantizer", "e_quantizer"}
    assert np.abs(twin(X).numpy() - model(X).numpy()).max() < 0.05
    agree(twin, X, tmp_path)


def test_fine_tuning_trains_through_functions_and_leaves_slopes_on_their_grid():
    model = network()
    targets = np.tanh(X[:, :2]) / 2 + 0.5
    twins = [
        quantize(model, Policy.uniform(8), (X, targets.astype(np.float32)), fine_tune_epochs=epochs)
        for epochs in (0, 1)
    ]
    before, after = ({weight.path: weight.numpy() for weight in twin.weights} for twin in twins)
    moved = {path.partition("/")[0] for path in before if (before[path] != after[path]).any()}
    assert {"a", "b", "c", "d", "e", "f"} <= moved and "prelu" not in moved


def test_a_sigmoid_behind_a_quantizer_is_still_the_function_that_the_loss_asks_for():
    twin = quantize(network(), Policy(), X, fine_tune_epochs=0)
    assert type(twin.layers[-1]).__name__ == "QActivation"
    assert last_function(twin) == "sigmoid"


LINE = np.linspace(-2, 2, 300, dtype=np.float32).reshape(100, 3)


def test_the_logarithm_of_what_is_held_above_zero(tmp_path):
    """Functions in a row are one table: rounded between the two, the least value would be zero."""
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.ops.log(keras.ops.maximum(inputs, 1e-6)))
    twin = quantize(model, Policy.uniform(6), LINE, fine_tune_epochs=0)
    assert sum(type(layer).__name__ == "QActivation" for layer in twin.layers) == 2
    conversion = convert(twin, HlsSettings(), tmp_path / "net")
    assert [layer.kind for layer in conversion.layers].count("NetloomTable") == 1
    with open_engine("fixed", conversion=conversion) as fixed, open_engine("quantized", model=twin) as quantized:
        found = fixed.predict(LINE)
        np.testing.assert_array_equal(found, quantized.predict(LINE))
    assert found.min() < -13 and np.abs(found[LINE > 0.1] - np.log(LINE[LINE > 0.1])).max() < 0.4


def test_what_something_else_reads_as_well_keeps_its_quantizer():
    inputs = keras.Input((3,))
    wave = keras.ops.sin(inputs)
    model = keras.Model(inputs, layers.Dense(2)(keras.ops.exp(wave) + wave))
    twin = quantize(model, Policy.uniform(6), LINE, fine_tune_epochs=0)
    assert sum(type(layer).__name__ == "QActivation" for layer in twin.layers) == 4
