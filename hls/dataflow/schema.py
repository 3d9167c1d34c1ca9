"""What a dataflow graph on disk may say: the schema of `dataflow.json`, and the limits of what it describes."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_type_hints

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationInfo, create_model

from netloom.common.reading import Shape
from netloom.errors import PrecisionError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow.graph import Dataflow
from netloom.hls.dataflow.operation import Operation, TensorType

MAX_ELEMENTS = 2**26
"""Of all tensors of a graph together: their proven ranges are held in memory."""

MAX_DIGITS = 400
"""Of a whole number that is there as text: a type's width and the distance of its point take less."""

_INTEGER = Annotated[int, Field(ge=-(2**1024), le=2**1024)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TensorPart(_Part):
    """Shape and type of an input."""

    shape: Shape
    element: str


class NodePart(_Part):
    """An operation, its parameters still to be read."""

    name: str
    operation: str
    inputs: tuple[str, ...]
    layer: str
    parameters: dict[str, Any]


class LayerPart(_Part):
    """An hls4ml layer."""

    name: str
    kind: str
    node: str
    origin: str
    interval: Annotated[int, Field(ge=0, lt=2**40)]


class DataflowFile(_Part):
    """The content of `dataflow.json`."""

    schema_version: Literal["1.0"]
    sources: Annotated[dict[str, TensorPart], Field(min_length=1)]
    nodes: tuple[NodePart, ...]
    outputs: Annotated[tuple[str, ...], Field(min_length=1)]
    layers: tuple[LayerPart, ...]


def _array(value: Any, info: ValidationInfo) -> np.ndarray:
    arrays: Mapping[str, np.ndarray] = info.context or {}
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
    if isinstance(hint, UnionType):
        return Union[tuple(None if one is type(None) else _hint(one) for one in get_args(hint))]  # noqa: UP007
    return hint


@cache
def _parameters(operation: type[Operation]) -> type[BaseModel]:
    """The schema of an operation's parameters, from its fields."""
    hints = get_type_hints(operation)
    chosen: dict[str, Any] = {field.name: (_hint(hints[field.name]), ...) for field in fields(operation)}  # type: ignore[arg-type]
    return create_model(f"{operation.__name__}Parameters", __base__=_Part, **chosen)


def read_operation(
    operation: type[Operation], parameters: dict[str, Any], arrays: Mapping[str, np.ndarray]
) -> Operation:
    """An operation from its parameters on disk.

    Raises:
        ValueError: if one is missing, unknown, or none of its kind.
    """
    model = _parameters(operation).model_validate(parameters, context=arrays)
    made: Operation = operation(**{name: getattr(model, name) for name in type(model).model_fields})
    return made


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
            if name in types:
                raise ValueError(f"there are two nodes {name!r}")
            types[name] = tensor
            elements += _size(tensor)
        if elements > MAX_ELEMENTS:
            raise ValueError(f"its tensors have more than {MAX_ELEMENTS} elements")
    layers = [layer.name for layer in dataflow.layers]
    if len(set(layers)) < len(layers):
        raise ValueError("two layers have one name")
    for name in (*dataflow.outputs, *(layer.node for layer in dataflow.layers)):
        if name not in types:
            raise ValueError(f"there is no node {name!r}")
    for name, bounds in dataflow.bounds.items():
        if bounds.low.shape != types[name].shape:
            raise ValueError(f"node {name!r} does not give the shape {types[name].shape}")
    for node in dataflow.nodes:
        node.operation.prepare(dataflow.input_types(node), dataflow.input_bounds(node))


def _size(tensor: TensorType) -> int:
    size = 1
    for length in tensor.shape:
        if not 1 <= length <= MAX_ELEMENTS:
            raise ValueError(f"a tensor cannot have the shape {tensor.shape}")
        size *= length
    return size
