"""`ArgMax`: the first of the largest, exact in every engine."""

import keras
import numpy as np
import pytest
from judges import agree
from qkeras import QActivation, quantized_bits

from netloom.quantize.flat import flatten
from netloom.quantize.layers import ArgMax


@pytest.mark.parametrize(
    ("shape", "integer", "io_type"),
    [
        ((2, 5), 1, "io_stream"),
        pytest.param((4,), 4, "io_parallel", marks=pytest.mark.slow),
        pytest.param((1,), 0, "io_parallel", marks=pytest.mark.slow),
        pytest.param((2, 2, 3), -1, "io_stream", marks=pytest.mark.slow),
    ],
)
def test_equals_the_firmware(shape, integer, io_type, tmp_path):
    """Three bits: most rows have several largest elements."""
    source = keras.Input(shape, name="source")
    few = QActivation(quantized_bits(3, integer, alpha=1), name="quantizer")(source)
    x = np.random.default_rng(0).normal(0, 2.0**integer, (60, *shape))
    agree(keras.Model(source, ArgMax(name="largest")(few)), x, tmp_path, io_type, hardware=io_type == "io_stream")


@pytest.mark.parametrize(("axis", "keepdims"), [(-1, False), (1, False), (2, True)])
def test_any_axis(axis, keepdims):
    source = keras.Input((3, 4), name="source")
    model = keras.Model(source, keras.ops.argmax(source, axis=axis, keepdims=keepdims))
    x = np.random.default_rng(0).integers(-2, 3, (20, 3, 4)).astype(np.float32)
    np.testing.assert_array_equal(flatten(model)(x), model(x))
