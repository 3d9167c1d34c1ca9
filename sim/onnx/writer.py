"""`GraphWriter`: collects the nodes and constants of an ONNX graph, every value with the dtype it has."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

BATCH = "N"
"""The axis of samples, which every value has first."""


@dataclass(frozen=True)
class OnnxValue:
    """An edge of the ONNX graph: its name, and the NumPy dtype of its elements."""

    name: str
    dtype: type


class GraphWriter:
    """An ONNX graph that grows; one within a node of another shares its names.

    Attributes:
        label: what the names of new nodes begin with.
    """

    def __init__(self, outer: "GraphWriter | None" = None) -> None:
        self.label: str = outer.label if outer else ""
        self._numbers: Iterator[int] = outer._numbers if outer else count()
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []
        self._constants: dict[tuple[Any, ...], OnnxValue] = {}
        self._casts: dict[tuple[str, type], OnnxValue] = {}

    def _name(self, kind: str) -> str:
        return f"{self.label}/{kind}.{next(self._numbers)}"

    def add(
        self, kind: str, *inputs: OnnxValue, dtype: type | None = None, name: str | None = None, **attributes: Any
    ) -> OnnxValue:
        """A node with one result, of the first input's dtype if none is given, under a name of its own or `name`."""
        label = self._name(kind)
        result = OnnxValue(name or label, dtype or inputs[0].dtype)
        self._nodes.append(helper.make_node(kind, [one.name for one in inputs], [result.name], label, **attributes))
        return result

    def add_loop(
        self, inputs: Sequence[OnnxValue], dtypes: Sequence[type], body: onnx.GraphProto, **attributes: Any
    ) -> list[OnnxValue]:
        """A `Scan` of a body; `dtypes` are those of its results."""
        label = self._name("Scan")
        results = [OnnxValue(f"{label}.{index}", dtype) for index, dtype in enumerate(dtypes)]
        names = [one.name for one in inputs], [one.name for one in results]
        self._nodes.append(helper.make_node("Scan", *names, label, body=body, **attributes))
        return results

    def constant(self, array: Any, dtype: type) -> OnnxValue:
        """A constant, once however often it is asked for."""
        made: np.ndarray = np.asarray(array).astype(dtype)
        key = (made.dtype, made.shape, made.tobytes())
        if key not in self._constants:
            name = self._name("constant")
            self._initializers.append(numpy_helper.from_array(made, name))
            self._constants[key] = OnnxValue(name, dtype)
        return self._constants[key]

    def cast(self, value: OnnxValue, dtype: type) -> OnnxValue:
        """A value in another dtype, which holds it; itself if it has that."""
        if value.dtype is dtype:
            return value
        if (value.name, dtype) not in self._casts:
            to = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
            self._casts[value.name, dtype] = self.add("Cast", value, dtype=dtype, to=to)
        return self._casts[value.name, dtype]

    def with_number(self, kind: str, value: OnnxValue, number: float, dtype: type | None = None) -> OnnxValue:
        """A node of a value and a number of its dtype."""
        return self.add(kind, value, self.constant(number, value.dtype), dtype=dtype)

    def times(self, value: OnnxValue, factor: float) -> OnnxValue:
        """A multiple of a value; itself for 1."""
        return value if factor == 1 else self.with_number("Mul", value, factor)

    def reshape(self, value: OnnxValue, shape: Sequence[int]) -> OnnxValue:
        """Another shape of every sample."""
        return self.add("Reshape", value, self.constant([0, *shape], np.int64))

    def gather(self, value: OnnxValue, indices: Any, axis: int) -> OnnxValue:
        """Elements along one axis at constant indices."""
        return self.add("Gather", value, self.constant(indices, np.int64), axis=axis)

    def reduce(self, kind: str, value: OnnxValue, *axes: int, keep: bool = False) -> OnnxValue:
        """`ReduceSum` or `ReduceMax` along axes."""
        return self.add(kind, value, self.constant(axes, np.int64), keepdims=int(keep))

    def channels_first(self, value: OnnxValue, rank: int) -> OnnxValue:
        """(N, *spatial, C) as (N, C, *spatial), of `rank` spatial axes."""
        return self.add("Transpose", value, perm=[0, rank + 1, *range(1, rank + 1)])

    def channels_last(self, value: OnnxValue, rank: int) -> OnnxValue:
        """The way back."""
        return self.add("Transpose", value, perm=[0, *range(2, rank + 2), 1])

    def fold(
        self,
        state: OnnxValue,
        sequences: Sequence[tuple[OnnxValue, int]],
        step: Callable[["GraphWriter", OnnxValue, Sequence[OnnxValue]], OnnxValue],
    ) -> OnnxValue:
        """The state after `step` for each element of sequences, which lie along the axis given with each."""
        inner = GraphWriter(self)
        before = OnnxValue(inner._name("state"), state.dtype)
        elements = [OnnxValue(inner._name("element"), value.dtype) for value, _ in sequences]
        after = step(inner, before, elements)
        body = inner.graph([info(one) for one in (before, *elements)], [info(after)])
        given = [state, *(value for value, _ in sequences)]
        axes = [axis for _, axis in sequences]
        (last,) = self.add_loop(given, [state.dtype], body, num_scan_inputs=len(sequences), scan_input_axes=axes)
        return last

    def graph(self, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]) -> onnx.GraphProto:
        """The finished graph."""
        return helper.make_graph(self._nodes, self.label or "netloom", inputs, outputs, self._initializers)


def info(value: OnnxValue, shape: Sequence[int | str | None] | None = None) -> onnx.ValueInfoProto:
    """What ONNX wants to know of a graph's input or output; without a shape it is left open."""
    return helper.make_tensor_value_info(value.name, helper.np_dtype_to_tensor_dtype(np.dtype(value.dtype)), shape)
