"""Random QONNX and QCDQ models, and what qonnx's executor makes of them."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SAMPLES = 8
DOMAIN = "qonnx.custom_op.general"


class OnnxNet:
    """An ONNX model that grows node by node; `last` is its newest tensor, `shape` that tensor's."""

    def __init__(self, shape: tuple[int, ...], seed: int = 0, qcdq: bool = False, opset: int = 13) -> None:
        self.opset, self.opset_of_qonnx = opset, 1
        self.rng = np.random.default_rng(seed)
        self.qcdq, self.source, self.shape, self.last = qcdq, shape, shape, "x"
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, array: Any, dtype: Any = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, dtype), name))
        return name

    def node(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, domain=domain, **attributes))
        self.last = name
        return name

    def quantized(self, tensor: str, bits: int, scale: Any, signed: bool = True, narrow: bool = False) -> str:
        """By `Quant`, or by `QuantizeLinear`, `Clip` and `DequantizeLinear` with 8 bits at most."""
        if not self.qcdq or bits > 8 or np.ndim(scale):
            given = [self.constant(scale), self.constant(0), self.constant(bits)]
            return self.node(
                "Quant", tensor, *given, domain=DOMAIN, signed=int(signed), narrow=int(narrow), rounding_mode="ROUND"
            )
        dtype = np.int8 if signed else np.uint8
        ends = (-(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        point, step = self.constant(0, dtype), self.constant(scale)
        raw = self.node("QuantizeLinear", tensor, step, point)
        if bits < 8 or narrow:
            raw = self.node("Clip", raw, *(self.constant(end, dtype) for end in ends))
        return self.node("DequantizeLinear", raw, step, point)

    def weights(self, shape: tuple[int, ...], axis: int) -> str:
        """Quantized, with one scale or one a channel."""
        values = self.constant(self.rng.normal(0, 0.5, shape))
        scale: Any = 2.0 ** -int(self.rng.integers(2, 5))
        if self.rng.random() < 0.3:
            sizes = [shape[axis] if one == axis else 1 for one in range(len(shape))]
            scale = 2.0 ** -self.rng.integers(1, 4, sizes)
        return self.quantized(values, int(self.rng.integers(2, 6)), scale, narrow=bool(self.rng.random() < 0.5))

    def activation(self) -> None:
        """A quantizer, half the time behind a ReLU."""
        relu = self.rng.random() < 0.5
        if relu:
            self.node("Relu", self.last)
        bits, step = int(self.rng.integers(2, 8)), 2.0 ** -int(self.rng.integers(0, 4))
        self.quantized(self.last, bits, step, signed=not relu, narrow=not relu and bool(self.rng.random() < 0.3))

    def dense(self) -> None:
        """`Gemm`, or `MatMul` and `Add`; a picture is flattened first."""
        if len(self.shape) > 1:
            self.node("Flatten", self.last)
            self.shape = (int(np.prod(self.shape)),)
        x, units = self.last, int(self.rng.integers(2, 6))
        bias = self.rng.integers(-8, 8, units) / 8
        if self.rng.random() < 0.5:
            weights = self.weights((units, *self.shape), 0)
            self.node("Gemm", x, weights, self.constant(bias), transB=1)
        else:
            self.node("MatMul", x, self.weights((*self.shape, units), 1))
            self.node("Add", self.last, self.constant(bias))
        self.shape = (units,)

    def conv(self) -> None:
        """Plain, grouped or depthwise, with steps, gaps and zeros around it."""
        x, channels, rank = self.last, self.shape[0], len(self.shape) - 1
        depthwise = bool(self.rng.random() < 0.3) and rank == 2
        filters = channels if depthwise else int(self.rng.integers(1, 5))
        size = tuple(int(self.rng.integers(1, 4)) for _ in range(rank))
        strides = [int(self.rng.integers(1, 3))] * rank
        pads = [int(self.rng.integers(0, 2)) for _ in range(2 * rank)]
        spatial = [
            (length + pads[axis] + pads[rank + axis] - size[axis]) // strides[axis] + 1
            for axis, length in enumerate(self.shape[1:])
        ]
        if min(spatial) < 1:
            return
        weights = self.weights((filters, 1 if depthwise else channels, *size), 0)
        given = [self.constant(self.rng.integers(-8, 8, filters) / 8)] if self.rng.random() < 0.7 else []
        group = channels if depthwise else 1
        self.node("Conv", x, weights, *given, group=group, strides=strides, pads=pads, kernel_shape=size)
        self.shape = (filters, *spatial)

    def pool(self, kind: str = "MaxPool") -> None:
        rank = len(self.shape) - 1
        if min(self.shape[1:]) >= 2:
            self.node(kind, self.last, kernel_shape=[2] * rank, strides=[2] * rank, pads=[0] * 2 * rank)
            self.shape = (self.shape[0], *(length // 2 for length in self.shape[1:]))

    def norm(self) -> None:
        """A batch normalization that is a scale and a shift of few bits."""
        channels = self.shape[0]
        scale, shift = 2.0 ** self.rng.integers(-2, 2, channels), self.rng.integers(-8, 8, channels) / 4
        rest = [np.zeros(channels), np.full(channels, 1 - 2.0**-10)]
        given = [self.constant(value) for value in (scale, shift, *rest)]
        self.node("BatchNormalization", self.last, *given, epsilon=2.0**-10)

    def branches(self) -> None:
        """A tensor, added to itself or joined with itself through another quantizer."""
        first = self.last
        self.activation()
        if self.rng.random() < 0.5:
            self.node("Add", first, self.last)
        else:
            self.node("Concat", first, self.last, axis=1)
            self.shape = (2 * self.shape[0], *self.shape[1:])

    def model(self) -> Any:
        """The ONNX model, of `SAMPLES` samples a batch."""
        source = helper.make_tensor_value_info("x", TensorProto.FLOAT, [SAMPLES, *self.source])
        end = helper.make_tensor_value_info(self.last, TensorProto.FLOAT, [SAMPLES, *self.shape])
        graph = helper.make_graph(self.nodes, "net", [source], [end], self.constants)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid(DOMAIN, self.opset_of_qonnx)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def save(self, path: Path) -> Path:
        onnx.save_model(self.model(), path)
        return path


def random_net(seed: int) -> OnnxNet:
    """Two to four layers on a row, a sequence or a picture."""
    rng = np.random.default_rng([seed, 1])
    shape = [(5,), (2, 8), (1, 6, 5), (3, 5, 6)][int(rng.integers(0, 4))]
    net = OnnxNet(shape, seed, qcdq=bool(rng.random() < 0.4))
    net.quantized(net.last, int(rng.integers(3, 8)), 2.0 ** -int(rng.integers(1, 4)))
    for _ in range(int(rng.integers(2, 5))):
        kinds = ["dense", "branches", "norm"] + (["conv"] * 4 + ["pool"] if len(net.shape) > 1 else ["dense"])
        getattr(net, str(rng.choice(kinds)))()
        if rng.random() < 0.8:
            net.activation()
    net.dense()
    return net


ROUNDINGS = ("ROUND", "FLOOR", "CEIL", "UP", "DOWN", "HALF_UP", "HALF_DOWN")


class FreeNet(OnnxNet):
    """Scales of any size, zero points, every rounding, and every other quantizer that qonnx has."""

    def weights(self, shape: tuple[int, ...], axis: int) -> str:
        """Quantized with one scale or one a channel, none of them a power of two; or to two values."""
        values = self.constant(self.rng.normal(0, 0.5, shape))
        sizes = [shape[axis] if one == axis else 1 for one in range(len(shape))]
        scale: Any = self.rng.uniform(0.05, 0.3)
        if self.rng.random() < 0.2:
            return self.node("BipolarQuant", values, self.constant(scale), domain=DOMAIN)
        if self.rng.random() < 0.5:
            scale = self.rng.uniform(0.05, 0.3, sizes)
        return self.quantized(values, int(self.rng.integers(2, 6)), scale, narrow=bool(self.rng.random() < 0.5))

    def activation(self) -> None:
        """Any quantizer, now and then behind a ReLU."""
        kind = str(self.rng.choice(["Quant", "Quant", "Quant", "IntQuant", "BipolarQuant", "MultiThreshold"]))
        scale = float(self.rng.choice([self.rng.uniform(0.1, 0.5), 0.125, 0.25]))
        bits, rounding = int(self.rng.integers(1, 6)), str(self.rng.choice(ROUNDINGS))
        signed = bool(self.rng.random() < 0.5)
        zero = float(self.rng.integers(-3, 4)) if self.rng.random() < 0.4 else 0.0
        if kind in ("Quant", "IntQuant") and self.rng.random() < 0.5:
            self.node("Relu", self.last)
            bits, zero = bits + 1, -abs(zero)
        if kind == "BipolarQuant":
            self.node("BipolarQuant", self.last, self.constant(scale), domain=DOMAIN)
        elif kind == "MultiThreshold":
            rows = int(self.rng.choice([1, self.shape[0]]))
            values = np.sort(self.rng.normal(0, 1, (rows, int(self.rng.integers(1, 6)))), axis=1)
            given: Any = {"out_scale": scale, "out_bias": float(self.rng.integers(-2, 3))}
            if len(self.shape) == 2:
                given["data_layout"] = "NCW"  # qonnx takes a sequence's channels for its last axis
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
            self.node("Transpose", self.last, perm=[0, 1, 3, 2])
            self.shape = (self.shape[0], self.shape[2], self.shape[1])
        if rng.random() < 0.7:
            self.node("Sub", self.last, self.constant([int(rng.integers(-8, 9)) / 8]))
        if rng.random() < 0.4:
            self.node("Flatten", self.last)
            self.shape = (int(np.prod(self.shape)),)

    def norm(self) -> None:
        """A batch normalization of any numbers, scales below 0 too."""
        channels = self.shape[0]
        scale = self.rng.uniform(0.3, 2, channels) * self.rng.choice([1, 1, 1, -1], channels)
        rest = [
            self.rng.normal(0, 0.5, channels),
            self.rng.normal(0, 0.5, channels),
            self.rng.uniform(0.5, 2, channels),
        ]
        self.node("BatchNormalization", self.last, self.constant(scale), *(self.constant(value) for value in rest))

    def dense(self) -> None:
        """With a bias of any numbers, half the time."""
        if len(self.shape) > 1:
            self.node("Flatten", self.last)
            self.shape = (int(np.prod(self.shape)),)
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
    shape = [(5,), (2, 8), (1, 6, 5), (3, 5, 6)][int(rng.integers(0, 4))]
    net = FreeNet(shape, seed)
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


def executed(model: Any, x: np.ndarray) -> np.ndarray:
    """The model's output by qonnx's executor, for as many samples as its batch has."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    wrapped = ModelWrapper(model).transform(InferShapes())
    return execute_onnx(wrapped, {wrapped.graph.input[0].name: x})[wrapped.graph.output[0].name]
