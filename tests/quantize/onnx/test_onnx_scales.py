"""Quantizers of ONNX that no type is: each becomes scales and shifts that rise at its thresholds, exactly."""

from fractions import Fraction

import numpy as np
import pytest

from netloom.errors import LayerNotSupportedError, NetloomError, QuantizerNotSupportedError
from netloom.quantize import load_model

pytest.importorskip("qonnx")
from onnx_checks import check
from onnx_free import ROUNDINGS, FreeNet, free_net
from onnx_graphs import DOMAIN, SAMPLES, OnnxNet

from netloom.quantize.onnx.fit import fitted_lines
from netloom.quantize.onnx.stairs import rounding_threshold
from netloom.quantize.smallest_grid import smallest_grid

QUICK, CHUNKS, CHUNK = (1, 2), 20, 10
JUDGED = (0, 1, 2, 6, 8, 9)
"""Seeds that go through hls4ml's C++ and the RTL as well, with every layer."""

DEAD = ("its result is always", "zeros are put around values that never are 0")
"""A random quantizer that never changes is refused, as a trained one should be; and zeros where a value is none."""


def checked(seed: int, folder) -> bool:
    try:
        check(free_net(seed), folder, ("io_parallel", "io_stream")[seed % 2])
    except NetloomError as error:
        assert any(dead in str(error) for dead in DEAD)
        return False
    return True


@pytest.mark.parametrize("seed", QUICK)
def test_a_random_model(seed, tmp_path):
    assert checked(seed, tmp_path), "a seed of the quick sample was refused: choose another"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_two_hundred_random_models(chunk, tmp_path):
    refused = [seed for seed in range(CHUNK * chunk, CHUNK * (chunk + 1)) if not checked(seed, tmp_path / str(seed))]
    assert len(refused) <= 5, refused


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", JUDGED)
def test_a_random_model_in_cpp_and_as_rtl(seed, tmp_path):
    from judges import agree

    net = free_net(seed)
    x = np.random.default_rng(1).normal(0, 1.5, (SAMPLES, *net.source)).astype(np.float32)
    agree(load_model(net.save(tmp_path / "net.onnx")), x, tmp_path, ("io_parallel", "io_stream")[seed % 2], True)


@pytest.mark.parametrize("mode", [*ROUNDINGS, "HALF_EVEN"])
def test_a_rounding_rises_where_qonnx_rounds(mode):
    from qonnx.custom_op.general.intquant import resolve_rounding_mode

    values = np.arange(-24, 25) / 8
    for value, expected in zip(values, resolve_rounding_mode(mode)(values), strict=True):
        levels = [level for level in range(-5, 6) if rounding_threshold(mode, level).reached(Fraction(float(value)))]
        assert max(levels) == expected


@pytest.mark.parametrize("seed", range(20))
def test_lines_rise_at_the_thresholds_and_nowhere_else(seed):
    rng = np.random.default_rng(seed)
    count, even = int(rng.integers(1, 20)), seed % 2
    gaps = np.full((3, count), rng.integers(1, 30)) if even else rng.integers(0, 30, (3, count))
    thresholds = np.cumsum(gaps, axis=1) + rng.integers(-200, 50, (3, 1))
    low, high = np.full(3, -300), np.full(3, 400)
    lines = fitted_lines(thresholds, 1 / np.maximum(gaps.mean(1), 1), low, high, 20)
    assert lines is not None
    assert not even or len(lines) == 1
    for channel in range(3):
        places = np.arange(-300, 401)
        found = sum(
            np.clip(np.rint(line.scale[channel] * places + line.shift[channel]), 0, line.levels) for line in lines
        )
        np.testing.assert_array_equal(found, (places[:, None] >= thresholds[channel]).sum(1))


def quantizer(net: OnnxNet, scale, zero=0.0, bits=4, signed=1, rounding="ROUND") -> None:
    given = [net.constant(value) for value in (scale, zero, bits)]
    net.node("Quant", net.last, *given, domain=DOMAIN, signed=signed, narrow=0, rounding_mode=rounding)


def after(step, shape=(6,)):
    """A plain quantizer, what `step` puts behind it, a dense layer, a plain quantizer."""
    net = FreeNet(shape, 3)
    net.quantized("x", 6, 0.125)
    step(net)
    net.dense()
    net.quantized(net.last, 5, 0.25)
    return net


def thresholds(rows, **attributes):
    def step(net):
        values = np.sort(np.random.default_rng(0).normal(0, 1, (rows, 5)), axis=1)
        net.node("MultiThreshold", net.last, net.constant(values), domain=DOMAIN, **attributes)

    return step


def truncated(net):
    net.opset_of_qonnx = 2
    quantizer(net, 0.25, 1.0, 5)
    given = [net.constant(value) for value in (0.25, 1.0, 5, 0.5, 3)]
    net.node("Trunc", net.last, *given, domain=DOMAIN, rounding_mode="FLOOR", signed=1, narrow=0)


def zeros_around(net):
    """Zeros are what a zero point stands for."""
    quantizer(net, 0.2931, 2.0, 4, 0)
    net.node("Conv", net.last, net.weights((2, 2, 3, 3), 0), pads=[1, 1, 1, 1], kernel_shape=[3, 3])
    quantizer(net, 0.7)


def residual(net):
    net.dense()
    net.node("Relu", net.last)
    quantizer(net, 0.3)
    net.node("Add", net.last, net.last)
    quantizer(net, 0.37, bits=5)


def clipped(net):
    net.dense()
    net.node("Clip", net.last, net.constant(0.0), net.constant(0.7))
    quantizer(net, 0.11, bits=5)


def sequence(step):
    """Behind a convolution to three channels of four places."""

    def steps(net):
        x = net.last
        net.node("Conv", x, net.quantized(net.constant(net.rng.normal(0, 0.5, (3, 2, 3))), 4, 0.125))
        step(net)
        net.shape = (3, 4)

    return steps


def in_a_row(step):
    """Behind a convolution to three channels of four places, in a row: not as Keras has them."""

    def steps(net):
        x = net.last
        net.node("Conv", x, net.quantized(net.constant(net.rng.normal(0, 0.5, (3, 2, 3, 3))), 4, 0.125))
        net.node("Flatten", net.last)
        net.shape = (12,)
        step(net)

    return steps


def normalized(net):
    net.norm()
    quantizer(net, 0.37, bits=5)


STEPS = {
    "zero point": after(lambda net: quantizer(net, 0.25, -3.0, 4, 0)),
    "zero point, no whole number": after(lambda net: quantizer(net, 0.25, 0.4)),
    "zero point and zeros around": after(zeros_around, (2, 4, 4)),
    "one bit": after(lambda net: quantizer(net, 0.5, 0.0, 1)),
    "thresholds": after(thresholds(1, out_scale=0.3, out_bias=-1.0)),
    "thresholds a channel": after(thresholds(2, out_scale=0.25), (2, 4, 4)),
    "thresholds a channel of a sequence": after(sequence(thresholds(3, data_layout="NCW")), (2, 6)),
    "thresholds a place of a sequence": after(sequence(thresholds(4)), (2, 6)),
    "thresholds an element of a picture in a row": after(in_a_row(thresholds(12, out_scale=0.25)), (2, 4, 4)),
    "batch normalization of a picture in a row": after(in_a_row(normalized), (2, 4, 4)),
    "bipolar": after(lambda net: net.node("BipolarQuant", net.last, net.constant(0.7), domain=DOMAIN)),
    "trunc of version 2": after(truncated),
    "residual": after(residual),
    "clip": after(clipped),
}


@pytest.mark.parametrize("net", STEPS.values(), ids=STEPS)
def test_a_quantizer_inside(net, tmp_path):
    check(net, tmp_path)


def test_the_scales_of_wide_sums_are_not_rounded(tmp_path):
    """256 levels of sums of 8 by 8 bits are met by scales of more bits than those of a batch normalization have."""
    net = FreeNet((32,), 0)
    net.quantized("x", 8, 2.0**-6)
    x = net.last
    steps = net.rng.uniform(0.004, 0.012, (1, 4))
    net.node("MatMul", x, net.quantized(net.constant(net.rng.normal(0, 0.5, (32, 4))), 8, steps))
    quantizer(net, 2.0**-5, bits=8)
    net.shape = (4,)
    layers = {layer.name: layer for layer in load_model(net.save(tmp_path / "net.onnx")).layers}
    assert smallest_grid(layers["Quant_3_scale"].gamma.numpy(), "").width > 18
    check(net, tmp_path)


def test_a_type_needs_no_layer_behind_it(tmp_path):
    """Whole numbers of a type are cast to it at once, also where the rounding, or what comes, is none of its."""
    for signed, rounding in ((0, "FLOOR"), (1, "CEIL")):
        net = FreeNet((6,), 3)
        net.quantized("x", 6, 0.125)
        net.dense()
        quantizer(net, 0.25, bits=4, signed=signed, rounding=rounding)
        layers = [layer.name for layer in load_model(net.save(tmp_path / "net.onnx")).layers]
        assert layers[-2:] == [f"{net.last}_scale", net.last]
        check(net, tmp_path / rounding)


def test_qcdq_with_zero_points(tmp_path):
    """As onnxruntime quantizes: int8 weights and int32 biases with a scale a channel, zero points or none."""
    net = OnnxNet((6,), 4, opset=19)
    net.quantized("x", 6, 0.125)
    scales_of_bias = net.rng.uniform(1e-8, 2e-8, 6)
    for scale, point in ((0.21, 13), (0.25, 0)):
        x = net.last
        raws = net.constant(net.rng.integers(-128, 128, (6, 6)), np.int8)
        scales = net.constant(net.rng.uniform(0.001, 0.01, 6))
        product = net.node("MatMul", x, net.node("DequantizeLinear", raws, scales, axis=1))
        bias = net.constant(net.rng.integers(-(2**22), 2**22, 6) * 16, np.int32)
        net.node("Add", product, net.node("DequantizeLinear", bias, net.constant(scales_of_bias), axis=0))
        given = [net.constant(scale), net.constant(point, np.uint8)]
        net.node("DequantizeLinear", net.node("QuantizeLinear", net.last, *given), *given)
    check(net, tmp_path)


def test_a_zero_point_of_weights_does_not_wrap(tmp_path):
    """qonnx's pass takes it from int8 in int8."""
    net = OnnxNet((6,), 4, opset=19)
    net.quantized("x", 6, 0.125)
    x = net.last
    raws = net.constant(net.rng.integers(-128, 128, (6, 4)), np.int8)
    weights = net.node("DequantizeLinear", raws, net.constant(2.0**-6), net.constant(100, np.int8))
    net.node("MatMul", x, weights)
    net.shape = (4,)
    net.quantized(net.last, 8, 0.25)
    check(net, tmp_path)


def many_channels(net):
    net.node("MatMul", net.last, net.constant(np.ones((6, 6))))
    net.node("Mul", net.last, net.constant(net.rng.uniform(0.5, 1.5, 6)))


def along_inputs(net):
    weights = net.quantized(net.constant(net.rng.normal(0, 0.5, (6, 6))), 4, np.linspace(0.1, 0.3, 6).reshape(6, 1))
    net.node("MatMul", "Quant_0", weights)


def dead(net):
    net.node("Relu", net.last)
    net.node("BipolarQuant", net.last, net.constant(0.5), domain=DOMAIN)


REFUSED = [
    (
        after(dead),
        LayerNotSupportedError,
        "node 'BipolarQuant_2': its result is always 0.5; leave out what leads to it",
    ),
    (after(many_channels), QuantizerNotSupportedError, "node 'MatMul_4': its input has a scale a channel, or limits"),
    (after(along_inputs), QuantizerNotSupportedError, "node 'MatMul_2': scales of weights differ along their inputs"),
]


@pytest.mark.parametrize(("net", "error", "said"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_be_is_refused_by_its_node(net, error, said, tmp_path):
    with pytest.raises(error, match=said):
        load_model(net.save(tmp_path / "net.onnx"))


def test_a_function_of_other_steps_is_refused(tmp_path):
    net = FreeNet((6,), 3)
    net.quantized("x", 6, 0.125)
    net.dense()
    net.node("Sigmoid", net.last)
    with pytest.raises(QuantizerNotSupportedError, match=r"^node 'Sigmoid_\d': values in steps of .* no power of two"):
        load_model(net.save(tmp_path / "net.onnx"))
