"""Random QONNX and QCDQ models, and what qonnx's executor makes of them."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SAMPLES = 8
DOMAIN = "qonnx.custom_op.general"
CHANNELS_LAST = "qonnx.custom_op.channels_last"
SHAPES = [(5,), (2, 8), (1, 6, 5), (3, 5, 6)]


class OnnxNet:
    """An ONNX model that grows node by node; `last` is its newest tensor, `shape` that tensor's.

    Pictures and sequences have their channels first, or last, as `channels_last` says of the newest tensor.
    """

    def __init__(
        self, shape: tuple[int, ...], seed: int = 0, qcdq: bool = False, opset: int = 13, channels_last: bool = False
    ) -> None:
        self.channels_last = channels_last and len(shape) > 1
        self.opset, self.opset_of_qonnx = opset, 1
        self.rng = np.random.default_rng(seed)
        self.qcdq, self.source, self.shape, self.last = qcdq, shape, shape, "x"
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        # Shapes of what a node of channels last takes, which qonnx does not infer.
        self.stated: dict[str, tuple[int, ...]] = {}

    @property
    def channels(self) -> int:
        """Of the newest tensor."""
        return self.shape[-1 if self.channels_last else 0]

    @property
    def places(self) -> tuple[int, ...]:
        """The rest of its shape."""
        return self.shape[:-1] if self.channels_last else self.shape[1:]

    def arranged(self, channels: int, places: tuple[int, ...]) -> tuple[int, ...]:
        """The shape that is made of both."""
        return (*places, channels) if self.channels_last else (channels, *places)

    def placed(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node to which it matters where the channels are."""
        last = self.channels_last and len(self.shape) > 1
        self.stated[inputs[0]] = (1, *self.shape)
        return self.node(kind, *inputs, domain=CHANNELS_LAST if last else "", **attributes)

    def turn(self) -> None:
        """The channels to the other end."""
        rank = len(self.shape) + 1
        channels, places, last = self.channels, self.places, self.channels_last
        self.node("Transpose", self.last, perm=[0, rank - 1, *range(1, rank - 1)] if last else [0, *range(2, rank), 1])
        self.channels_last = not last
        self.shape = self.arranged(channels, places)

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
        """By `Quant`, or by `QuantizeLinear`, `Clip` and `DequantizeLinear` with 2 to 8 bits."""
        if not self.qcdq or not 2 <= bits <= 8 or np.ndim(scale):
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
        bits = int(self.rng.integers(1, 9))
        return self.quantized(values, bits, scale, narrow=bits > 1 and bool(self.rng.random() < 0.5))

    def activation(self) -> None:
        """A quantizer, half the time behind a ReLU."""
        relu = self.rng.random() < 0.5
        if relu:
            self.node("Relu", self.last)
        bits, step = int(self.rng.integers(2, 9)), 2.0 ** -int(self.rng.integers(0, 4))
        self.quantized(self.last, bits, step, signed=not relu, narrow=not relu and bool(self.rng.random() < 0.3))

    def dense(self) -> None:
        """`Gemm`, or `MatMul` and `Add`; a picture is flattened first."""
        if len(self.shape) > 1:
            self.node("Flatten", self.last)
            self.shape, self.channels_last = (int(np.prod(self.shape)),), False
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
        x, channels, rank = self.last, self.channels, len(self.shape) - 1
        depthwise = bool(self.rng.random() < 0.3) and rank == 2
        filters = channels if depthwise else int(self.rng.integers(1, 5))
        size = tuple(int(self.rng.integers(1, 4)) for _ in range(rank))
        strides = [int(self.rng.integers(1, 3))] * rank
        pads = [int(self.rng.integers(0, 2)) for _ in range(2 * rank)]
        spatial = [
            (length + pads[axis] + pads[rank + axis] - size[axis]) // strides[axis] + 1
            for axis, length in enumerate(self.places)
        ]
        if min(spatial) < 1:
            return
        shape = (filters, *self.arranged(1 if depthwise else channels, size))
        weights = self.weights(shape, 0)
        self.stated[weights] = shape
        given = [self.constant(self.rng.integers(-8, 8, filters) / 8)] if self.rng.random() < 0.7 else []
        modes = {"group": channels if depthwise else 1, "strides": strides, "dilations": [1] * rank, "pads": pads}
        self.placed("Conv", x, weights, *given, kernel_shape=size, **modes)
        self.shape = self.arranged(filters, tuple(spatial))

    def pool(self, kind: str = "MaxPool") -> None:
        rank = len(self.shape) - 1
        if min(self.places) >= 2:
            self.placed(kind, self.last, kernel_shape=[2] * rank, strides=[2] * rank, pads=[0] * 2 * rank)
            self.shape = self.arranged(self.channels, tuple(length // 2 for length in self.places))

    def norm(self) -> None:
        """A batch normalization that is a scale and a shift of few bits."""
        channels = self.channels
        scale, shift = 2.0 ** self.rng.integers(-2, 2, channels), self.rng.integers(-8, 8, channels) / 4
        rest = [np.zeros(channels), np.full(channels, 1 - 2.0**-10)]
        given = [self.constant(value) for value in (scale, shift, *rest)]
        self.placed("BatchNormalization", self.last, *given, epsilon=2.0**-10)

    def branches(self) -> None:
        """A tensor, added to itself or joined with itself through another quantizer."""
        first = self.last
        self.activation()
        if self.rng.random() < 0.5:
            self.node("Add", first, self.last)
        else:
            self.node("Concat", first, self.last, axis=len(self.shape) if self.channels_last else 1)
            self.shape = self.arranged(2 * self.channels, self.places)

    def model(self) -> Any:
        """The ONNX model, of `SAMPLES` samples a batch, or one: qonnx's nodes of channels last take no more."""
        last = any(node.domain == CHANNELS_LAST for node in self.nodes)
        batch = 1 if last else SAMPLES
        source, end, *stated = (
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in [
                ("x", (batch, *self.source)),
                (self.last, (batch, *self.shape)),
                *(self.stated.items() if last else ()),
            ]
        )
        graph = helper.make_graph(self.nodes, "net", [source], [end], self.constants, value_info=stated)
        versions = {"": self.opset, DOMAIN: self.opset_of_qonnx}
        if last:
            versions[CHANNELS_LAST] = self.opset
        opsets = [helper.make_opsetid(*pair) for pair in versions.items()]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def save(self, path: Path) -> Path:
        onnx.save_model(self.model(), path)
        return path


def random_net(seed: int) -> OnnxNet:
    """Two to four layers on a row, a sequence or a picture, whose channels are first or last, or change places."""
    rng = np.random.default_rng([seed, 1])
    shape = SHAPES[int(rng.integers(0, len(SHAPES)))]
    net = OnnxNet(shape, seed, qcdq=bool(rng.random() < 0.4), channels_last=bool(rng.random() < 0.4))
    net.quantized(net.last, int(rng.integers(3, 8)), 2.0 ** -int(rng.integers(1, 4)))
    for _ in range(int(rng.integers(2, 5))):
        kinds = ["dense", "branches", "norm"] + (["conv"] * 4 + ["pool"] if len(net.shape) > 1 else ["dense"])
        getattr(net, str(rng.choice(kinds)))()
        if len(net.shape) > 1 and rng.random() < 0.2:
            net.turn()
        if rng.random() < 0.8:
            net.activation()
    net.dense()
    return net


def executed(model: Any, x: np.ndarray) -> np.ndarray:
    """The model's output by qonnx's executor, in as many batches as it takes."""
    import onnxruntime
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    onnxruntime.set_default_logger_severity(3)  # it warns of opset 1, as which qonnx runs nodes of channels last
    wrapped = ModelWrapper(model).transform(InferShapes())
    source, end = wrapped.graph.input[0], wrapped.graph.output[0].name
    batch = source.type.tensor_type.shape.dim[0].dim_value
    parts = [x[start : start + batch] for start in range(0, len(x), batch)]
    return np.concatenate([execute_onnx(wrapped, {source.name: part})[end] for part in parts])
