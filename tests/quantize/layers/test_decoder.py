"""`RecurrentDecoder`: what the host makes of a taught network, in one call; quantized, saved, and what it refuses."""

import keras
import numpy as np
import pytest
from keras import layers
from qkeras import QActivation, quantized_bits

from netloom.errors import LayerNotSupportedError, SettingsError
from netloom.hls import HlsSettings, convert
from netloom.quantize import Policy, load_model, quantize, save_model
from netloom.quantize.calibrate import calibrate
from netloom.quantize.layers import RecurrentDecoder
from netloom.sim import open_engine

SYMBOLS, UNITS, STEPS, START, STOP = 7, 5, 6, 1, 3
SLOW = pytest.mark.slow


def parts(cell=layers.GRU, symbols=SYMBOLS, **options):
    return (
        layers.Embedding(symbols, 4, name="words"),
        cell(UNITS, return_sequences=True, name="speaker", **options),
        layers.Dense(SYMBOLS, name="logits"),
    )


def taught_and_alone(cell=layers.GRU, noisy=False):
    """The same layers, once told what has been said, and once telling themselves."""
    keras.utils.set_random_seed(3)
    embedding, recurrent, logits = parts(cell)
    x, said = keras.Input((3,), name="x"), keras.Input((STEPS,), dtype="uint8", name="said")
    states = [
        layers.Dense(UNITS, activation="tanh", name=f"begin{i}")(x) for i in range(2 if cell is layers.LSTM else 1)
    ]
    taught = keras.Model([x, said], logits(recurrent(embedding(said), initial_state=states)))
    noise = keras.Input((STEPS, SYMBOLS), name="noise")
    writer = RecurrentDecoder(embedding, recurrent, logits, steps=STEPS, start=START, stop=STOP, name="writer")
    given = states if len(states) > 1 else states[0]
    alone = keras.Model([x, noise], writer(given, noise=noise)) if noisy else keras.Model(x, writer(given))
    for index, variable in enumerate(taught.weights):
        variable.assign(np.random.default_rng(index).normal(0, 1.0, variable.shape))
    return taught, alone


def samples(count=40, noisy=False):
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1.5, (count, 3)).astype(np.float32)
    return [x, rng.gumbel(size=(count, STEPS, SYMBOLS)).astype(np.float32)] if noisy else x


def by_the_host(taught, x, noise=0.0):
    """Greedy decoding, word by word."""
    said = np.full((len(x), STEPS), STOP)
    before = np.full((len(x), STEPS), START, np.uint8)
    for place in range(STEPS):
        scores = taught.predict({"x": x, "said": before}, verbose=0) + noise
        said[:, place] = scores[:, place].argmax(axis=-1)
        said[(said[:, :place] == STOP).any(axis=1), place] = STOP
        before[:, place + 1 :] = said[:, place, None]
    return said


@pytest.mark.parametrize("noisy", [True, pytest.param(False, marks=SLOW)])
@pytest.mark.parametrize(
    "cell", [layers.LSTM, *(pytest.param(one, marks=SLOW) for one in (layers.GRU, layers.SimpleRNN))]
)
def test_it_says_what_the_host_makes_of_the_network_that_is_taught(cell, noisy):
    taught, alone = taught_and_alone(cell, noisy)
    given = samples(noisy=noisy)
    x, noise = given if noisy else (given, 0.0)
    found = alone.predict(given, verbose=0)
    np.testing.assert_array_equal(found, by_the_host(taught, x, noise))
    assert not noisy or (len(np.unique(found)) > 4 and 0 < (found[:, -1] == STOP).mean() < 1)


@SLOW
def test_of_a_twin_it_says_what_the_host_makes_of_the_twin(tmp_path):
    """The way to fine-tune: the taught network is quantized, and its layers go on as a decoder's."""
    taught, _ = taught_and_alone()
    twin = quantize(taught, Policy.uniform(6), [samples(), np.full((40, STEPS), 2, np.uint8)], fine_tune_epochs=0)
    words, speaker, logits, read = (
        twin.get_layer(name) for name in ("words", "speaker", "logits", "speaker_quantizer")
    )
    writer = RecurrentDecoder(words, speaker, logits, steps=STEPS, start=START, stop=STOP, quantizer=read)
    state = speaker.input[1] if isinstance(speaker.input, list) else speaker._inbound_nodes[0].input_tensors[1]
    alone = keras.Model(twin.inputs[0], writer(state))
    expected = by_the_host(twin, samples())
    np.testing.assert_array_equal(alone.predict(samples(), verbose=0), expected)
    with open_engine("fixed", conversion=convert(alone, HlsSettings(), tmp_path / "conversion")) as fixed:
        np.testing.assert_array_equal(fixed.predict(samples()), expected)


@pytest.mark.parametrize("noisy", [False, pytest.param(True, marks=SLOW)])
@pytest.mark.parametrize("cell", [layers.LSTM, pytest.param(layers.SimpleRNN, marks=SLOW)])
def test_the_twin_is_close_and_means_what_fixed_computes(cell, noisy, tmp_path):
    _, alone = taught_and_alone(cell, noisy)
    x = samples(noisy=noisy)
    twin = quantize(alone, Policy(), x, fine_tune_epochs=0)
    assert (twin.predict(x, verbose=0) == alone.predict(x, verbose=0)).mean() > 0.8
    save_model(twin, tmp_path / "twin.keras")
    loaded = load_model(tmp_path / "twin.keras")
    with open_engine("fixed", conversion=convert(loaded, HlsSettings(), tmp_path / "conversion")) as fixed:
        np.testing.assert_array_equal(fixed.predict(x), twin.predict(x, verbose=0))


def test_gumbel_noise_times_the_temperature_draws_from_the_softmax():
    embedding, recurrent, logits = parts()
    noise = keras.Input((1, SYMBOLS), name="noise")
    model = keras.Model(noise, RecurrentDecoder(embedding, recurrent, logits, steps=1)(noise=noise))
    scores = np.array([2.0, 1, 0, 0, -1, 1.5, -3], np.float32)
    logits.kernel.assign(np.zeros((UNITS, SYMBOLS)))
    logits.bias.assign(scores)
    drawn = np.random.default_rng(0).gumbel(size=(20000, 1, SYMBOLS)).astype(np.float32)
    for temperature in (0.5, 1.0, 2.0):
        wanted = np.exp(scores / temperature)
        found = np.bincount(
            model.predict(drawn * temperature, batch_size=20000, verbose=0)[:, 0].astype(int), minlength=7
        )
        assert np.abs(found / 20000 - wanted / wanted.sum()).max() < 0.015
    assert (model.predict(drawn * 0, batch_size=20000, verbose=0) == 0).all()


@pytest.mark.parametrize(("width", "error"), [(8, 0.0075), (12, 0.001)])
def test_how_far_a_quantizer_of_the_noise_bends_the_draw(width, error):
    noise = np.random.default_rng(0).gumbel(size=(200_000, 8))
    type_ = calibrate(noise[:4000].astype(np.float32), width, "noise", signed=None)
    scores = np.array([2.0, 1, 0, 0, -1, 1.5, -3, 0.5])
    wanted = np.exp(scores) / np.exp(scores).sum()
    for heard, most in ((noise, 0.001), (type_.to_float(type_.from_float(noise)), error)):
        found = np.bincount((scores + heard).argmax(axis=1), minlength=8) / len(noise)
        assert np.abs(found - wanted).max() < most


def test_saved_and_loaded_it_says_the_same(tmp_path):
    _, alone = taught_and_alone(noisy=True)
    alone.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    x = samples(noisy=True)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), alone.predict(x, verbose=0))
    layer = loaded.get_layer("writer")
    assert (layer.steps, layer.start, layer.stop, layer.quantizer) == (STEPS, START, STOP, None)


class Mine(layers.Embedding):
    """Of the user's own."""


@pytest.mark.parametrize(
    ("changed", "options", "said"),
    [
        ((), {"steps": 0}, "steps must be a whole number of at least 1, not 0"),
        ((), {"steps": 2.5}, "steps must be a whole number of at least 1, not 2.5"),
        ((), {"stop": 7}, "stop must be a symbol, from 0 to 6, not 7"),
        ((), {"start": -1}, "start must be a symbol, from 0 to 6, not -1"),
        ((), {"start": None}, "start must be a symbol, from 0 to 6, not None"),
        (parts(symbols=9)[:1], {}, "logits must have a unit for each of the 9 rows of embedding, not 7"),
        ([Mine(7, 4)], {}, "embedding must be one of Embedding, QEmbedding, not Mine"),
        (parts()[2:], {}, "embedding must be one of Embedding, QEmbedding, not Dense"),
        ([None], {}, "embedding must be one of Embedding, QEmbedding, not NoneType"),
        (parts(go_backwards=True)[:2], {}, "recurrent must read forward and keep nothing"),
        ((*parts()[:2], layers.Dense(7, activation="softmax")), {}, "logits must have no activation: the greatest"),
        ((), {"quantizer": layers.ReLU()}, "quantizer must be one of QActivation, not ReLU"),
    ],
)
def test_what_fits_together_in_no_way_is_refused(changed, options, said):
    given = [*changed, *parts()[len(changed) :]]
    with pytest.raises(SettingsError, match=f"layer 'writer' .RecurrentDecoder.: {said}"):
        RecurrentDecoder(*given, **{"steps": STEPS, **options}, name="writer")


@pytest.mark.parametrize(
    ("shapes", "noise", "said"),
    [
        ([(4,)], None, r"states must have shape \(5,\) without the batch, not \(4,\)"),
        ([(5,), (5,)], None, r"states must have shape \(5,\) without the batch, not \(5,\) and \(5,\)"),
        ([(5,)], (STEPS + 1, SYMBOLS), r"noise must have shape \(6, 7\) without the batch, not \(7, 7\)"),
        ([(5,)], (STEPS, SYMBOLS - 1), r"noise must have shape \(6, 7\) without the batch, not \(6, 6\)"),
        ([], (STEPS, SYMBOLS, 1), r"noise must have shape \(6, 7\) without the batch, not \(6, 7, 1\)"),
    ],
)
def test_states_and_noise_of_another_shape_are_refused(shapes, noise, said):
    writer = RecurrentDecoder(*parts(), steps=STEPS, name="writer")
    states = [keras.Input(shape) for shape in shapes] or None
    given = {} if noise is None else {"noise": keras.Input(noise)}
    with pytest.raises(SettingsError, match=said):
        writer(states, **given)


def test_a_call_without_inputs_or_with_noise_among_the_states_is_refused():
    writer = RecurrentDecoder(*parts(), steps=STEPS, name="writer")
    noise = keras.Input((STEPS, SYMBOLS))
    for nothing in (None, []):
        with pytest.raises(
            SettingsError, match=r"layer 'writer' .RecurrentDecoder.: it must be called with states, no"
        ):
            writer(nothing)
    for misplaced in (noise, [keras.Input((UNITS,)), noise]):
        with pytest.raises(SettingsError, match=r"noise must be given by name, noise=\.\.\., not among the states"):
            writer(misplaced)


@pytest.mark.parametrize("part", ["recurrent", "logits"])
def test_parts_that_were_built_for_another_width_are_refused(part):
    embedding, recurrent, logits = parts()
    built = {"recurrent": recurrent, "logits": logits}[part]
    built.build((None, None, 9) if part == "recurrent" else (None, 9))
    said = (
        f"layer 'writer' .RecurrentDecoder.: {part} was built to read 9 numbers, and is given {4 + (part == 'logits')}"
    )
    with pytest.raises(SettingsError, match=said):
        RecurrentDecoder(embedding, recurrent, logits, steps=STEPS, name="writer")(keras.Input((UNITS,)))


@pytest.mark.slow
def test_one_decoder_may_be_called_several_times():
    x = keras.Input((3,), name="x")
    writer = RecurrentDecoder(*parts(), steps=STEPS, start=START, stop=STOP, name="writer")
    model = keras.Model(x, [writer(layers.Dense(UNITS, activation="tanh")(x)) for _ in range(2)])
    data = np.random.default_rng(0).normal(0, 1, (20, 3)).astype(np.float32)
    twin = quantize(model, Policy(), data, fine_tune_epochs=0)
    assert [found.shape for found in twin.predict(data, verbose=0)] == [(20, STEPS)] * 2


def test_it_is_not_fine_tuned_nor_quantized_twice():
    _, alone = taught_and_alone()
    with pytest.raises(SettingsError, match=r"layer 'writer' .RecurrentDecoder.: fine_tune_epochs must be 0"):
        quantize(alone, Policy(), samples())
    state = keras.Input((UNITS,))
    half = QActivation(quantized_bits(8, 0, alpha=1))
    model = keras.Model(state, RecurrentDecoder(*parts(), steps=2, quantizer=half, name="writer")(state))
    with pytest.raises(LayerNotSupportedError, match="'speaker' has an unquantized kernel, and other layers are"):
        quantize(model, Policy(), np.zeros((4, UNITS), np.float32), fine_tune_epochs=0)
    masked = layers.Embedding(SYMBOLS, 4, mask_zero=True)
    model = keras.Model(state, RecurrentDecoder(masked, *parts()[1:], steps=2, name="writer")(state))
    with pytest.raises(LayerNotSupportedError, match=r"layer 'writer, embedding' .Embedding.: it masks its zeros"):
        quantize(model, Policy(), np.zeros((4, UNITS), np.float32), fine_tune_epochs=0)
