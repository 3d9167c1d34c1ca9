"""`QSoftmax`: in float64 what the firmware computes, in training the gradient of softmax, and it survives a file."""

import math

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from judges import agree, behind_dense  # noqa: E402

from netloom.errors import QuantizerNotSupportedError  # noqa: E402
from netloom.quantize import load_model, save_model  # noqa: E402
from netloom.quantize.layers import QSoftmax  # noqa: E402

BITS = "quantized_bits(8,3,alpha=1)"


CASES = [
    ((5,), -1, BITS),
    ((10,), 1, "quantized_bits(14,5,alpha=1)"),
    ((3, 4), -1, BITS),
    ((3, 4), 1, BITS),
    ((2, 3, 2), 2, "quantized_bits(4,2,keep_negative=False,alpha=1)"),
]
QUICK = [(0, "io_parallel"), (3, "io_stream"), (4, "io_parallel")]


@pytest.mark.parametrize(
    ("shape", "axis", "quantizer", "io_type"),
    [
        pytest.param(*case, io_type, marks=[] if (number, io_type) in QUICK else [pytest.mark.slow])
        for number, case in enumerate(CASES)
        for io_type in ("io_parallel", "io_stream")
    ],
)
def test_equals_the_firmware(shape, axis, quantizer, io_type, tmp_path):
    x = np.random.default_rng(0).normal(0, 2.5, (60, *shape))
    hardware = io_type == "io_stream" and axis == 1 and len(shape) == 2
    agree(behind_dense(shape, QSoftmax(quantizer, axis=axis, name="softmax")), x, tmp_path, io_type, hardware=hardware)


def test_by_hand():
    """One sample, with Python's own numbers, from the definition alone."""
    layer = QSoftmax("quantized_bits(6,3,alpha=1)", dtype="float64")
    x = [1.25, -3.5, 7.75, 7.5]
    entries = [math.floor(min(math.exp(x_ - 7.75), 1) * 2**17 + 0.5) for x_ in x]
    index = math.floor(sum(entries) / 2**17 * 2**9 + 0.5)
    reciprocal = math.floor(2**9 / index * 2**17 + 0.5)
    expected = [math.floor(entry * reciprocal / 2**17 + 0.5) / 2**17 for entry in entries]
    keras.config.set_floatx("float64")
    try:
        found = keras.ops.convert_to_numpy(layer(np.array([x])))[0]
    finally:
        keras.config.set_floatx("float32")
    assert found.tolist() == expected


def test_close_to_softmax_and_sums_to_one():
    x = np.random.default_rng(0).normal(0, 2, (200, 10)).astype(np.float32)
    layer = QSoftmax("quantized_bits(12,3,alpha=1)")
    found = keras.ops.convert_to_numpy(layer(x))
    assert np.abs(found - keras.ops.convert_to_numpy(keras.ops.softmax(x))).max() < 2e-3
    assert np.abs(found.sum(axis=-1) - 1).max() < 2e-3


def test_trains_as_softmax_does():
    import tensorflow as tf

    x = tf.constant([[0.5, -1.25, 2.0]])
    layer = QSoftmax("quantized_bits(8,3,alpha=1)")
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        ours, true = layer(x)[:, 0], tf.nn.softmax(x)[:, 0]
    np.testing.assert_allclose(tape.gradient(ours, x), tape.gradient(true, x), rtol=1e-5)


def test_survives_a_file(tmp_path):
    model = behind_dense((4,), QSoftmax(BITS, name="softmax"))
    save_model(model, tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(0, 2, (5, 4)).astype(np.float32)
    np.testing.assert_array_equal(load_model(tmp_path / "model.keras")(x), model(x))


def test_quantizer_must_be_exact():
    with pytest.raises(QuantizerNotSupportedError, match="alpha"):
        QSoftmax("quantized_bits(8,3,alpha='auto')")
