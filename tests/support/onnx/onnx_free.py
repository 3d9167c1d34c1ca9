"""Random ONNX models of every quantizer that there is: scales of any size, zero points, thresholds, QCDQ."""

from typing import Any

import numpy as np
from onnx_graphs import DOMAIN, SHAPES, OnnxNet

ROUNDINGS = ("ROUND", "HALF_EVEN", "FLOOR", "CEIL", "UP", "DOWN", "HALF_UP", "HALF_DOWN")


class FreeNet(OnnxNet):
    """Scales of any size, zero points, every rounding, and every other quantizer that qonnx has."""

    def __init__(self, shape: tuple[int, ...], seed: int = 0, channels_last: bool = False) -> None:
        # From 19 on onnx's reference evaluator has all of QCDQ.
        super().__init__(shape, seed, opset=19, channels_last=channels_last)

    def weights(self, shape: tuple[int, ...], axis: int) -> str:
        """Quantized with one scale or one a channel, none of them a power of two; or to two values; or as int8."""
        values = self.constant(self.rng.normal(0, 0.5, shape))
        sizes = [shape[axis] if one == axis else 1 for one in range(len(shape))]
        scale: Any = self.rng.uniform(0.05, 0.3)
        if self.rng.random() < 0.2:
            return self.node("BipolarQuant", values, self.constant(scale), domain=DOMAIN)
        if self.rng.random() < 0.2:
            return self.dequantized(shape, axis)
        if self.rng.random() < 0.5:
            scale = self.rng.uniform(0.05, 0.3, sizes)
        bits = int(self.rng.integers(1, 9))
        return self.quantized(values, bits, scale, narrow=bits > 1 and bool(self.rng.random() < 0.5))

    def dequantized(self, shape: tuple[int, ...], axis: int) -> str:
        """Weights of int8 with a zero point, or a scale a channel."""
        values = self.constant(self.rng.integers(-128, 128, shape), np.int8)
        if self.rng.random() < 0.5:
            scales = self.constant(self.rng.uniform(0.001, 0.01, shape[axis]))
            return self.node("DequantizeLinear", values, scales, axis=axis)
        scale, point = float(self.rng.uniform(0.001, 0.01)), int(self.rng.integers(-100, 101))
        return self.node("DequantizeLinear", values, self.constant(scale), self.constant(point, np.int8))

    def linear(self, scale: float) -> None:
        """`QuantizeLinear` and `DequantizeLinear` with a zero point, and now and then limits between."""
        dtype = self.rng.choice([np.int8, np.uint8])
        point = int(self.rng.integers(-20, 21)) + (0 if dtype == np.int8 else 128)
        given = [self.constant(scale), self.constant(point, dtype)]
        raw = self.node("QuantizeLinear", self.last, *given)
        if self.rng.random() < 0.4:
            bits = int(self.rng.integers(6, 8))
            ends = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if dtype == np.int8 else (0, 2**bits - 1)
            raw = self.node("Clip", raw, *(self.constant(end, dtype) for end in ends))
        self.node("DequantizeLinear", raw, *given)

    def activation(self) -> None:
        """Any quantizer, now and then behind a ReLU."""
        kinds = ["Quant", "Quant", "Quant", "IntQuant", "BipolarQuant", "MultiThreshold", "QCDQ"]
        kind = str(self.rng.choice(kinds))
        scale = float(self.rng.choice([self.rng.uniform(0.1, 0.5), 0.125, 0.25]))
        bits, rounding = int(self.rng.integers(1, 9)), str(self.rng.choice(ROUNDINGS))
        signed = bool(self.rng.random() < 0.5)
        zero = float(self.rng.integers(-3, 4)) if self.rng.random() < 0.4 else 0.0
        if kind in ("Quant", "IntQuant") and self.rng.random() < 0.5:
            self.node("Relu", self.last)
            bits, zero = bits + 1, -abs(zero)
        if kind == "BipolarQuant":
            self.node("BipolarQuant", self.last, self.constant(scale), domain=DOMAIN)
        elif kind == "QCDQ":
            self.linear(scale)
        elif kind == "MultiThreshold":
            rows = int(self.rng.choice([1, self.channels]))
            values = np.sort(self.rng.normal(0, 1, (rows, int(self.rng.integers(1, 6)))), axis=1)
            given: Any = {"out_scale": scale, "out_bias": float(self.rng.integers(-2, 3))}
            if len(self.shape) > 1:
                # Of a sequence qonnx takes the last axis for the channels', of a picture the second.
                layouts = ("NWC", "NHWC") if self.channels_last else ("NCW", "NCHW")
                given["data_layout"] = layouts[len(self.shape) - 2]
            self.node("MultiThreshold", self.last, self.constant(values), domain=DOMAIN, **given)
        else:
            given = [self.constant(value) for value in (scale, zero, bits)]
            narrow = int(signed and bits > 1 and self.rng.random() < 0.3)
            self.node(kind, self.last, *given, domain=DOMAIN, signed=int(signed), narrow=narrow, rounding_mode=rounding)
            if self.rng.random() < 0.3 and bits > 2 and not narrow:
                less = [self.constant(value) for value in (scale, zero, bits, bits - 2)]
                self.node("Trunc", self.last, *less, domain=DOMAIN, rounding_mode=str(self.rng.choice(ROUNDINGS)))

    def end(self) -> None:
        """A quantizer at an end of the network: of any scale, zero point, width and rounding."""
        if self.rng.random() < 0.1:
            self.node("BipolarQuant", self.last, self.constant(self.rng.uniform(0.1, 0.5)), domain=DOMAIN)
            return
        signed, bits = bool(self.rng.random() < 0.5), int(self.rng.integers(1, 9))
        zero = float(self.rng.integers(-20, 21)) if self.rng.random() < 0.5 else 0.0
        given = [self.constant(value) for value in (self.rng.uniform(0.02, 0.5), zero, bits)]
        modes = {"narrow": int(bits > 1 and self.rng.random() < 0.3), "rounding_mode": str(self.rng.choice(ROUNDINGS))}
        self.node("Quant", self.last, *given, domain=DOMAIN, signed=int(signed), **modes)

    def lead(self, rng: Any) -> None:
        """What public models have before their first quantizer: a power of two and a sum, elements moved."""
        if rng.random() < 0.7:
            self.node("Mul", self.last, self.constant(2.0 ** int(rng.integers(-2, 3))))
        if rng.random() < 0.4 and len(self.shape) == 3:
            perm = [0, 2, 1, 3] if self.channels_last else [0, 1, 3, 2]
            self.node("Transpose", self.last, perm=perm)
            self.shape = self.arranged(self.channels, self.places[::-1])
        if rng.random() < 0.7:
            self.node("Sub", self.last, self.constant([int(rng.integers(-8, 9)) / 8]))
        if rng.random() < 0.4:
            self.node("Flatten", self.last)
            self.shape, self.channels_last = (int(np.prod(self.shape)),), False

    def norm(self) -> None:
        """A batch normalization of any numbers, scales below 0 too."""
        channels = self.channels
        scale = self.rng.uniform(0.3, 2, channels) * self.rng.choice([1, 1, 1, -1], channels)
        rest = [
            self.rng.normal(0, 0.5, channels),
            self.rng.normal(0, 0.5, channels),
            self.rng.uniform(0.5, 2, channels),
        ]
        given = [self.constant(value) for value in (scale, *rest)]
        self.placed("BatchNormalization", self.last, *given, epsilon=1e-5)

    def dense(self) -> None:
        """With a bias of any numbers, half the time."""
        if len(self.shape) > 1:
            self.node("Flatten", self.last)
            self.shape, self.channels_last = (int(np.prod(self.shape)),), False
        x, units = self.last, int(self.rng.integers(2, 6))
        self.node("MatMul", x, self.weights((*self.shape, units), 1))
        if self.rng.random() < 0.5:
            self.node("Add", self.last, self.constant(self.rng.normal(0, 0.5, units)))
        self.shape = (units,)


def free_net(seed: int, ends: bool = False, led: bool = False) -> FreeNet:
    """A quantizer, then two or three layers of any quantizers, and at the end one.

    Args:
        seed: of it.
        ends: whether these two are of any kind too, or of powers of two; the last is left out now and then.
        led: whether something stands before the first.
    """
    rng = np.random.default_rng([seed, 2])
    net = FreeNet(SHAPES[int(rng.integers(0, len(SHAPES)))], seed, channels_last=bool(rng.random() < 0.4))
    if led:
        net.lead(np.random.default_rng([seed, 3]))
    if ends:
        net.end()
    else:
        net.quantized(net.last, int(rng.integers(3, 7)), 2.0 ** -int(rng.integers(1, 4)))
    for _ in range(int(rng.integers(1, 4))):
        if len(net.shape) > 1 and rng.random() < 0.7:
            net.conv()
        else:
            net.dense()
        if rng.random() < 0.4:
            net.norm()
        net.activation()
        if len(net.shape) > 1 and rng.random() < 0.2:
            net.turn()
        if len(net.shape) > 1 and rng.random() < 0.4:
            net.pool()
    net.dense()
    if ends:
        if rng.random() < 0.6:
            net.end()
        elif rng.random() < 0.3:
            net.node("Relu", net.last)
        return net
    given = [net.constant(value) for value in (0.25, float(rng.integers(-2, 3)), int(rng.integers(2, 7)))]
    net.node("Quant", net.last, *given, domain=DOMAIN, signed=1, narrow=0, rounding_mode=str(rng.choice(ROUNDINGS)))
    return net
