"""Recurrent layers with masks: every engine does what QKeras does, and what a reference of scalars says."""

import keras
import numpy as np
import pytest
import qkeras
from judges import agree
from qkeras import QActivation, quantized_bits, quantized_sigmoid, quantized_tanh
from slow_cells import results

from netloom.errors import LayerNotSupportedError
from netloom.hls import HlsSettings, convert
from netloom.quantize import Policy, load_model, quantize, save_model
from netloom.quantize.layers import QEmbedding
from netloom.sim import open_engine

L = keras.layers
STEPS, SYMBOLS, UNITS = 6, 6, 3


def grid(bits=6, integer=0):
    return quantized_bits(bits, integer, alpha=1)


def layer(kind, name=None, **options):
    given = {} if kind == "QSimpleRNN" else {"recurrent_activation": quantized_sigmoid(7)}
    made = getattr(qkeras, kind)(
        UNITS,
        activation=quantized_tanh(7),
        kernel_quantizer=grid(6, 1),
        recurrent_quantizer=grid(6, 1),
        bias_quantizer=grid(8, 1),
        state_quantizer=grid(7),
        **given,
        **options,
    )
    made.name = name or made.name
    return made


def tokens():
    """Rows of an embedding, zeros masked."""
    source = keras.Input((STEPS,), name="source")
    x = QActivation(quantized_bits(3, 3, keep_negative=0, alpha=1), name="quantizer")(source)
    return source, QEmbedding(SYMBOLS, 2, embeddings_quantizer=grid(), mask_zero=True, name="rows")(x)


def features():
    """Two features a step, masked where both are 1/2."""
    source = keras.Input((STEPS, 2), name="source")
    return source, L.Masking(0.5, name="masking")(QActivation(grid(4, 1), name="quantizer")(source))


def samples(model, count=48):
    """Steps that count and others, in any order; samples of one kind alone."""
    rng = np.random.default_rng(3)
    if len(model.input.shape) == 2:
        x = rng.integers(1, SYMBOLS + 1, (count, STEPS)).astype(float)
        padding = 0.0
    else:
        x, padding = rng.normal(0, 1, (count, STEPS, 2)), 0.5
    masked = rng.random((count, STEPS)) < rng.random((count, 1))
    masked[0], masked[1] = True, False
    masked[2], masked[3] = np.arange(STEPS) > 2, np.arange(STEPS) <= 2
    x[masked] = padding
    return x


def built(make, source):
    keras.utils.set_random_seed(5)
    given, x = source()
    model = keras.Model(given, make(x))
    for variable in model.weights:
        variable.assign(np.random.default_rng(6).uniform(-1, 1, variable.shape))
    return model


def memory(x):
    return list(layer("QLSTM", return_sequences=True, return_state=True)(x))


def begun(x):
    _, *states = layer("QLSTM", return_state=True)(x)
    mask = keras.ops.any(keras.ops.not_equal(x, 0.25), axis=-1)
    return layer("QLSTM", return_sequences=True)(x, initial_state=states, mask=mask)


def stacked(x):
    return layer("QGRU", zero_output_for_mask=True)(layer("QSimpleRNN", return_sequences=True, go_backwards=True)(x))


MODELS = {
    "QSimpleRNN": lambda x: layer("QSimpleRNN")(x),
    "QSimpleRNN, all": lambda x: layer("QSimpleRNN", return_sequences=True)(x),
    "QLSTM": lambda x: layer("QLSTM")(x),
    "QLSTM, backwards": lambda x: layer("QLSTM", return_sequences=True, go_backwards=True)(x),
    "QGRU": lambda x: layer("QGRU", reset_after=True, return_sequences=True)(x),
    "QGRU, before": lambda x: layer("QGRU", reset_after=False)(x),
    "QGRU, zeros": lambda x: layer("QGRU", zero_output_for_mask=True, return_sequences=True)(x),
    "both": lambda x: L.Bidirectional(layer("QGRU", return_sequences=True))(x),
    "memory": memory,
    "begun": begun,
    "stacked": stacked,
}
QUICK = ("QLSTM, backwards", features, "io_stream")
CASES = [
    pytest.param(name, source, io_type, marks=() if (name, source, io_type) == QUICK else pytest.mark.slow)
    for name in MODELS
    for source in (tokens, features)
    for io_type in ("io_parallel", "io_stream")
]


@pytest.mark.parametrize(("name", "source", "io_type"), CASES)
def test_a_mask_in_every_engine(name, source, io_type, tmp_path):
    model = built(MODELS[name], source)
    x = samples(model)
    conversion = agree(model, x, tmp_path, io_type, hardware=True)
    assert "NetloomMaskedRecurrent" in [layer.kind for layer in conversion.layers]


@pytest.mark.parametrize(
    ("name", "source"), [("QLSTM", tokens), *((name, features) for name in MODELS if name.startswith("Q"))]
)
def test_every_number_is_that_of_the_fractions(name, source, tmp_path):
    model = built(MODELS[name], source)
    x = samples(model, 6)
    conversion = convert(model, HlsSettings(), tmp_path / "conversion")
    with open_engine("fixed", conversion=conversion) as fixed:
        found = fixed.predict(x)
    read = keras.Model(model.input, model.layers[-2].output)(x).numpy()
    taken = x != 0 if source is tokens else (np.array(model.get_layer("quantizer")(x)) != 0.5).any(axis=-1)
    for one, sample, mask in zip(found, read, taken, strict=True):
        np.testing.assert_array_equal(one, results(model.layers[-1], sample, mask))


def float_network(make):
    keras.utils.set_random_seed(1)
    if make == "tokens":
        x = keras.Input((STEPS,), dtype="uint8", name="x")
        read = L.Embedding(SYMBOLS, 3, mask_zero=True, name="rows")(x)
    else:
        x = keras.Input((STEPS, 2), name="x")
        read = L.Masking(-1.0, name="masking")(x)
    both = L.Bidirectional(L.LSTM(UNITS, return_sequences=True), name="both")(read)
    model = keras.Model(x, L.Dense(2, name="last")(L.GRU(UNITS, name="gru")(both)))
    for variable in model.weights:
        if "seed" not in variable.path:
            variable.assign(np.random.default_rng(2).uniform(-1, 1, variable.shape))
    return model


@pytest.mark.parametrize("make", [pytest.param("tokens", marks=pytest.mark.slow), "features"])
def test_a_twin_is_close_and_means_what_fixed_computes(make, tmp_path):
    model = float_network(make)
    x = samples(model, 60)
    x = np.minimum(x, SYMBOLS - 1).astype(np.uint8) if make == "tokens" else np.where(x == 0.5, -1.0, x)
    twin = quantize(model, Policy(), x, fine_tune_epochs=0)
    wanted, meant = model.predict(x, verbose=0), twin.predict(x, verbose=0)
    assert np.abs(wanted - meant).mean() < 0.1 * wanted.std()
    save_model(twin, tmp_path / "twin.keras")
    conversion = convert(load_model(tmp_path / "twin.keras"), HlsSettings(), tmp_path / "conversion")
    with open_engine("fixed", conversion=conversion) as fixed:
        np.testing.assert_array_equal(fixed.predict(x), meant)


def test_a_mask_may_be_an_input_of_its_own(tmp_path):
    keras.utils.set_random_seed(1)
    x, mask = keras.Input((STEPS, 2), name="x"), keras.Input((STEPS,), dtype="bool", name="mask")
    model = keras.Model([x, mask], L.GRU(UNITS, name="gru")(x, mask=mask))
    rng = np.random.default_rng(1)
    given = [rng.normal(0, 1, (40, STEPS, 2)).astype(np.float32), rng.random((40, STEPS)) < 0.5]
    twin = quantize(model, Policy(), given, fine_tune_epochs=0)
    conversion = convert(twin, HlsSettings(), tmp_path / "conversion")
    with open_engine("fixed", conversion=conversion) as fixed:
        np.testing.assert_array_equal(fixed.predict(given), twin.predict(given, verbose=0))


def test_a_value_that_no_step_can_have_is_refused(tmp_path):
    """It is none of the input's type, and nothing would be masked."""
    source = keras.Input((STEPS, 2), name="source")
    x = L.Masking(-999.0)(QActivation(grid(4, 1), name="quantizer")(source))
    model = keras.Model(source, layer("QGRU", name="gru")(x))
    with pytest.raises(LayerNotSupportedError, match="'gru': it has a mask, and no step can be masked"):
        convert(model, HlsSettings(), tmp_path / "conversion")
