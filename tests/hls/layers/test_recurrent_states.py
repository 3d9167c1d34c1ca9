"""States that go into recurrent layers and come out of them, exact in every engine; a float model's twin likewise."""

import keras
import numpy as np
import pytest
from judges import agree
from keras import layers

from netloom.errors import LayerNotSupportedError
from netloom.hls import HlsSettings, convert
from netloom.hls.dataflow import Scan
from netloom.quantize import Policy, load_model, quantize, save_model
from netloom.sim import open_engine

STEPS, LATER, INPUTS, UNITS = 5, 3, 3, 4


def source(steps=STEPS, name="x"):
    return keras.Input((steps, INPUTS), name=name)


def encoder_and_decoder(cell):
    """In Keras' own way: a layer begins with the states in which another one ended."""
    x, y = source(), source(LATER, "y")
    _, *states = cell(UNITS, return_state=True, name="encoder")(x)
    return [x, y], cell(UNITS, return_sequences=True, name="decoder")(y, initial_state=states)


def with_attention(cell):
    """The encoder gives all steps and its states; the decoder its own as well."""
    x, y = source(), source(LATER, "y")
    seen, *states = cell(UNITS, return_sequences=True, return_state=True, name="encoder")(x)
    said, *after = cell(UNITS, return_sequences=True, return_state=True, name="decoder")(y, initial_state=states)
    scores = layers.Dot(axes=(2, 2), name="scores")([layers.Dense(UNITS, name="query")(said), seen])
    return [x, y], [layers.Dense(2, name="last")(layers.Flatten(name="flat")(scores)), *after]


def brought(cell):
    """States that are inputs of the model, and outputs: the host keeps them."""
    x = source()
    count = 2 if cell is layers.LSTM else 1
    states = [keras.Input((UNITS,), name=f"state{index}") for index in range(count)]
    given = cell(UNITS, return_state=True, name="cell")(x, initial_state=states)
    return [x, *states], list(given)


def from_dense(cell):
    """A picture's features begin a sentence; the layer works backwards."""
    x, features = source(), keras.Input((6,), name="features")
    count = 2 if cell is layers.LSTM else 1
    states = [layers.Dense(UNITS, activation="tanh", name=f"first{index}")(features) for index in range(count)]
    return [x, features], cell(UNITS, go_backwards=True, name="cell")(x, initial_state=states)


def both_directions(cell):
    x, y = source(), source(LATER, "y")
    seen, *states = layers.Bidirectional(cell(UNITS, return_state=True, return_sequences=True), name="encoder")(x)
    said = layers.Bidirectional(cell(UNITS), merge_mode="sum", name="decoder")(y, initial_state=states)
    return [x, y], [seen, said]


def repeated(cell):
    """A constant of the sequence, such as a thought, that every step reads beside its own input."""
    features, y = keras.Input((6,), name="features"), source()
    thought = layers.Dense(2, activation="tanh", name="thought")(features)
    beside = layers.Concatenate(name="beside")([y, layers.RepeatVector(STEPS, name="again")(thought)])
    return [features, y], cell(UNITS, return_sequences=True, name="cell")(beside)


def apart(cell):
    """Both directions, not merged."""
    x = source()
    return x, layers.Bidirectional(cell(UNITS), merge_mode=None, name="both")(x)


def cells(cell):
    """A stack of cells, whose states are those of all its cells."""
    x, y = source(), source(LATER, "y")
    _, *states = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_state=True, name="encoder")(x)
    states = keras.tree.pack_sequence_as([[0, 0], 0], keras.tree.flatten(states))
    decoder = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_sequences=True, name="decoder")
    return [x, y], decoder(y, initial_state=states)


CELLS = {"simple": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
NETWORKS = {
    f"{make.__name__}, {name}": (make, cell)
    for make in (encoder_and_decoder, with_attention, brought, from_dense, both_directions, repeated, apart)
    for name, cell in CELLS.items()
} | {"cells": (cells, None)}
QUICK = ("with_attention, gru",)


def network(name):
    keras.utils.set_random_seed(0)
    make, cell = NETWORKS[name]
    return keras.Model(*make(cell))


def samples(model, count=40):
    rng = np.random.default_rng(1)
    return [rng.normal(0, 1.2, (count, *tensor.shape[1:])).astype(np.float32) for tensor in model.inputs]


def twin_of(name):
    model = network(name)
    given = samples(model)
    given = given if len(given) > 1 else given[0]
    return model, quantize(model, Policy(), given, fine_tune_epochs=0), given


def listed(values):
    return list(values) if isinstance(values, list | tuple) else [values]


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in NETWORKS])
def test_a_twin_is_close_and_means_what_fixed_computes(name, tmp_path):
    model, twin, x = twin_of(name)
    wanted, meant = listed(model.predict(x, verbose=0)), listed(twin.predict(x, verbose=0))
    for one, other in zip(wanted, meant, strict=True):
        assert one.shape == other.shape
        assert np.abs(one - other).mean() < 0.1 * one.std()
    save_model(twin, tmp_path / "twin.keras")
    conversion = convert(load_model(tmp_path / "twin.keras"), HlsSettings(), tmp_path / "conversion")
    with open_engine("fixed", conversion=conversion) as fixed:
        for one, other in zip(listed(fixed.predict(x)), meant, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
@pytest.mark.parametrize("name", NETWORKS)
def test_judges_written_apart_agree(name, io_type, tmp_path):
    _, twin, x = twin_of(name)
    conversion = agree(twin, x, tmp_path, io_type, hardware=io_type == "io_stream")
    scans = [node.operation for node in conversion.dataflow.nodes if isinstance(node.operation, Scan)]
    assert name.startswith(("apart", "repeated")) or any(scan.begun for scan in scans)


def test_states_that_nobody_reads_are_not_made():
    x = source()
    result, _, _ = layers.LSTM(UNITS, return_state=True, name="lstm")(x)
    twin = quantize(keras.Model(x, result), Policy(), samples(keras.Model(x, result))[0], fine_tune_epochs=0)
    assert [type(layer).__name__ for layer in twin.layers][-1] == "QLSTM"


def of_a_constant():
    x = source()
    return keras.Model(x, layers.GRU(4, name="bad")(x, initial_state=np.ones((1, 4), np.float32)))


def of_a_constant_mask():
    x = source()
    return keras.Model(x, layers.GRU(4, name="bad")(x, mask=np.ones((1, STEPS), bool)))


def of_other_width():
    x, state = source(), keras.Input((5,), name="state")
    return keras.Model([x, state], layers.LSTM(4, name="bad")(x, initial_state=[state, state]))


def of_one_state():
    x, state = source(), keras.Input((4,), name="state")
    return keras.Model([x, state], layers.LSTM(4, name="bad")(x, initial_state=[state]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (of_other_width, r"'bad' .*its states must begin with \[\(4,\), \(4,\)\], not \[\(5,\), \(5,\)\]"),
        (of_one_state, r"'bad' .*its states must begin with \[\(4,\), \(4,\)\], not \[\(4,\)\]"),
        (of_a_constant, "'bad' .*initial_state is a constant: make it an input"),
        (of_a_constant_mask, "'bad' .*its mask is a constant: make it an input"),
    ],
)
def test_refusals_name_the_layer(make, message):
    model = make()
    given = samples(model)
    with pytest.raises(LayerNotSupportedError, match=message):
        quantize(model, Policy(), given if len(given) > 1 else given[0], fine_tune_epochs=0)
