"""Inputs that name no row of an `Embedding` are refused, wherever data come in, and others are not."""

import keras
import numpy as np
import pytest
from keras import layers

from netloom.errors import InputError
from netloom.quantize import Policy, quantize
from netloom.quantize.flat import rows_read
from netloom.sim import open_engine

ROWS = 10


def of(result):
    return layers.Dense(2)(layers.Flatten()(result))


def plain():
    x = keras.Input((4,), name="words")
    return keras.Model(x, of(layers.Embedding(ROWS, 3, name="rows")(x)))


def masked():
    x = keras.Input((4,), name="words", dtype="int32")
    return keras.Model(x, layers.GRU(2)(layers.Embedding(ROWS, 3, mask_zero=True, name="rows")(x)))


def nested():
    x = keras.Input((4,), name="words")
    inner = plain()
    return keras.Model(x, inner(layers.Dropout(0.5)(x)))


def reversible():
    x = keras.Input((4,), name="words")
    return keras.Model(x, of(layers.ReversibleEmbedding(ROWS, 3, name="rows")(x)))


def turned():
    x = keras.Input((4, 2), name="words")
    return keras.Model(x, of(layers.Embedding(ROWS, 3, name="rows")(layers.Permute((2, 1))(x)[:, 0])))


def noisy():
    x = keras.Input((4,), name="words")
    return keras.Model(x, of(layers.Embedding(ROWS, 3, name="rows")(layers.GaussianNoise(0.1)(x))))


def beside_numbers():
    x, y = keras.Input((4,), name="words"), keras.Input((3,), name="numbers")
    return keras.Model([y, x], layers.Concatenate()([of(layers.Embedding(ROWS, 3, name="rows")(x)), y]))


def samples(model, value=None):
    arrays = [np.arange(5 * np.prod(one.shape[1:])).reshape(5, *one.shape[1:]) % ROWS for one in model.inputs]
    arrays = [array.astype(np.float32) for array in arrays]
    if value is not None:
        arrays[-1][(3, 2) + (0,) * (arrays[-1].ndim - 2)] = value
    return arrays if len(arrays) > 1 else arrays[0]


@pytest.mark.parametrize("value", [12, 10, -1, 2.5])
@pytest.mark.parametrize("make", [plain, masked, nested, reversible, turned, noisy, beside_numbers])
def test_a_value_that_is_no_row_is_refused_with_its_place(make, value):
    model = make()
    place = "2, 0" if make is turned else "2"
    said = rf"sample 3, position {place} is {value}, and layer '\S*rows\S*' has 10 rows"
    with pytest.raises(InputError, match=f"data: input 'words': {said}"):
        quantize(model, Policy(), samples(model, value), fine_tune_epochs=0)
    with open_engine("float", model=model) as engine:
        engine.predict(samples(model))
        with pytest.raises(InputError, match=f"input {len(model.inputs) - 1}: {said}"):
            engine.predict(samples(model, value))


def test_no_number_is_refused_as_everywhere():
    with pytest.raises(InputError, match="finite"):
        quantize(plain(), Policy(), samples(plain(), np.nan), fine_tune_epochs=0)


def other_column():
    """Beside the words stand numbers that nothing looks up."""
    x = keras.Input((4, 2), name="words")
    return keras.Model(x, layers.Concatenate()([of(layers.Embedding(ROWS, 3)(x[:, :, 1])), of(x)]))


def computed():
    """What is looked up is made of the input: 12 becomes 9."""
    x = keras.Input((4,), name="words")
    return keras.Model(x, of(layers.Embedding(ROWS, 3)(keras.ops.minimum(x, ROWS - 1))))


def categories():
    """Zeros for what is no category, as in Keras."""
    x = keras.Input((4,), name="words")
    return keras.Model(x, of(layers.CategoryEncoding(ROWS, output_mode="one_hot")(layers.Reshape((4, 1))(x))))


@pytest.mark.parametrize("make", [other_column, computed, categories])
def test_what_is_not_looked_up_as_it_is_may_be_any_number(make):
    model = make()
    quantize(model, Policy(), samples(model, 12), fine_tune_epochs=0)
    with open_engine("float", model=model) as engine:
        engine.predict(samples(model, 12))


def test_an_input_may_have_more_elements_than_float32_counts():
    skipped = 2**24
    x = keras.Input((skipped + 6,))
    words = layers.Cropping1D((skipped, 1))(layers.Reshape((skipped + 6, 1))(x))
    (read,) = rows_read(keras.Model(x, layers.Embedding(ROWS, 3)(words)))
    assert read.places.tolist() == list(range(skipped, skipped + 5))


def test_what_is_repeated_is_read_and_what_is_interpolated_is_computed():
    x = keras.Input((2, 1, 1))
    for interpolation, places in (("nearest", [[0, 1]]), ("bilinear", [])):
        words = layers.UpSampling2D(2, interpolation=interpolation)(x)
        found = rows_read(keras.Model(x, layers.Embedding(ROWS, 3)(words)))
        assert [one.places.tolist() for one in found] == places


def test_the_largest_of_words_is_computed():
    x = keras.Input((4, 1))
    assert rows_read(keras.Model(x, layers.Embedding(ROWS, 3)(layers.MaxPooling1D(2)(x)))) == []
