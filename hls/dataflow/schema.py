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
from netloom.hls.dataflow.graph import Dataflow, Node
from netloom.hls.dataflow.lookup import Lookup
from netloom.hls.dataflow.matvec import DepthwiseMatVec, MatVec
from netloom.hls.dataflow.operation import Operation, TensorType
from netloom.hls.dataflow.permute import Permute
from netloom.hls.dataflow.pool import Divide, Pool
from netloom.hls.dataflow.window import Window

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
        if node.name in types:
            raise ValueError(f"there are two nodes {node.name!r}")
        inputs = [types[name] for name in node.inputs]
        _check_operation(node, inputs)
        types[node.name] = node.operation.output(inputs)
        elements += _size(types[node.name])
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
        node.operation.headroom(dataflow.input_types(node), dataflow.input_bounds(node))


def _size(tensor: TensorType) -> int:
    size = 1
    for length in tensor.shape:
        if not 1 <= length <= MAX_ELEMENTS:
            raise ValueError(f"a tensor cannot have the shape {tensor.shape}")
        size *= length
    return size


def _check_operation(node: Node, inputs: list[TensorType]) -> None:
    """The conditions that the code of an operation relies on."""
    match node.operation:
        case MatVec() | DepthwiseMatVec() as product:
            depth, width = product.weights.shape
            taken = depth if isinstance(product, MatVec) else depth * width
            holds = product.bias.shape == (width,) and inputs[0].shape[-1:] == (taken,) and depth >= 1
            holds = holds and (product.order is None or sorted(product.order) == list(range(depth)))
        case Window() as window:
            holds = all(size >= 1 for size in (*window.kernel_size, *window.stride))
            holds = holds and all(0 <= size <= 2**16 for pair in window.padding for size in pair)
            holds = holds and len(window.kernel_size) in (1, 2)
        case Pool() as pool:
            holds = all(1 <= size <= 2**12 for size in (*pool.kernel_size, *pool.stride))
        case Divide() as divide:
            holds = divide.divisor >= 1
        case Lookup() as lookup:
            holds = lookup.table.ndim == 1 and lookup.table.size >= 1 and 0 <= lookup.shift <= 1024
        case Permute() as permute:
            holds = permute.indices.size >= 1 and int(permute.indices.min()) >= -1
        case _:
            holds = True
    if not holds:
        raise ValueError(f"the parameters of node {node.name!r} contradict each other")
