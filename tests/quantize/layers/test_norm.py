"""`QNormalization`: in float64 what the firmware computes, the true function's gradient, and its error said."""

import math

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from judges import agree, behind_dense  # noqa: E402
from keras import layers  # noqa: E402

import netloom  # noqa: E402
from netloom.errors import LayerNotSupportedError, SettingsError  # noqa: E402
from netloom.fixed_point import FixedPoint  # noqa: E402
from netloom.quantize import load_model, save_model  # noqa: E402
from netloom.quantize.functions.norm_tables import Norm  # noqa: E402
from netloom.quantize.layers import QNormalization  # noqa: E402

BITS = "quantized_bits(8,3,alpha=1)"


def samples(shape, count=60):
    """Large, small and equal ones, so that every segment is met."""
    x = np.random.default_rng(0).normal(0, 1, (count, *shape)) * np.geomspace(0.01, 5, count).reshape(
        -1, *[1] * len(shape)
    )
    x[:2] = [np.zeros(shape), np.ones(shape)]
    return x


CASES = [
    ((6,), BITS, {"mode": "layer"}),
    ((3, 4), "quantized_bits(12,3,alpha=1)", {"mode": "layer"}),
    ((3, 2, 5), BITS, {"mode": "rms", "epsilon": 1e-6}),
    ((3, 4), "quantized_bits(5,2,keep_negative=False,alpha=1)", {"mode": "unit", "epsilon": 1e-12}),
    ((2, 3, 4), BITS, {"mode": "layer", "groups": 2}),
]
QUICK = [(2, "io_parallel"), (3, "io_stream"), (4, "io_stream")]


@pytest.mark.parametrize(
    ("shape", "quantizer", "options", "io_type"),
    [
        pytest.param(*case, io_type, marks=[] if (number, io_type) in QUICK else [pytest.mark.slow])
        for number, case in enumerate(CASES)
        for io_type in ("io_parallel", "io_stream")
    ],
)
def test_equals_the_firmware(shape, quantizer, options, io_type, tmp_path):
    hardware = io_type == "io_stream" and (shape == (6,) or "groups" in options)
    agree(
        behind_dense(shape, QNormalization(quantizer, name="norm", **options)),
        samples(shape),
        tmp_path,
        io_type,
        hardware,
    )


def in_float64(layer, x):
    keras.config.set_floatx("float64")
    try:
        return keras.ops.convert_to_numpy(layer(np.asarray(x, dtype=np.float64)))
    finally:
        keras.config.set_floatx("float32")


@pytest.mark.parametrize("mode", ["layer", "rms", "unit"])
def test_by_hand(mode):
    """Small sums of squares, where every one has an entry: with Python's own numbers, from the definition alone."""
    x, epsilon = [1, -3, 7, 2], 2.0**-7
    layer = QNormalization("quantized_bits(5,4,alpha=1)", mode, epsilon, dtype="float64")
    d = [4 * one - sum(x) for one in x] if mode == "layer" else x
    v = sum(one * one for one in d)
    assert v < 2048
    root = {
        "layer": 1 / (4 * math.sqrt(v / 64 + epsilon)),
        "rms": 1 / math.sqrt(v / 4 + epsilon),
        "unit": 1 / math.sqrt(v),
    }[mode]
    found = in_float64(layer, [x])[0]
    entry = math.floor(root * 2**layer.norm.entry.fraction + 0.5) / 2**layer.norm.entry.fraction
    steps = 2**layer.norm.result.fraction
    assert found.tolist() == [math.floor(one * entry * steps + 0.5) / steps for one in d]


@pytest.mark.parametrize("mode", ["layer", "rms", "unit"])
@pytest.mark.parametrize(("bits", "size", "epsilon"), [(4, 2, 1e-3), (8, 16, 1e-3), (10, 64, 1e-6), (16, 8, 1e-12)])
def test_every_entry_is_proven(mode, bits, size, epsilon):
    """No entry is wrong by more than one part in 2**10 and a half step, and the table covers all sums of squares."""
    norm = Norm(FixedPoint(bits, 3), size, mode, epsilon)
    for segment, following in zip(norm.segments, [*norm.segments[1:], None], strict=True):
        first = segment.start + (np.arange(segment.entries.size) << segment.shift)
        if following is not None:
            assert int(first[-1]) + 2**segment.shift == following.start
        last = np.minimum(first + 2**segment.shift - 1, norm.largest_power)
        for power in (np.maximum(first, 1), np.maximum(last, 1)):
            true = norm._root(power) * 2.0**norm.entry.fraction
            assert (np.abs(segment.entries - true) <= true * 2.0**-10 + 0.5).all()
    assert int(last[-1]) == norm.largest_power


KERAS = {
    "layer": ({"mode": "layer", "epsilon": 1e-3}, lambda: layers.LayerNormalization()),
    "rms": ({"mode": "rms", "epsilon": 1e-6}, lambda: layers.RMSNormalization()),
    "unit": ({"mode": "unit", "epsilon": 1e-12}, lambda: layers.UnitNormalization()),
    "group": ({"mode": "layer", "groups": 2}, lambda: layers.GroupNormalization(2)),
}


@pytest.mark.parametrize("case", KERAS)
def test_close_to_keras(case):
    """On inputs of the quantizer's grid: the error that docs/quantization.md says."""
    options, make = KERAS[case]
    grid = np.clip(np.round(samples((4, 16), 400) * 64) / 64, -8, 511 / 64)
    found = in_float64(QNormalization("quantized_bits(10,3,alpha=1)", dtype="float64", **options), grid)
    true = keras.ops.convert_to_numpy(make()(grid.astype(np.float32)))
    error = np.abs(found - true)
    print(case, error.max(), error.mean())
    assert error.max() < (1e-3 if case == "unit" else 4e-3)


@pytest.mark.parametrize("case", KERAS)
def test_trains_as_keras_does(case):
    import tensorflow as tf

    options, make = KERAS[case]
    x = tf.constant([[0.5, -1.25, 2.0, 3.5], [0.25, 0.5, -4.0, 1.0]])
    weights = tf.constant([1.0, -2.0, 0.5, 3.0])
    layer, keras_layer = QNormalization(BITS, **options), make()
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        ours, true = tf.reduce_sum(layer(x) * weights), tf.reduce_sum(keras_layer(x) * weights)
    np.testing.assert_allclose(tape.gradient(ours, x), tape.gradient(true, x), rtol=1e-4, atol=1e-5)


def test_survives_a_file(tmp_path):
    model = behind_dense((2, 3, 4), QNormalization(BITS, "rms", 1e-5, groups=2, name="norm"))
    save_model(model, tmp_path / "model.keras")
    x = samples((2, 3, 4)).astype(np.float32)
    np.testing.assert_array_equal(load_model(tmp_path / "model.keras")(x), model(x))


@pytest.mark.slow
@pytest.mark.parametrize("case", ["layer", "group", "rms", "unit"])
def test_twin_of_a_float_model(case, tmp_path):
    keras.utils.set_random_seed(1)
    inputs = keras.Input((3, 4))
    norm = KERAS[case][1]()
    x = layers.Dense(6, activation="relu")(norm(layers.Dense(4)(inputs)))
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))
    for weight in norm.weights:
        weight.assign(np.linspace(0.5, 1.5, 4))
    x = np.random.default_rng(0).normal(0, 1, (200, 3, 4)).astype(np.float32)
    twin = netloom.quantize(model, netloom.Policy.uniform(8), x, fine_tune_epochs=1)
    assert isinstance(twin.get_layer(norm.name), QNormalization)
    assert np.abs(twin.predict(x, verbose=0) - model.predict(x, verbose=0)).mean() < 0.1
    agree(twin, x[:40], tmp_path)


def test_refused_where_no_table_holds_the_squares():
    with pytest.raises(LayerNotSupportedError, match="normalize fewer values together"):
        QNormalization("quantized_bits(16,3,alpha=1)")(np.zeros((1, 512)))


def test_refuses_what_it_cannot_group_or_does_not_know():
    with pytest.raises(LayerNotSupportedError, match="do not divide into 3 groups"):
        QNormalization(BITS, groups=3)(np.zeros((1, 2, 4)))
    with pytest.raises(SettingsError, match="layer, rms, unit"):
        QNormalization(BITS, "batch")
