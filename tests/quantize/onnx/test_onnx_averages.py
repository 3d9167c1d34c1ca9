"""Averages over any number of elements, and what else stands between a product and its quantizer."""

import numpy as np
import pytest

from netloom.errors import LayerNotSupportedError
from netloom.quantize import load_model

pytest.importorskip("qonnx")
from onnx_checks import check
from onnx_free import FreeNet
from onnx_graphs import DOMAIN


@pytest.mark.parametrize("kind", ["AveragePool", "GlobalAveragePool", "ReduceMean", "of a sequence", "times its count"])
def test_an_average_over_any_number_of_elements(kind, tmp_path):
    """It is a sum for the next quantizer: ties of a sixth are met."""
    net = FreeNet((3, 6) if kind == "of a sequence" else (2, 3, 6), 7)
    net.quantized("x", 4, 0.5)
    if kind == "GlobalAveragePool":
        net.node(kind, net.last)
        net.shape = (2, 1, 1)
    elif kind == "ReduceMean":
        net.node(kind, net.last, net.constant([2, 3], np.int64), keepdims=0)
        net.shape = (2,)
    else:
        size, shape = ([3], (3, 2)) if kind == "of a sequence" else ([3, 2], (2, 1, 2))
        net.node("AveragePool", net.last, kernel_shape=size, strides=[3] * len(size))
        net.shape = shape
    if kind == "times its count":
        net.node("Mul", net.last, net.constant(6))
        given = [net.constant(value) for value in (0.5, 0.0, 8, 3)]
        net.node("Trunc", net.last, *given, domain=DOMAIN, rounding_mode="FLOOR")
    else:
        given = [net.constant(value) for value in (0.5, 0.0, 4)]
        net.node("Quant", net.last, *given, domain=DOMAIN, signed=1, narrow=0, rounding_mode="ROUND")
    net.dense()
    net.quantized(net.last, 6, 0.25)
    check(net, tmp_path)


def test_strides_that_tensorflow_has_not_are_refused_by_their_node(tmp_path):
    def refused(net):
        with pytest.raises(LayerNotSupportedError, match=r"^node '\w+_1': strides \(2, 1\) .* must be alike"):
            load_model(net.save(tmp_path / "net.onnx"))

    net = FreeNet((2, 3, 6), 7)
    net.quantized("x", 4, 0.5)
    net.node("AveragePool", net.last, kernel_shape=[3, 2], strides=[2, 1])
    net.shape = (2, 1, 5)
    refused(net)
    net = FreeNet((2, 3, 6), 7)
    net.quantized("x", 4, 0.5)
    net.node("Conv", net.last, net.constant(np.ones((2, 1, 3, 2))), kernel_shape=[3, 2], strides=[2, 1], group=2)
    net.shape = (2, 1, 5)
    refused(net)


def test_scales_behind_a_relu_and_pictures_made_larger_on_any_scale(tmp_path):
    """A ReLU, a scale a channel, a quantizer; then every element repeated, and channels put side by side."""
    for kind in ("Resize", "DCR", "CRD"):
        net = FreeNet((4, 3, 2), 7)
        net.quantized("x", 4, 0.5)
        net.conv()
        net.norm()
        net.node("Relu", net.last)
        net.node("Mul", net.last, net.constant(np.linspace(0.3, 1.7, net.shape[0]).reshape(1, -1, 1, 1)))
        net.quantized(net.last, 3, 0.31, signed=False)
        channels, height, width = net.shape
        if kind == "Resize":
            net.node(
                kind,
                net.last,
                "",
                net.constant([1, 1, 2, 2]),
                mode="nearest",
                nearest_mode="floor",
                coordinate_transformation_mode="asymmetric",
            )
            net.shape = (channels, 2 * height, 2 * width)
        else:  # twelve channels of one scale, and three that are not
            net.node("Concat", *[net.last] * 4, axis=1)
            weights = net.constant(np.full((4 * channels, 4 * channels, 1, 1), 0.3))
            net.node(
                "Conv", net.last, net.quantized(weights, 3, np.full((4 * channels, 1, 1, 1), 0.3)), kernel_shape=[1, 1]
            )
            net.node("DepthToSpace", net.last, blocksize=2, mode=kind)
            net.shape = (channels, 2 * height, 2 * width)
        net.quantized(net.last, 3, 0.7)
        net.dense()
        net.quantized(net.last, 6, 0.25)
        check(net, tmp_path / kind)
