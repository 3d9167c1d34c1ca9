import numpy as np
import pytest

from netloom.errors import InputError, LayerNotSupportedError, SettingsError
from netloom.quantize import Policy, is_quantized, quantize

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")
layers = keras.layers


def one(layer, shape, batch=None):
    return keras.Sequential([keras.Input(shape, batch), layer], name="user")


def joined(axis):
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Concatenate(axis=axis, name="bad")([inputs, layers.Dense(4)(inputs)]))


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


def relu(x):
    """Not what its name says."""
    return -x


IMAGE, SERIES = (7, 7, 4), (9, 4)

REFUSED = [
    (lambda: one(layers.Lambda(lambda x: x, name="bad"), (4,)), ["'bad'", "Lambda"]),
    (lambda: one(layers.Dense(3, activation="sparsemax", name="bad"), (4,)), ["'bad'", "'sparsemax'"]),
    (lambda: one(layers.Dense(3, activation=relu, name="bad"), (4,)), ["'bad'", "test_refusals.relu'"]),
    (lambda: one(layers.ConvLSTM1D(3, 2, name="bad"), (3, 9, 4)), ["'bad'", "ConvLSTM1D", "TimeDistributed"]),
    (lambda: one(layers.GRU(3, stateful=True, name="bad"), SERIES, 5), ["'bad'", "stateful", "batch_size=1"]),
    (lambda: one(layers.LSTM(3, recurrent_activation="softmax", name="bad"), SERIES), ["'bad'", "'softmax'"]),
    (lambda: one(layers.RNN(layers.LSTMCell(3), stateful=True, name="bad"), SERIES, 5), ["'bad", "stateful"]),
    (lambda: one(layers.SimpleRNN(3, activation=layers.LeakyReLU(0.1), name="bad"), SERIES), ["'bad'", "LeakyReLU"]),
    (lambda: one(layers.Dense(3, dtype="float64", name="bad"), (4,)), ["'bad'", "float64"]),
    (lambda: joined(axis=0), ["'bad'", "it joins samples"]),
    (lambda: joined(axis=-2), ["'bad'", "it joins samples"]),
    (lambda: one(layers.Reshape((1,)), ()), ["no axis", "keras.Input((1,))"]),
    (lambda: one(layers.Dense(3, name="bad"), (None, 4)), ["fixed"]),
    (lambda: keras.Sequential([layers.Dense(3)], name="bad"), ["'bad'", "no input shape"]),
    (lambda: Subclassed(name="bad"), ["'bad'", "functional", "--input-shape"]),
]


@pytest.mark.parametrize(("build", "parts"), REFUSED)
def test_layers_are_refused_by_name_with_a_way_out(build, parts):
    model = build()
    shape = (5, *[size or 3 for size in model.inputs[0].shape[1:]]) if getattr(model, "inputs", None) else (5, 4)
    with pytest.raises(LayerNotSupportedError) as error:
        quantize(model, Policy(), np.ones(shape, np.float32), fine_tune_epochs=0)
    assert "\n" not in str(error.value)
    for part in parts:
        assert part in str(error.value)


def test_an_input_that_no_layer_reads_is_refused():
    inputs = [keras.Input((4,), name=name) for name in ("read", "idle")]
    with pytest.raises(LayerNotSupportedError, match="layer 'idle': no layer reads this input; leave it out"):
        quantize(keras.Model(inputs, layers.Dense(2)(inputs[0])), Policy(), [np.ones((5, 4))] * 2, fine_tune_epochs=0)


def test_inputs_of_double_precision_are_refused():
    inputs = keras.Input((4,), dtype="float64", name="precise")
    with pytest.raises(LayerNotSupportedError, match=r"'precise'.*float32 or integers"):
        quantize(keras.Model(inputs, layers.Dense(2)(inputs)), Policy(), np.ones((5, 4)), fine_tune_epochs=0)


@pytest.mark.parametrize("bound", [6, 8])
def test_a_bounded_relu_is_the_quantizer_at_a_power_of_two_and_arithmetic_elsewhere(bound):
    x = np.linspace(-10, 10, 400, dtype=np.float32).reshape(100, 4)
    model = one(layers.ReLU(bound, name="bounded"), (4,))
    twin = quantize(model, Policy.uniform(8), x, fine_tune_epochs=0)
    assert type(twin.get_layer("bounded")).__name__ == ("ReLU" if bound == 6 else "QActivation")
    assert np.abs(twin(x).numpy() - model(x).numpy()).max() <= 16 / 2**7


def test_a_bound_that_is_never_met_costs_nothing():
    x = np.linspace(-5, 5, 400, dtype=np.float32).reshape(100, 4)
    model = one(layers.ReLU(6), (4,))
    twin = quantize(model, Policy.uniform(8), x, fine_tune_epochs=0)
    assert np.abs(twin(x).numpy() - model(x).numpy()).max() <= 8 / 2**7


def test_a_partly_quantized_model_is_refused_and_a_quantized_one_passed_through():
    kernel = {"kernel_quantizer": qkeras.quantized_bits(4, 0, alpha=1)}
    both = kernel | {"bias_quantizer": qkeras.quantized_bits(8, 0, alpha=1)}
    inputs = keras.Input((4,))
    whole = keras.Model(inputs, qkeras.QDense(3, name="a", **both)(inputs))
    no_bias_quantizer = keras.Model(inputs, qkeras.QDense(3, **kernel)(inputs))
    normalized = keras.Model(inputs, layers.BatchNormalization()(qkeras.QDense(3, **both)(inputs)))
    part = keras.Model(inputs, layers.Dense(2, name="plain")(qkeras.QDense(3, **both)(inputs)))
    quantizers = {f"{name}_quantizer": qkeras.quantized_bits(4, 0, alpha=1) for name in ("kernel", "recurrent", "bias")}
    cells = [qkeras.QLSTMCell(2, **quantizers), qkeras.QGRUCell(2, **quantizers)]
    steps = keras.Input((3, 4))
    for cell in (*cells, cells):
        assert is_quantized(keras.Model(steps, layers.RNN(cell)(steps)))
    mixed = keras.Model(steps, layers.RNN([*cells, layers.LSTMCell(2, name="plain")])(steps))
    assert not is_quantized(mixed)
    x = np.ones((5, 4), np.float32)
    for model in (whole, no_bias_quantizer, normalized):
        assert is_quantized(model)
        assert quantize(model, Policy(), x) is model
    assert not is_quantized(part)
    with pytest.raises(LayerNotSupportedError, match=r"'plain'.*quantize all"):
        quantize(part, Policy(), x)


@pytest.mark.parametrize("plain", [layers.Conv2D(2, 3), layers.DepthwiseConv2D(3), layers.SeparableConv2D(2, 3)])
def test_every_plain_layer_with_a_kernel_makes_a_model_float(plain):
    inputs = keras.Input(IMAGE)
    quantizer = qkeras.quantized_bits(4, 0, alpha=1)
    model = keras.Model(inputs, plain(qkeras.QConv2D(2, 1, kernel_quantizer=quantizer)(inputs)))
    assert not is_quantized(model)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.ones((5, 3), np.float32), r"shape \(samples, 4\), not \(5, 3\)"),
        (np.ones((0, 4), np.float32), "no samples"),
        (np.full((5, 4), np.nan, np.float32), "finite"),
        (np.full((5, 4), np.inf, np.float32), "finite"),
        (np.full((5, 4), "a"), "must be numbers"),
        (np.full((5, 4), None), "must be numbers"),
        ([np.ones((5, 4)), np.ones((5, 4))], "has 1 input"),
        ((np.ones((5, 4)), np.ones(4)), "one per sample"),
        ((np.ones((5, 4)), np.full(5, np.nan)), "labels must be finite"),
        ((np.ones((5, 4)), np.tile([0.5, np.nan], (5, 1))), "labels must be finite"),
        ((np.ones((5, 4)), np.tile([1, np.inf], (5, 1))), "labels must be finite"),
        (np.float32(3), r"not \(\)"),
        (np.full((5, 4), 1e30), "beyond 2"),
    ],
)
def test_data_that_does_not_fit(data, message):
    with pytest.raises(InputError, match=message) as error:
        quantize(one(layers.Dense(2), (4,)), Policy(), data, fine_tune_epochs=0)
    assert "\n" not in str(error.value)


def test_weights_that_are_not_finite_name_their_layer():
    model = one(layers.Dense(2, name="broken"), (4,))
    model.get_layer("broken").kernel.assign(np.full((4, 2), np.nan))
    with pytest.raises(InputError, match="'broken': kernel must be finite"):
        quantize(model, Policy(), np.ones((5, 4)), fine_tune_epochs=0)


@pytest.mark.parametrize("wrong", [{"fine_tune_epochs": -1}, {"batch_size": 0}, {"learning_rate": 0.0}])
def test_wrong_arguments(wrong):
    with pytest.raises(SettingsError):
        quantize(one(layers.Dense(2), (4,)), Policy(), np.ones((5, 4)), **wrong)


def test_an_override_of_no_layer():
    with pytest.raises(SettingsError, match=r"'fc'.*'fc_1'"):
        quantize(one(layers.Dense(2, name="fc_1"), (4,)), Policy(overrides={"fc": {"weights": 4}}), np.ones((5, 4)))
