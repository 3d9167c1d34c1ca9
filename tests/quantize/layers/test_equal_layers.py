"""Layers and operations that others equal, in every option: the flat model gives what the user's gives."""

import keras
import numpy as np
import pytest

from netloom.errors import LayerNotSupportedError
from netloom.quantize import load_model
from netloom.quantize.flat import flatten

L, ops = keras.layers, keras.ops
RNG = np.random.default_rng(0)
SIGNED = RNG.integers(-12, 12, (40, 3))
SOUND = RNG.normal(0, 1, (4, 24, 2)).astype(np.float32)


def same(model, x):
    wanted = np.asarray(model(x), np.float64)
    flat = flatten(model)
    given = [one.astype(np.float32) for one in x] if isinstance(x, list) else np.asarray(x, np.float32)
    np.testing.assert_allclose(np.asarray(flat(given), np.float64), wanted, rtol=1e-4, atol=1e-4)
    return flat


def looking_up(**options):
    inputs = keras.Input((3,), dtype="int64")
    return keras.Model(inputs, L.IntegerLookup(vocabulary=[5, -2, 0, 9], **options)(inputs))


LOOKUPS = [
    {},
    {"mask_token": 3},
    {"output_mode": "multi_hot"},
    {"output_mode": "count", "max_tokens": 7, "pad_to_max_tokens": True},
    {"output_mode": "tf_idf", "idf_weights": [0.5, 1.0, 2.0, 0.25]},
]


@pytest.mark.parametrize("options", LOOKUPS, ids=str)
def test_numbers_are_looked_up_those_that_are_not_there_too(options):
    same(looking_up(**options), SIGNED)


def test_a_place_gives_its_number_back():
    same(looking_up(invert=True), np.abs(SIGNED) % 6)


def test_one_hot_of_one_number():
    inputs = keras.Input((1,), dtype="int32")
    same(keras.Model(inputs, L.IntegerLookup(vocabulary=[5, 2], output_mode="one_hot")(inputs)), SIGNED[:, :1])


@pytest.mark.parametrize(
    "layer",
    [lambda x: ops.one_hot(x, 4), lambda x: L.CategoryEncoding(4, output_mode="one_hot")(x)],
    ids=["op", "layer"],
)
def test_a_number_that_is_no_class_is_no_place_of_a_one_hot_vector(layer, tmp_path):
    """On either side; in the flat model, as QKeras layers and as firmware."""
    from judges import agree

    from netloom.quantize import Policy, quantize
    from netloom.sim import open_engine

    inputs = keras.Input((1,), dtype="int32")
    model, x = keras.Model(inputs, layer(inputs)), np.arange(-7, 9)[:, None]
    same(model, x)
    twin = quantize(model, Policy.uniform(6), x.astype(np.float32), fine_tune_epochs=0)
    conversion = agree(twin, x.astype(np.float32), tmp_path)
    with open_engine("fixed", conversion=conversion) as fixed:
        np.testing.assert_array_equal(fixed.predict(x), np.asarray(model(x)))


def counted(x, weights):
    return L.CategoryEncoding(4, output_mode="count", name="counted")(x, count_weights=weights)


@pytest.mark.parametrize("weights", [keras.Input((3,)), np.ones((1, 3))], ids=["tensor", "constant"])
def test_a_count_of_weights_is_refused_with_the_way_out(weights):
    inputs = keras.Input((3,), dtype="int32")
    result = counted(inputs, weights)
    model = keras.Model(inputs if isinstance(weights, np.ndarray) else [inputs, weights], result)
    with pytest.raises(LayerNotSupportedError, match=r"'counted' \(CategoryEncoding\): count_weights is not .*one_hot"):
        flatten(model)


def test_the_way_out_of_a_count_of_weights_gives_it():
    inputs, weights = keras.Input((3,), dtype="int32"), keras.Input((3,))
    rows = ops.one_hot(inputs, 4) * ops.expand_dims(weights, -1)
    model = keras.Model([inputs, weights], ops.sum(rows, axis=1))
    x = [np.abs(SIGNED) % 4, RNG.normal(0, 1, SIGNED.shape).astype(np.float32)]
    wanted = keras.Model([inputs, weights], counted(inputs, weights))(x)
    np.testing.assert_allclose(np.asarray(same(model, x)([one.astype(np.float32) for one in x])), wanted, atol=1e-5)


@pytest.mark.parametrize(("rest", "axis"), [((3,), 1), ((), -1)], ids=["rows", "elements"])
def test_rows_at_places_that_are_computed(rest, axis):
    """From the last one back as well; the nearest, of none, in the flat model alone."""
    inputs = keras.Input((5, *rest)), keras.Input((4, *(1 for _ in rest)), dtype="int32")
    model = keras.Model(list(inputs), ops.take_along_axis(*inputs, axis=axis))
    x, places = RNG.normal(0, 1, (9, 5, *rest)).astype(np.float32), RNG.integers(-5, 5, (9, 4, *(1 for _ in rest)))
    flat = same(model, [x, places])
    beyond = np.asarray(flat([x, np.where(places > 0, 40.0, -40.0).astype(np.float32)]))
    np.testing.assert_array_equal(beyond, np.take_along_axis(x, np.where(places > 0, 4, 0), axis=1))


@pytest.mark.slow
def test_rows_at_places_that_are_computed_in_hardware(tmp_path):
    """The row of each sample in which its first feature is largest."""
    from judges import agree

    from netloom.quantize import Policy, quantize

    inputs = keras.Input((5, 3), name="x")
    place = ops.expand_dims(ops.argmax(inputs[:, :, :1], axis=1), 2)
    model = keras.Model(inputs, ops.take_along_axis(inputs, place, axis=1))
    x = RNG.normal(0, 1, (60, 5, 3)).astype(np.float32)
    twin = quantize(model, Policy(), x, fine_tune_epochs=0)
    for io_type in ("io_parallel", "io_stream"):
        agree(twin, x, tmp_path / io_type, io_type, hardware=io_type == "io_stream")
    heard = np.asarray(twin.get_layer("x_quantizer")(x))
    wanted = heard[np.arange(60), heard[..., 0].argmax(axis=1)]
    np.testing.assert_array_equal(np.asarray(twin(x)).reshape(wanted.shape), wanted)


OPTIONS = {
    "dtype of one_hot": (lambda x: ops.one_hot(ops.cast(x, "int32"), 4, dtype="int32"), "dtype='int32' it cuts"),
    "dtype of cumsum": (lambda x: ops.cumsum(x, axis=1, dtype="int32"), "dtype='int32' it cuts"),
    "dtype of prod": (lambda x: ops.prod(x, axis=1, keepdims=True, dtype="int32"), "dtype='int32' it cuts"),
    "sparse one_hot": (lambda x: ops.one_hot(ops.cast(x, "int32"), 4, sparse=True), "sparse: leave sparse out"),
    "constant places": (
        lambda x: ops.take_along_axis(x, np.zeros((1, 2), np.int64), axis=1),
        "one is a constant: use take",
    ),
    "places for each feature": (
        lambda x: ops.take_along_axis(L.RepeatVector(2)(x), L.RepeatVector(4)(x), axis=1),
        r"whole rows: give it indices of shape \(samples, count, 1\)",
    ),
    "places of all axes": (
        lambda x: ops.take_along_axis(L.Reshape((3, 1, 1))(x), L.Reshape((1, 1, 3))(x), 3),
        "axis=1",
    ),
    "sparse classes": (
        lambda x: L.CategoryEncoding(4, output_mode="count", sparse=True)(x),
        "sparse: use sparse=False",
    ),
}


@pytest.mark.parametrize(("make", "said"), OPTIONS.values(), ids=OPTIONS)
def test_options_that_are_not_honoured_are_refused_by_name(make, said):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, make(inputs))
    with pytest.raises(LayerNotSupportedError, match=said):
        flatten(model)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"num_oov_indices": 2}, "num_oov_indices"),
        ({"output_mode": "count", "sparse": True}, "sparse=False"),
    ],
)
def test_what_no_table_gives_is_refused(options, words):
    with pytest.raises(LayerNotSupportedError, match=words):
        flatten(looking_up(**options))


def test_numbers_too_far_apart_are_refused():
    inputs = keras.Input((3,), dtype="int64")
    model = keras.Model(inputs, L.IntegerLookup(vocabulary=[1, 10**6])(inputs))
    with pytest.raises(LayerNotSupportedError, match="go from 1 to 1000000"):
        flatten(model)


def test_a_file_whose_numbers_stand_in_it_is_read(tmp_path):
    looking_up().save(tmp_path / "mine.keras")
    same(load_model(tmp_path / "mine.keras"), SIGNED)


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("mode", ["log", "magnitude", "psd", "real", "imag", "stft"])
def test_spectra(mode, layout):
    options = {"data_format": layout, "expand_dims": mode in ("psd", "stft")}
    options["padding"] = "same" if mode == "real" else "valid"
    x = SOUND if layout == "channels_last" else SOUND.transpose(0, 2, 1)
    layer = L.STFTSpectrogram(mode, 8, 3, 16, **options)
    if layout == "channels_first":
        # TensorFlow has no such convolution on a CPU: what the layer would give, from the other layout.
        last = L.STFTSpectrogram(mode, 8, 3, 16, **{**options, "data_format": "channels_last"})
        wanted = np.asarray(last(SOUND))
        wanted = wanted.transpose(0, 3, 1, 2) if options["expand_dims"] else wanted.transpose(0, 2, 1)
        inputs = keras.Input(x.shape[1:])
        found = flatten(keras.Model(inputs, layer(inputs)))(x)
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
    else:
        inputs = keras.Input(x.shape[1:])
        same(keras.Model(inputs, layer(inputs)), x)


@pytest.mark.parametrize(
    "options", [{}, {"mag_exp": 1.0, "window": "hamming"}, {"sequence_length": 6, "window": None}], ids=str
)
def test_mel_spectra(options):
    inputs = keras.Input((24,))
    layer = L.MelSpectrogram(8, 3, num_mel_bins=4, sampling_rate=100, min_freq=1.0, power_to_db=False, **options)
    same(keras.Model(inputs, layer(inputs)), SOUND[:, :, 0])


OPERATIONS = {
    "comparisons": lambda x, y: ops.stack(
        [
            ops.cast(one, "float32")
            for one in (
                x > 1,
                x >= 1,
                ops.less(1, x),
                ops.greater_equal(1, x),
                ops.equal(x, 1),
                ops.not_equal(x, 1),
                x < y,
                ops.equal(x, y),
            )
        ],
        axis=-1,
    ),
    "where": lambda x, y: ops.where(x > y, 2.5, y) + ops.where(x, 0.0, y) + ops.where(y > 0, 0.0, 0.0),
    "logic": lambda x, y: ops.cast(
        ops.logical_or(ops.logical_and(x, y), ops.logical_not(ops.cast(x, "bool"))), "float32"
    ),
    "quotients": lambda x, y: x // 2 + y % 3,
    "cast": lambda x, y: ops.cast(ops.cast(x / 3, "int32"), "float32") + y,
    "norms": lambda x, y: (
        ops.norm(x, axis=1, keepdims=True)
        + ops.norm(ops.stack([x, y], axis=1), axis=(1, 2), keepdims=True)[:, 0]
        + ops.std(y, axis=-1, keepdims=True)
    ),
    "sums of exponentials": lambda x, y: ops.logsumexp(ops.stack([x, y], axis=1), axis=(1, 2), keepdims=True)[:, 0],
    "running": lambda x, y: ops.cumsum(x, axis=-1) * ops.prod(y, axis=1, keepdims=True),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations(name):
    inputs = [keras.Input((3,)), keras.Input((3,))]
    model = keras.Model(inputs, OPERATIONS[name](*inputs))
    x = (SIGNED // 4).astype(np.float32)
    same(model, [x, x[::-1].copy()])


def test_operations_that_are_layers():
    inputs = keras.Input((6, 8, 4))
    kernel = RNG.normal(0, 1, (3, 2, 4, 6)).astype(np.float32)
    x = ops.conv(inputs, kernel, strides=(1, 2), padding="same")
    x = ops.depthwise_conv(x, RNG.normal(0, 1, (2, 2, 6, 2)).astype(np.float32))
    x = ops.max_pool(ops.average_pool(x, 2, strides=1, padding="same"), (2, 1))
    x = ops.image.resize(x, (4, 5))
    same(keras.Model(inputs, x), RNG.normal(0, 1, (3, 6, 8, 4)))


@pytest.mark.parametrize(
    ("compute", "words"),
    [
        (lambda x: ops.cumsum(x, axis=0), "axis other than 0"),
        (lambda x: ops.prod(x, axis=0), "other than that of the samples"),
        (lambda x: ops.norm(x, ord=3, axis=1), "ord=3"),
        (lambda x: x % x, "floor of a quotient"),
        (lambda x: x % 0.0, "divides by zero"),
        (lambda x: ops.cast(x, "uint8"), "cast to int32"),
        (lambda x: ops.logsumexp(x), "an axis other than 0"),
        (lambda x: ops.reshape(x, (3, 1, -1)), "must keep the batch axis"),
    ],
)
def test_what_has_no_equal_is_refused(compute, words):
    inputs = keras.Input((3,))
    with pytest.raises(LayerNotSupportedError, match=words):
        flatten(keras.Model(inputs, compute(inputs)))
