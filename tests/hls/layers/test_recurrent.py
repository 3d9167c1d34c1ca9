"""Recurrent layers, exact in every engine: QKeras in float64, hls4ml's C++, `fixed`, hardware; and in fractions."""

import re

import keras
import numpy as np
import pytest
from cell_functions import HARD, TABLES, bits
from judges import agree
from qkeras import QActivation, quantized_relu, quantized_sigmoid, quantized_tanh
from slow_cells import results

from netloom.errors import LayerNotSupportedError, QuantizerNotSupportedError
from netloom.hls import HlsSettings, convert
from netloom.quantize.layers import QGRU, QLSTM, QSimpleRNN, QuantizedFunction
from netloom.sim import open_engine

STEPS, INPUTS, UNITS = 5, 3, 4

CASES = {
    "simple": (QSimpleRNN, TABLES, {"return_sequences": True}),
    "simple, last": (QSimpleRNN, HARD, {}),
    "simple, relu, backwards": (
        QSimpleRNN,
        {"activation": lambda: quantized_relu(7, 2)},
        {"return_sequences": True, "go_backwards": True},
    ),
    "simple, linear": (QSimpleRNN, {"activation": lambda: None}, {"use_bias": False}),
    "lstm": (QLSTM, TABLES, {"return_sequences": True}),
    "lstm, hard, backwards": (QLSTM, HARD, {"go_backwards": True}),
    "gru": (QGRU, TABLES, {"reset_after": True, "return_sequences": True}),
    "gru, hard, no bias": (QGRU, HARD, {"reset_after": True, "use_bias": False}),
    "lstm, relu": (
        QLSTM,
        {"activation": lambda: quantized_relu(7, 1), "recurrent_activation": lambda: quantized_relu(6, 0)},
        {},
    ),
    "gru that resets before": (QGRU, TABLES, {"reset_after": False}),
    "gru that resets before, hard": (QGRU, HARD, {"reset_after": False, "return_sequences": True}),
}


def network(case):
    cls, functions, options = CASES[case]
    made = {name: make() for name, make in functions.items() if name == "activation" or cls is not QSimpleRNN}
    keras.utils.set_random_seed(0)
    x = keras.Input((STEPS, INPUTS), name="x")
    layer = cls(
        UNITS,
        **made,
        **options,
        kernel_quantizer=bits(),
        recurrent_quantizer=bits(5),
        bias_quantizer=bits(7),
        state_quantizer=bits(8, 1),
        name="cell",
    )
    model = keras.Model(x, layer(QActivation(bits(7, 2), name="quantizer")(x)))
    rng = np.random.default_rng(1)
    for variable in layer.weights:
        variable.assign(rng.normal(0, 0.7, variable.shape))
    return model


def samples(count=60):
    return np.random.default_rng(2).normal(0, 1.5, (count, STEPS, INPUTS)).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
@pytest.mark.parametrize("case", CASES)
def test_judges_written_apart_agree(case, io_type, tmp_path):
    conversion = agree(network(case), samples(), tmp_path, io_type, hardware=io_type == "io_stream")
    assert "NetloomRecurrent" in [layer.kind for layer in conversion.layers]


@pytest.mark.parametrize("case", CASES)
def test_every_number_is_that_of_the_fractions(case, tmp_path):
    model = network(case)
    x = samples(3)
    conversion = convert(model, HlsSettings(), tmp_path / "conversion")
    with open_engine("fixed", conversion=conversion) as fixed:
        found = fixed.predict(x)
    quantizer = model.get_layer("quantizer")
    for one, sample in zip(found, x, strict=True):
        expected = results(model.get_layer("cell"), np.array(quantizer(sample)))
        np.testing.assert_array_equal(one.reshape(expected.shape), expected)


def test_the_gates_are_seen(tmp_path):
    conversion = convert(network("lstm"), HlsSettings(), tmp_path / "conversion")
    with open_engine("fixed", conversion=conversion) as fixed:
        seen = fixed.trace(samples(4))
    assert {"cell/input", "cell/forget", "cell/candidate", "cell/output", "cell/memory", "cell/shown"} < set(seen)
    assert seen["cell/memory"].shape == (4, STEPS, UNITS)
    np.testing.assert_array_equal(seen["cell"], seen["cell/result"])


def test_a_state_without_a_quantizer_is_refused(tmp_path):
    x = keras.Input((STEPS, INPUTS))
    layer = QSimpleRNN(4, activation=quantized_tanh(8), kernel_quantizer=bits(), recurrent_quantizer=bits(), name="rnn")
    model = keras.Model(x, layer(QActivation(bits(), name="quantizer")(x)))
    with pytest.raises(QuantizerNotSupportedError, match="'rnn': without a state_quantizer every step has more bits"):
        convert(model, HlsSettings(), tmp_path)


def test_a_function_without_a_quantizer_is_refused(tmp_path):
    x = keras.Input((STEPS, INPUTS))
    quantizers = {f"{name}_quantizer": bits() for name in ("kernel", "recurrent", "bias", "state")}
    layer = QLSTM(4, activation=keras.activations.tanh, recurrent_activation="sigmoid", **quantizers, name="lstm")
    model = keras.Model(x, layer(QActivation(bits(), name="quantizer")(x)))
    with pytest.raises(LayerNotSupportedError, match=r"'lstm', activation: 'tanh' has no quantizer; .*Quantized"):
        convert(model, HlsSettings(), tmp_path)


@pytest.mark.parametrize(
    ("real", "function"),
    [(quantized_tanh(8, use_real_tanh=True), "tanh"), (quantized_sigmoid(8, use_real_sigmoid=True), "sigmoid")],
)
def test_a_real_function_of_a_sum_is_refused_with_the_table_to_take(real, function, tmp_path):
    def model(activation):
        x = keras.Input((STEPS, INPUTS))
        quantizers = {f"{name}_quantizer": bits() for name in ("kernel", "recurrent", "bias", "state")}
        layer = QLSTM(4, activation=activation, recurrent_activation=quantized_sigmoid(8), **quantizers, name="lstm")
        return keras.Model(x, layer(QActivation(bits(), name="quantizer")(x)))

    with pytest.raises(QuantizerNotSupportedError, match=r"'lstm', activation: .* takes a sum as wide as") as raised:
        convert(model(real), HlsSettings(), tmp_path / "real")
    advised = re.search(r"QuantizedFunction\('(\w+)', '(.*?)', '(.*?)'\)", str(raised.value)).groups()
    assert advised[0] == function
    convert(model(QuantizedFunction(*advised)), HlsSettings(), tmp_path / "table")
