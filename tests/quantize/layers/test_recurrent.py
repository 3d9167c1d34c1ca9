"""Recurrent layers, quantized: the twin is close to the float model, trains, is saved, and is what `fixed` computes."""

import json
import zipfile

import keras
import numpy as np
import pytest
import tensorflow
from keras import layers
from qkeras import quantized_bits

from netloom.errors import ModelFileError, SettingsError
from netloom.hls import HlsSettings, convert
from netloom.quantize import Policy, load_model, quantize, save_model
from netloom.quantize.layers import QLSTM, QuantizedFunction
from netloom.sim import open_engine

STEPS, INPUTS = 6, 3


def stacked(x):
    x = layers.SimpleRNN(4, return_sequences=True, go_backwards=True)(x)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True), merge_mode="sum")(x)
    return layers.GRU(4)(x)


CASES = {
    "simple": layers.SimpleRNN(5, return_sequences=True),
    "simple, relu": layers.SimpleRNN(5, activation="relu", use_bias=False),
    "lstm": layers.LSTM(5, return_sequences=True),
    "lstm, linear": layers.LSTM(5, activation="linear", dropout=0.2, recurrent_dropout=0.3, unroll=True),
    "gru": layers.GRU(5),
    "gru that resets before": layers.GRU(5, reset_after=False, activation="softsign", go_backwards=True),
    "both directions": layers.Bidirectional(layers.GRU(3, return_sequences=True)),
    "stacked": stacked,
    "of cells": layers.RNN(layers.StackedRNNCells([layers.LSTMCell(3), layers.GRUCell(4)]), go_backwards=True),
    "for each of several": lambda x: layers.TimeDistributed(layers.SimpleRNN(3))(layers.Reshape((2, 3, 3))(x)),
}


def network(case):
    keras.utils.set_random_seed(0)
    layer = CASES[case]
    if isinstance(layer, keras.Layer):  # without the weights that an earlier test has given it
        layer = type(layer).from_config(layer.get_config())
    x = keras.Input((STEPS, INPUTS), name="x")
    return keras.Model(x, layers.Dense(2, name="last")(layers.Flatten()(layer(x))))


def samples(count=60):
    return np.random.default_rng(0).normal(0, 1.2, (count, STEPS, INPUTS)).astype(np.float32)


SLOW = [case if case == "lstm" else pytest.param(case, marks=pytest.mark.slow) for case in CASES]


@pytest.mark.parametrize("case", SLOW)
def test_the_twin_is_close_and_means_what_fixed_computes(case, tmp_path):
    model, x = network(case), samples()
    twin = quantize(model, Policy(), x, fine_tune_epochs=0)
    wanted = model.predict(x, verbose=0)
    assert np.abs(twin.predict(x, verbose=0) - wanted).mean() < 0.1 * wanted.std()
    conversion = convert(twin, HlsSettings(), tmp_path / "conversion")
    with open_engine("fixed", conversion=conversion) as fixed, open_engine("quantized", model=twin) as quantized:
        np.testing.assert_array_equal(fixed.predict(x), quantized.predict(x))


def test_a_layer_may_be_called_as_keras_calls_those_without_a_name():
    x = keras.Input((STEPS, INPUTS))
    model = keras.Model(x, layers.Dense(2)(layers.SimpleRNN(2, name="rnn")(x)))
    keras.backend.clear_session()
    assert "rnn" in [layer.name for layer in quantize(model, Policy(), samples(4), fine_tune_epochs=0).layers]


@pytest.mark.slow
def test_more_bits_are_closer():
    model, x = network("lstm"), samples()
    wanted = model.predict(x, verbose=0)
    errors = [
        np.abs(quantize(model, Policy.uniform(bits), x, fine_tune_epochs=0).predict(x, verbose=0) - wanted).mean()
        for bits in (4, 6, 8, 12)
    ]
    assert errors == sorted(errors, reverse=True)


def test_the_twin_trains_and_keeps_its_name_in_a_file(tmp_path):
    model, x = network("lstm"), samples()
    twin = quantize(model, Policy(), x, fine_tune_epochs=0)
    with tensorflow.GradientTape() as tape, tensorflow.GradientTape() as float_tape:
        loss, float_loss = (keras.ops.sum(one(x[:8]) ** 2) for one in (twin, model))
    found = tape.gradient(loss, twin.trainable_variables)
    for gradient, wanted in zip(found, float_tape.gradient(float_loss, model.trainable_variables), strict=True):
        wanted = np.array(wanted)
        assert np.abs(np.array(gradient) - wanted).max() < 0.1 * np.abs(wanted).max(), "through tables and state"
    save_model(twin, tmp_path / "twin.keras")
    loaded = load_model(tmp_path / "twin.keras")
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in twin.layers]
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), twin.predict(x, verbose=0))


def test_a_file_cannot_hide_code_in_the_quantizers_of_a_function(tmp_path):
    function = QuantizedFunction("tanh", "quantized_bits(9,2,alpha=1)", "quantized_bits(8,0,alpha=1)")
    quantizers = {
        f"{name}_quantizer": quantized_bits(6, 1, alpha=1) for name in ("kernel", "recurrent", "bias", "state")
    }
    x = keras.Input((STEPS, INPUTS))
    layer = QLSTM(2, activation=function, recurrent_activation=function, **quantizers, name="lstm")
    keras.Model(x, layer(x)).save(tmp_path / "good.keras")
    with zipfile.ZipFile(tmp_path / "good.keras") as good, zipfile.ZipFile(tmp_path / "bad.keras", "w") as bad:
        for name in good.namelist():
            text = good.read(name)
            if name == "config.json":
                assert json.loads(text)
                text = text.replace(b"quantized_bits(9,2,0,alpha=1)", b"__import__('os').getcwd()")
            bad.writestr(name, text)
    load_model(tmp_path / "good.keras")
    with pytest.raises(ModelFileError, match="'lstm' has index_quantizer="):
        load_model(tmp_path / "bad.keras")


def test_a_function_of_no_name_is_refused():
    with pytest.raises(SettingsError, match=r"function must be one of .*, not 'softmax'"):
        QuantizedFunction("softmax", "quantized_bits(9,2,alpha=1)", "quantized_bits(8,0,alpha=1)")
