import itertools

import numpy as np
import pytest

from netloom.errors import QuantizerNotSupportedError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.quantize.quantizer_types import quantizer_type, relu_quantizer, type_quantizer
from netloom.rounding import Rounding

qkeras = pytest.importorskip("qkeras")

SIZES = [*itertools.product((2, 3, 4, 6, 8), (-3, -1, 0, 1, 2, 5, 8, 11)), (12, 2), (16, 6), (24, 0), (24, 8)]


def probes(type_: FixedPoint) -> np.ndarray:
    """Grid points, ties and their float32 neighbours, inside the range and far beyond, and a random lot."""
    span = min(2 ** (type_.width + 1), 2**12)
    ticks = np.concatenate([np.arange(-2 * span, 2 * span), type_.raw_max + np.arange(-64, 64)])
    exact = np.ldexp(ticks / 2, -type_.fraction).astype(np.float32)
    exact = np.concatenate([exact, [0.0, -0.0, type_.min, type_.max, 2.0**20 * type_.step, -(2.0**20) * type_.step]])
    exact = exact.astype(np.float32)
    noise = np.random.default_rng(0).normal(0, type_.max or 1, 5000).astype(np.float32)
    up, down = np.nextafter(exact, np.float32(np.inf)), np.nextafter(exact, np.float32(-np.inf))
    x = np.concatenate([exact, up, down, noise])
    return x[np.abs(x) < 2.0**24 * type_.step]


def assert_equal_everywhere(quantizer) -> None:
    type_ = quantizer_type(quantizer)
    x = probes(type_)
    expected = type_.to_float(type_.from_float(x))
    assert np.array_equal(np.asarray(quantizer(x), dtype=np.float64), expected)


@pytest.mark.parametrize("alpha", [None, 1, 1.0])
@pytest.mark.parametrize("symmetric", [0, 1, True])
@pytest.mark.parametrize("keep_negative", [0, 1, True])
def test_quantized_bits_equals_its_type(keep_negative, symmetric, alpha):
    for bits, integer in SIZES:
        assert_equal_everywhere(
            qkeras.quantized_bits(bits, integer, symmetric=symmetric, keep_negative=keep_negative, alpha=alpha)
        )


def test_quantized_relu_equals_its_type():
    for bits, integer in [(1, 0), *SIZES]:
        assert_equal_everywhere(relu_quantizer(bits, integer))


def test_equality_survives_a_compiled_model():
    keras = pytest.importorskip("keras")
    quantizer = qkeras.quantized_bits(8, 2, alpha=1)
    inputs = keras.Input((1,))
    model = keras.Model(inputs, qkeras.QActivation(quantizer)(inputs))
    type_ = quantizer_type(quantizer)
    x = probes(type_)[:, None]
    assert np.array_equal(model.predict(x, batch_size=len(x), verbose=0), type_.to_float(type_.from_float(x)))


def test_types_by_name():
    assert str(quantizer_type(qkeras.quantized_bits(8, 2, alpha=1))) == "fixed<8,3,RND_CONV,SAT>"
    assert str(quantizer_type(qkeras.quantized_bits(8, 2, symmetric=1, alpha=1))) == "fixed<8,3,RND_CONV,SAT_SYM>"
    assert str(quantizer_type(qkeras.quantized_bits(8, 2, keep_negative=0, alpha=1))) == "ufixed<8,2,RND_CONV,SAT>"
    assert str(quantizer_type(qkeras.quantized_relu(6, 3))) == "ufixed<6,3,RND_CONV,SAT>"


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("overflow", [Overflow.SAT, Overflow.SAT_SYM])
def test_type_to_quantizer_and_back(signed, overflow):
    type_ = FixedPoint(7, -1, signed, Rounding.RND_CONV, overflow)
    expected = type_ if signed else type_.with_modes(Rounding.RND_CONV, Overflow.SAT)
    assert quantizer_type(type_quantizer(type_)) == expected


@pytest.mark.parametrize("type_", [FixedPoint(25, 1), FixedPoint(1, 1)])
def test_types_without_a_quantizer(type_):
    with pytest.raises(QuantizerNotSupportedError, match="bits wide"):
        type_quantizer(type_)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: qkeras.quantized_bits(8, 0, alpha="auto"), "alpha=1"),
        (lambda: qkeras.quantized_bits(8, 0, alpha="auto_po2"), "alpha=1"),
        (lambda: qkeras.quantized_bits(8, 0, alpha=0.5), "alpha=1"),
        (lambda: qkeras.quantized_bits(8, 0, alpha=np.ones(3)), "alpha=1"),
        (lambda: qkeras.quantized_bits(1, 0, alpha=1), "binary"),
        (lambda: qkeras.quantized_bits(25, 0, alpha=1), "float32 carries 24"),
        (lambda: qkeras.quantized_bits(8, 0.5, alpha=1), "integer=0.5"),
        (lambda: qkeras.quantized_bits(8, 0, alpha=1, use_stochastic_rounding=True), "at random"),
        (lambda: qkeras.quantized_bits(8, 0, alpha=1, qnoise_factor=0.5), "qnoise_factor=0.5"),
        (lambda: qkeras.quantized_relu(8, 0, use_sigmoid=1), "use_sigmoid=0"),
        (lambda: qkeras.quantized_relu(8, 0, negative_slope=0.25), "negative_slope=0"),
        (lambda: qkeras.quantized_relu(8, 3, relu_upper_bound=6), "relu_upper_bound=6"),
        (lambda: qkeras.quantized_linear(8, 0), "not a fixed-point quantizer"),
        (lambda: qkeras.binary(alpha=1), "not a fixed-point quantizer"),
        (lambda: qkeras.quantized_hswish(8, 0), "not a fixed-point quantizer"),
        (lambda: None, "not a fixed-point quantizer"),
    ],
)
def test_refusals_are_one_line_and_say_what_to_use(build, message):
    with pytest.raises(QuantizerNotSupportedError, match="use ") as error:
        quantizer_type(build())
    assert message in str(error.value)
    assert "\n" not in str(error.value)
