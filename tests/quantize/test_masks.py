"""Masks of padded sequences: flat models mean what Keras does, for any mask; what would take one unseen is refused."""

import keras
import numpy as np
import pytest

from netloom.errors import LayerNotSupportedError, SettingsError
from netloom.quantize import Policy, quantize, streaming
from netloom.quantize.flat import flatten
from netloom.quantize.layers import MemoryLSTM

L = keras.layers
STEPS, SYMBOLS, UNITS = 7, 5, 3


def rows():
    return L.Embedding(SYMBOLS, 4, mask_zero=True)


def ends(x):
    """All that two layers give that begin and end anywhere."""
    seen, *states = L.LSTM(UNITS, return_state=True, return_sequences=True)(rows()(x))
    return [L.LSTM(UNITS, return_sequences=True)(seen, initial_state=states), *states]


def later(x):
    """Keras hands no mask to a layer that begins with given states."""
    _, state = L.GRU(UNITS, return_state=True)(rows()(x))
    return L.GRU(UNITS, go_backwards=True)(rows()(x), initial_state=state)


def given(x):
    """A mask that is given is taken, also by a layer that begins with given states."""
    _, *states = L.LSTM(UNITS, return_state=True)(rows()(x))
    return L.LSTM(UNITS, return_sequences=True)(rows()(x), initial_state=states, mask=keras.ops.equal(x, 1))


def memory_and_zeros(x):
    return L.LSTM(UNITS, return_state=True, return_sequences=True, go_backwards=True, zero_output_for_mask=True)(
        rows()(x)
    )


def memory_beside(x):
    """netloom's own layer, which gives both."""
    return MemoryLSTM(UNITS, return_sequences=True)(L.GRU(4, return_sequences=True)(rows()(x)))


def cells(x):
    both = L.RNN([L.LSTMCell(3), L.GRUCell(2)], return_sequences=True, go_backwards=True, zero_output_for_mask=True)
    return both(rows()(x))


def handed_on(x):
    """Through layers that take no mask, or heed theirs in training alone."""
    x = L.TimeDistributed(L.Dense(3))(L.BatchNormalization()(L.Dense(4)(L.Dropout(0.5)(rows()(x)))))
    return L.GRU(UNITS)(x)


def added(x):
    """A step of a sum counts if it does in any of its parts."""
    return L.LSTM(UNITS)(L.Add()([rows()(x), L.Embedding(SYMBOLS + 1, 4, mask_zero=True)(keras.ops.maximum(x - 1, 0))]))


def dropped(x):
    """Layers that hand no mask on, as Keras says."""
    return L.LSTM(UNITS)(L.Permute((2, 1))(rows()(x)))


TOKENS = {
    "SimpleRNN": lambda x: L.SimpleRNN(UNITS)(rows()(x)),
    "LSTM, all outputs": lambda x: L.LSTM(UNITS, return_sequences=True)(rows()(x)),
    "GRU": lambda x: L.GRU(UNITS, reset_after=False)(rows()(x)),
    "zeros": lambda x: L.GRU(UNITS, return_sequences=True, zero_output_for_mask=True)(rows()(x)),
    "zeros, the last": lambda x: L.GRU(UNITS, zero_output_for_mask=True)(rows()(x)),
    "zeros, the first": lambda x: L.GRU(UNITS, zero_output_for_mask=True, go_backwards=True)(rows()(x)),
    "both": lambda x: L.Bidirectional(L.LSTM(UNITS, return_sequences=True))(rows()(x)),
    "both, last": lambda x: L.Bidirectional(L.GRU(UNITS), merge_mode="sum")(rows()(x)),
    "stacked": lambda x: L.GRU(UNITS)(L.SimpleRNN(UNITS, return_sequences=True, go_backwards=True)(rows()(x))),
    **{
        make.__name__: make
        for make in (ends, later, given, memory_and_zeros, memory_beside, cells, handed_on, added, dropped)
    },
}
FEATURES = {
    "Masking": lambda x: L.LSTM(UNITS)(L.Masking()(x)),
    "Masking, 1": lambda x: L.LSTM(UNITS, return_sequences=True)(L.Masking(1.0)(x)),
    "Masking, read beside": lambda x: L.Flatten()(L.Masking(1.0)(x)),
    "twice": lambda x: L.SimpleRNN(UNITS)(L.Masking(1.0)(L.Masking(0.0)(x))),
}


def samples(count=40, features=()):
    """Steps that count and others, in any order; samples of one kind alone."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (count, STEPS, *features)).astype(np.float32)
    x *= rng.random((count, STEPS, *[1 for _ in features])) < rng.random((count, *[1 for _ in x.shape[1:]]))
    x[0], x[1] = 0, 1
    x[2:4, STEPS // 2 :], x[4:6, : STEPS // 2] = 0, 0
    return x


@pytest.mark.parametrize("name", [*TOKENS, *FEATURES])
def test_a_flat_model_masks_as_the_users_does(name):
    keras.utils.set_random_seed(1)
    x = samples() if name in TOKENS else samples(features=(2,))
    source = keras.Input(x.shape[1:])
    model = keras.Model(source, (TOKENS | FEATURES)[name](source))
    for variable in model.weights:
        if "variance" not in variable.path:
            variable.assign(np.random.default_rng(2).uniform(-1, 1, variable.shape))
    found, wanted = (keras.tree.flatten(one(x)) for one in (flatten(model), model))
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


class Own(keras.layers.Layer):
    """Takes a mask without saying so: Keras hands it to the layer inside."""

    def __init__(self, layer, **options):
        super().__init__(**options)
        self.layer = layer

    def call(self, x):
        return self.layer(x)


def nested(layer, shape):
    return keras.Sequential([keras.Input(shape), layer], name="nested")


def begun_and_ended(x):
    _, state = L.GRU(UNITS, return_state=True)(rows()(x))
    return L.GRU(UNITS, return_state=True, name="g")(rows()(x), initial_state=state, mask=keras.ops.not_equal(x, 0))


REFUSED = {
    "average": (lambda x: L.GlobalAveragePooling1D(name="a")(rows()(x)), r"'a' \(GlobalAveragePooling1D\): .* mask"),
    "softmax": (lambda x: L.Softmax(name="s")(rows()(x)), r"'s' \(Softmax\): it takes a mask"),
    "average of each step": (
        lambda x: L.TimeDistributed(L.Softmax(), name="t")(rows()(x)),
        r"'t' \(Softmax\): it takes a mask",
    ),
    "attention": (
        lambda x: L.Attention(name="a")([y := rows()(x), y]),
        r"'a' \(Attention\): it takes a mask",
    ),
    "into a model": (lambda x: nested(L.LSTM(2), (STEPS, 4))(rows()(x)), r"'nested' \(Sequential\): it reads a tensor"),
    "into a layer": (lambda x: Own(L.LSTM(2), name="own")(rows()(x)), r"'own' \(Own\): it reads a tensor with a mask"),
    "out of a model": (lambda x: L.LSTM(2)(nested(rows(), (STEPS,))(x)), "'nested': what it gives has a mask"),
    "out of a layer": (lambda x: L.LSTM(2)(Own(rows(), name="own")(x)), "'own': what it gives has a mask"),
    "product": (lambda x: L.Multiply(name="m")([rows()(x), rows()(x)]), r"'m' \(Multiply\): it takes what is masked"),
    "a cast of nothing": (lambda x: L.LSTM(2)(keras.ops.cast(rows()(x), "float32")), "Cast.: it changes nothing"),
    "joined": (
        lambda x: L.LSTM(2)(L.Concatenate(name="c")([rows()(x), L.Reshape((STEPS, 1))(x)])),
        r"'c' \(Concatenate\): masks are joined",
    ),
    "begun and ended": (begun_and_ended, r"'g' \(GRU\) is not supported: it begins with states that are given"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_takes_no_mask_here_is_refused_by_name(name):
    make, message = REFUSED[name]
    x = keras.Input((STEPS,))
    with pytest.raises(LayerNotSupportedError, match=message):
        flatten(keras.Model(x, make(x)))


def test_a_layer_that_keeps_its_state_takes_no_mask():
    x = keras.Input((STEPS,), batch_size=1)
    model = keras.Model(x, L.LSTM(2, stateful=True, name="s")(rows()(x)))
    with pytest.raises(LayerNotSupportedError, match=r"'s' \(LSTM\) is not supported: stateful=True with a mask"):
        flatten(model)


def tagger():
    """A number for every step, none for those that are masked."""
    x = keras.Input((STEPS,), name="x")
    model = keras.Model(x, L.Dense(2, name="tags")(L.LSTM(UNITS, return_sequences=True, name="lstm")(rows()(x))))
    model.compile(loss="mse")
    return model


@pytest.mark.slow
def test_labels_of_masked_steps_are_not_trained_on():
    x = samples()
    with pytest.raises(SettingsError, match="'tags': its result has a mask, and Keras's losses leave out"):
        quantize(tagger(), Policy(), (x, np.zeros((len(x), STEPS, 2))), fine_tune_epochs=1)
    twin = quantize(tagger(), Policy(), x, fine_tune_epochs=1)
    assert twin.output.shape == (None, STEPS, 2)


def test_a_policy_knows_a_layer_by_its_own_class():
    twin = quantize(tagger(), Policy(overrides={"LSTM": {"weights": 4}}), samples(), fine_tune_epochs=0)
    assert twin.get_layer("lstm").cell.kernel_quantizer_internal.bits == 4
    with pytest.raises(LayerNotSupportedError, match="'lstm' has a mask: give it the steps that count"):
        streaming(twin)
