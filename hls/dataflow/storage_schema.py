"""What a dataflow graph on disk may say: the schema of `dataflow.json`, and the limits of what it describes."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from pydantic import BaseModel, Field, PlainValidator, ValidationInfo, create_model

from netloom.common.ends import Ends
from netloom.common.reading import FixedModel, Shape
from netloom.errors import PrecisionError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow.graph import Dataflow, Layer, Node
from netloom.hls.dataflow.operations.operation import Operation, TensorType

MAX_ELEMENTS = 2**26
"""Of all tensors of a graph together: their proven ranges are held in memory."""

MAX_DEPTH = 4
"""Of graphs in each other."""

MAX_DIGITS = 400
"""Of a whole number that is there as text: a type's width and the distance of its point take less."""

_INTEGER = Annotated[int, Field(ge=-(2**1024), le=2**1024)]


class TensorPart(FixedModel):
    """Shape and type of an input."""

    shape: Shape
    element: str


class NodePart(FixedModel):
    """An operation, its parameters still to be read."""

    name: str
    operation: str
    inputs: tuple[str, ...]
    layer: str
    parameters: dict[str, Any]


class LayerPart(FixedModel):
    """An hls4ml layer."""

    name: str
    kind: str
    node: str
    origin: str
    interval: Annotated[int, Field(ge=0, lt=2**40)]


class GraphPart(FixedModel):
    """A graph."""

    sources: Annotated[dict[str, TensorPart], Field(min_length=1)]
    nodes: tuple[NodePart, ...]
    outputs: Annotated[tuple[str, ...], Field(min_length=1)]
    layers: tuple[LayerPart, ...]
    ends: Ends = Field(default_factory=Ends)


class DataflowFile(GraphPart):
    """The content of `dataflow.json`."""

    schema_version: Literal["1.0"]


@dataclass(frozen=True)
class Reader:
    """Makes graphs of what is on disk.

    Attributes:
        operations: the operations there may be, by name.
        arrays: weights and tables, by key.
        depth: how many graphs this one lies in.
    """

    operations: Mapping[str, type[Operation]]
    arrays: Mapping[str, np.ndarray]
    depth: int = 0

    def graph(self, part: GraphPart) -> Dataflow:
        """A graph that can be computed.

        Raises:
            ValueError, LookupError, TypeError, ArithmeticError, PrecisionError: if there is none.
        """
        dataflow = Dataflow(
            {name: TensorType(tensor.shape, FixedPoint.parse(tensor.element)) for name, tensor in part.sources.items()},
            tuple(Node(node.name, self._operation(node), node.inputs, node.layer) for node in part.nodes),
            part.outputs,
            tuple(Layer(**layer.model_dump()) for layer in part.layers),
            part.ends,
        )
        check_graph(dataflow)
        return dataflow

    def _operation(self, node: NodePart) -> Operation:
        operation = self.operations[node.operation]
        model = _parameters(operation).model_validate(node.parameters, context=self)
        return operation(**{name: getattr(model, name) for name in type(model).model_fields})


def _reader(info: ValidationInfo) -> Reader:
    assert isinstance(info.context, Reader)
    return info.context


def _graph(value: Any, info: ValidationInfo) -> Dataflow:
    reader = _reader(info)
    if reader.depth >= MAX_DEPTH:
        raise ValueError(f"graphs lie more than {MAX_DEPTH} deep in each other")
    return replace(reader, depth=reader.depth + 1).graph(GraphPart.model_validate(value))


def _array(value: Any, info: ValidationInfo) -> np.ndarray:
    arrays = _reader(info).arrays
    key = value.get("array") if isinstance(value, dict) else None
    if not isinstance(key, str) or key not in arrays:
        raise ValueError("there is no such array")
    array = arrays[key]
    if array.dtype.kind == "U":
        return _wide(array)
    if array.dtype.kind != "i" or (array.size and max(-int(array.min()), int(array.max())) > 2**62):
        raise ValueError(f"array {key!r} must hold whole numbers within 62 bits, not {array.dtype}")
    return array.astype(np.int64)


def _wide(array: np.ndarray) -> np.ndarray:
    """Whole numbers beyond int64, which are there as text."""
    if array.dtype.itemsize > 4 * MAX_DIGITS:
        raise ValueError(f"whole numbers must have at most {MAX_DIGITS} digits")
    return np.array([int(word) for word in array.flat], dtype=object).reshape(array.shape)


def _type(value: Any) -> FixedPoint:
    try:
        return FixedPoint.parse(str(value))
    except PrecisionError as error:
        raise ValueError(str(error)) from None


def _hint(hint: Any) -> Any:
    """What a parameter of an operation is on disk."""
    if hint is np.ndarray:
        return Annotated[Any, PlainValidator(_array)]
    if hint is FixedPoint:
        return Annotated[Any, PlainValidator(_type)]
    if hint is int:
        return _INTEGER
    if hint is Dataflow:
        return Annotated[Any, PlainValidator(_graph)]
    if get_origin(hint) is tuple:
        return tuple[tuple(one if one is ... else _hint(one) for one in get_args(hint))]  # type: ignore[misc]
    if isinstance(hint, UnionType):
        return Union[tuple(None if one is type(None) else _hint(one) for one in get_args(hint))]  # noqa: UP007
    return hint


@cache
def _parameters(operation: type[Operation]) -> type[BaseModel]:
    """The schema of an operation's parameters, from its fields."""
    hints = get_type_hints(operation)
    chosen: dict[str, Any] = {field.name: (_hint(hints[field.name]), ...) for field in fields(operation)}  # type: ignore[arg-type]
    return create_model(f"{operation.__name__}Parameters", __base__=FixedModel, **chosen)


def check_graph(dataflow: Dataflow) -> None:
    """Make sure that a graph can be computed: names, shapes, limits, and its proven ranges.

    Raises:
        ValueError: if it cannot.
        LookupError, TypeError, ArithmeticError, PrecisionError: if it cannot, found on the way.
    """
    types, elements = dict(dataflow.sources), 0
    for tensor in types.values():
        elements += _size(tensor)
    for node in dataflow.nodes:
        inputs = [types[name] for name in node.inputs]
        if not node.operation.holds(inputs):
            raise ValueError(f"the parameters of node {node.name!r} contradict each other")
        for name, tensor in zip(node.results, node.operation.outputs(inputs), strict=True):
            types[name] = tensor
            elements += _size(tensor)
        elements += sum(_elements(body) for body in node.operation.bodies)
        if elements > MAX_ELEMENTS:
            raise ValueError(f"its tensors have more than {MAX_ELEMENTS} elements")
    layers = [layer.name for layer in dataflow.layers]
    if len(set(layers)) < len(layers):
        raise ValueError("two layers have one name")
    for name in (*dataflow.outputs, *(layer.node for layer in dataflow.layers)):
        if name not in types:
            raise ValueError(f"there is no node {name!r}")
    _check_ends(dataflow)
    for name, bounds in dataflow.bounds.items():
        if bounds.low.shape != types[name].shape:
            raise ValueError(f"node {name!r} does not give the shape {types[name].shape}")
    for node in dataflow.nodes:
        node.operation.prepare(dataflow.input_types(node), dataflow.input_bounds(node))


def _check_ends(dataflow: Dataflow) -> None:
    ends = dataflow.ends
    if len(ends.inputs) not in (0, len(dataflow.sources)) or len(ends.outputs) not in (0, len(dataflow.outputs)):
        raise ValueError("what the host does is not said of every input and output")
    for name, scale in zip(dataflow.outputs, ends.outputs, strict=False):
        if scale is not None:
            scale.check(dataflow.types[name].shape)


def _elements(dataflow: Dataflow) -> int:
    inside = (body for node in dataflow.nodes for body in node.operation.bodies)
    return sum(tensor.size for tensor in dataflow.types.values()) + sum(_elements(body) for body in inside)


def _size(tensor: TensorType) -> int:
    size = 1
    for length in tensor.shape:
        if not 1 <= length <= MAX_ELEMENTS:
            raise ValueError(f"a tensor cannot have the shape {tensor.shape}")
        size *= length
    return size
