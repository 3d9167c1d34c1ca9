"""Dataflow graphs on disk: `dataflow.json` for the structure, `dataflow.npz` for weights and tables. No pickles."""

import json
import zipfile
import zlib
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

from netloom.errors import NetloomError, StorageError
from netloom.hls.dataflow.cast import Cast, Clamp
from netloom.hls.dataflow.elementwise import Elementwise
from netloom.hls.dataflow.graph import Dataflow, Layer, Node
from netloom.hls.dataflow.lookup import Lookup
from netloom.hls.dataflow.matvec import DepthwiseMatVec, MatVec
from netloom.hls.dataflow.operation import Operation, TensorType
from netloom.hls.dataflow.permute import Permute
from netloom.hls.dataflow.pool import Divide, Pool
from netloom.hls.dataflow.reduce import Reduce
from netloom.hls.dataflow.window import Window
from netloom.quantize.fixed_point import FixedPoint

SCHEMA_VERSION = "1.0"

_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What parsing a damaged file can end in."""

OPERATIONS: dict[str, type[Operation]] = {
    operation.__name__: operation
    for operation in (
        MatVec,
        DepthwiseMatVec,
        Window,
        Pool,
        Divide,
        Cast,
        Clamp,
        Lookup,
        Elementwise,
        Reduce,
        Permute,
    )
}
"""The primitives, by the name they have on disk."""


def save_dataflow(dataflow: Dataflow, directory: Path) -> None:
    """Write the graph as `dataflow.json` and `dataflow.npz` in an existing directory."""
    arrays: dict[str, np.ndarray] = {}

    def encode(value: Any, key: str) -> Any:
        match value:
            case np.ndarray():
                wide = value.dtype.kind == "O"
                arrays[key] = value.astype(str) if wide else value
                return {"array": key}
            case FixedPoint():
                return str(value)
            case tuple():
                return [encode(item, key) for item in value]
            case _:
                return value

    nodes = [
        {
            "name": node.name,
            "operation": type(node.operation).__name__,
            "inputs": list(node.inputs),
            "layer": node.layer,
            "parameters": {
                field.name: encode(getattr(node.operation, field.name), f"{index}.{field.name}")
                for field in fields(node.operation)  # type: ignore[arg-type]
            },
        }
        for index, node in enumerate(dataflow.nodes)
    ]
    structure = {
        "schema_version": SCHEMA_VERSION,
        "sources": {
            name: {"shape": list(tensor.shape), "element": str(tensor.element)}
            for name, tensor in dataflow.sources.items()
        },
        "nodes": nodes,
        "outputs": list(dataflow.outputs),
        "layers": [
            {
                "name": layer.name,
                "kind": layer.kind,
                "node": layer.node,
                "origin": layer.origin,
                "interval": layer.interval,
            }
            for layer in dataflow.layers
        ],
    }
    (directory / "dataflow.json").write_text(json.dumps(structure, indent=1) + "\n", encoding="utf-8")
    with (directory / "dataflow.npz").open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load_dataflow(directory: Path) -> Dataflow:
    """Read what `save_dataflow` wrote.

    Raises:
        StorageError: if a file is missing, corrupt, or of another schema version.
    """
    path = directory / "dataflow.json"
    try:
        structure = json.loads(path.read_text(encoding="utf-8"))
        if structure["schema_version"] != SCHEMA_VERSION:
            raise StorageError(
                f"{path} has schema version {structure['schema_version']!r}, this netloom reads {SCHEMA_VERSION!r}; "
                "convert the model again"
            )
        with np.load(directory / "dataflow.npz", allow_pickle=False) as arrays:
            nodes = tuple(
                Node(
                    node["name"],
                    _decode_operation(node["operation"], node["parameters"], arrays),
                    tuple(node["inputs"]),
                    node["layer"],
                )
                for node in structure["nodes"]
            )
        sources = {
            name: TensorType(tuple(tensor["shape"]), FixedPoint.parse(tensor["element"]))
            for name, tensor in structure["sources"].items()
        }
        layers = tuple(Layer(**layer) for layer in structure["layers"])
        dataflow = Dataflow(sources, nodes, tuple(structure["outputs"]), layers)
        for name in (*dataflow.outputs, *(layer.node for layer in layers)):
            if name not in dataflow.types:
                raise ValueError(f"there is no node {name!r}")
        return dataflow
    except FileNotFoundError as error:
        raise StorageError(f"{error.filename} is missing: {directory} is not a converted network") from None
    except (*_DAMAGE, NetloomError) as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{directory}: the dataflow graph is corrupt ({error}); convert the model again") from None


def _decode_operation(name: str, parameters: dict[str, Any], arrays: Any) -> Operation:
    operation = OPERATIONS[name]
    hints = get_type_hints(operation)

    def decode(value: Any, hint: Any) -> Any:
        if isinstance(value, dict):
            array = arrays[value["array"]]
            if array.dtype.kind != "U":
                return array
            # Integers beyond int64 are there as text.
            return np.array([int(word) for word in array.flat], dtype=object).reshape(array.shape)
        if isinstance(value, list):
            return tuple(decode(item, None) for item in value)
        if isinstance(value, str):
            if isinstance(hint, type) and issubclass(hint, StrEnum):
                return hint(value)
            return FixedPoint.parse(value)
        return value

    return operation(**{key: decode(value, hints[key]) for key, value in parameters.items()})
