"""Networks that keep their state: a sequence part by part gives what the whole gives, in every engine."""

import keras
import numpy as np
import pytest
from judges import agree
from keras import layers

from netloom.errors import LayerNotSupportedError, SettingsError
from netloom.hls import HlsSettings, convert
from netloom.quantize import Policy, load_model, quantize, save_model, streaming
from netloom.sim import open_engine

STEPS, INPUTS = 6, 3

NETWORKS = {
    "simple": lambda x: layers.SimpleRNN(3, name="rnn")(x),
    "lstm": lambda x: layers.LSTM(3, return_sequences=True, name="rnn")(x),
    "gru": lambda x: layers.GRU(3, name="rnn")(x),
    "stacked": lambda x: layers.GRU(2, name="upper")(layers.LSTM(3, return_sequences=True, name="rnn")(x)),
    "memory": lambda x: layers.LSTM(3, return_state=True, name="rnn")(x)[2],
}


def test_numbers_that_are_looked_up_come_step_by_step_too(tmp_path):
    """An input of an Embedding has one axis, and that is its steps."""
    keras.utils.set_random_seed(0)
    x = keras.Input((STEPS,), dtype="uint8", name="x")
    steps = layers.LSTM(3, return_sequences=True, name="rnn")(layers.Embedding(7, 4, name="rows")(x))
    numbers = np.random.default_rng(0).integers(0, 7, (8, STEPS)).astype(np.uint8)
    twin = quantize(keras.Model(x, layers.Dense(2, name="last")(steps)), Policy(), numbers, fine_tune_epochs=0)
    whole = convert(twin, HlsSettings(), tmp_path / "whole")
    part = convert(streaming(twin, 2), HlsSettings(), tmp_path / "part")
    with open_engine("fixed", conversion=whole) as fixed, open_engine("fixed", conversion=part) as stepwise:
        for sequence, expected in zip(numbers, fixed.predict(numbers), strict=True):
            found = stepwise.predict(sequence.reshape(-1, 2))
            np.testing.assert_array_equal(np.concatenate(found), expected)


def twin_of(name):
    keras.utils.set_random_seed(0)
    x = keras.Input((STEPS, INPUTS), name="x")
    model = keras.Model(x, layers.Dense(2, name="last")(NETWORKS[name](x)))
    return quantize(model, Policy(), samples(), fine_tune_epochs=0)


def samples(count=8):
    return np.random.default_rng(0).normal(0, 1.2, (count, STEPS, INPUTS)).astype(np.float32)


def parts(sequence, steps):
    return sequence.reshape(STEPS // steps, steps, INPUTS)


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("name", ["stacked", *(pytest.param(n, marks=pytest.mark.slow) for n in NETWORKS)])
def test_parts_give_what_the_whole_gives(name, steps, tmp_path):
    twin, x = twin_of(name), samples()
    whole = convert(twin, HlsSettings(), tmp_path / "whole")
    save_model(streaming(twin, steps), tmp_path / "twin.keras")
    conversion = convert(load_model(tmp_path / "twin.keras"), HlsSettings(), tmp_path / "parts")
    with open_engine("fixed", conversion=whole) as fixed:
        expected = fixed.predict(x)
    if name == "lstm":
        expected = expected[:, -steps:]
    with open_engine("fixed", conversion=conversion) as fixed:
        for sequence, last in zip(x, expected, strict=True):
            np.testing.assert_array_equal(fixed.predict(parts(sequence, steps))[-1], last)
            first, *others = np.split(parts(sequence, steps), STEPS // steps)
            fixed.predict(first)
            found = [fixed.predict_next(part)[0] for part in others]
            np.testing.assert_array_equal(found[-1], last)
        assert len(fixed.statistics(parts(x[0], steps))) > 2


@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
@pytest.mark.parametrize("name", NETWORKS)
def test_judges_written_apart_agree(name, io_type, tmp_path):
    """Samples are parts of one long sequence: QKeras in float64, csim, fixed and hardware keep the same state."""
    twin = streaming(twin_of(name), 2)
    agree(twin, samples().reshape(-1, 2, INPUTS), tmp_path, io_type, hardware=io_type == "io_stream")


def test_refusals_say_what_to_do(tmp_path):
    x = keras.Input((STEPS, INPUTS), name="x")
    dense = quantize(keras.Model(x, layers.Dense(2)(x)), Policy(), samples(), fine_tune_epochs=0)
    with pytest.raises(SettingsError, match="has no recurrent layer"):
        streaming(dense)
    backwards = quantize(
        keras.Model(x, layers.GRU(2, go_backwards=True, name="bad")(x)), Policy(), samples(), fine_tune_epochs=0
    )
    with pytest.raises(LayerNotSupportedError, match="'bad' reads its sequence from the end"):
        streaming(backwards)
    with pytest.raises(SettingsError, match="at least 1 step, not 0"):
        streaming(dense, 0)
    several = keras.Input(batch_shape=(4, STEPS, INPUTS), name="x")
    model = keras.Model(several, layers.GRU(2, stateful=True, name="bad")(several))
    with pytest.raises(LayerNotSupportedError, match=r"'bad' .*a batch of 4: .*batch_size=1"):
        convert(model, HlsSettings(), tmp_path)
    one = keras.Input(batch_shape=(1, STEPS, INPUTS), name="x")
    model = keras.Model(one, layers.GRU(2, stateful=True, name="bad")(one))
    with pytest.raises(
        LayerNotSupportedError, match=r"'bad' .*stateful=True is not supported; .*streaming of its twin"
    ):
        quantize(model, Policy(), samples(), fine_tune_epochs=0)
