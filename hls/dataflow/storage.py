"""Dataflow graphs on disk: `dataflow.json` for the structure, `dataflow.npz` for weights and tables. No pickles."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from netloom.common.reading import DAMAGE, fault, read_arrays, read_json
from netloom.errors import NetloomError, StorageError
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow.graph import Dataflow
from netloom.hls.dataflow.operations.cast import Cast
from netloom.hls.dataflow.operations.clamp import Clamp
from netloom.hls.dataflow.operations.depthwise_matvec import DepthwiseMatVec
from netloom.hls.dataflow.operations.divide import Divide
from netloom.hls.dataflow.operations.elementwise import Elementwise
from netloom.hls.dataflow.operations.gather import Gather
from netloom.hls.dataflow.operations.lookup import Lookup
from netloom.hls.dataflow.operations.matmul import MatMul
from netloom.hls.dataflow.operations.matvec import MatVec
from netloom.hls.dataflow.operations.operation import Operation
from netloom.hls.dataflow.operations.permute import Permute
from netloom.hls.dataflow.operations.pool import Pool
from netloom.hls.dataflow.operations.reduce import Reduce
from netloom.hls.dataflow.operations.scan import Scan
from netloom.hls.dataflow.operations.window import Window
from netloom.hls.dataflow.storage_schema import DataflowFile, Reader

SCHEMA_VERSION = "1.0"
DATAFLOW_FILE = "dataflow.json"

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
        MatMul,
        Gather,
        Scan,
    )
}
"""The primitives, by the name they have on disk."""


def save_dataflow(dataflow: Dataflow, directory: Path) -> None:
    """Write the graph as `dataflow.json` and `dataflow.npz` in an existing directory."""
    arrays: dict[str, np.ndarray] = {}
    structure = {"schema_version": SCHEMA_VERSION, **_encoded(dataflow, "", arrays)}
    (directory / DATAFLOW_FILE).write_text(json.dumps(structure, indent=1) + "\n", encoding="utf-8")
    with (directory / "dataflow.npz").open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _encoded(dataflow: Dataflow, path: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """A graph as JSON can hold it; its arrays go into `arrays`, under keys that start with `path`."""

    def encode(value: Any, key: str) -> Any:
        match value:
            case np.ndarray():
                wide = value.dtype.kind == "O"
                arrays[key] = value.astype(str) if wide else value
                return {"array": key}
            case FixedPoint():
                return str(value)
            case Dataflow():
                return _encoded(value, f"{key}/", arrays)
            case tuple():
                return [encode(item, f"{key}.{index}") for index, item in enumerate(value)]
            case _:
                return value

    return {
        "sources": {
            name: {"shape": list(tensor.shape), "element": str(tensor.element)}
            for name, tensor in dataflow.sources.items()
        },
        "nodes": [
            {
                "name": node.name,
                "operation": type(node.operation).__name__,
                "inputs": list(node.inputs),
                "layer": node.layer,
                "parameters": {
                    field.name: encode(getattr(node.operation, field.name), f"{path}{index}.{field.name}")
                    for field in fields(node.operation)  # type: ignore[arg-type]
                },
            }
            for index, node in enumerate(dataflow.nodes)
        ],
        "outputs": list(dataflow.outputs),
        "layers": [asdict(layer) for layer in dataflow.layers],
        **({"ends": dataflow.ends.model_dump(mode="json")} if dataflow.ends else {}),
    }


def load_dataflow(directory: Path) -> Dataflow:
    """Read what `save_dataflow` wrote.

    Raises:
        StorageError: if a file is missing, corrupt, or of another schema version.
    """
    file = read_json(
        directory / DATAFLOW_FILE, DataflowFile, f"{directory} is not a converted network: convert the model again"
    )
    try:
        return Reader(OPERATIONS, read_arrays(directory / "dataflow.npz")).graph(file)
    except FileNotFoundError as error:
        raise StorageError(f"{error.filename} is missing: {directory} is not a converted network") from None
    except ValidationError as error:
        raise StorageError(
            f"{directory}: the dataflow graph is corrupt ({fault(error)}); convert the model again"
        ) from None
    except (*DAMAGE, NetloomError) as error:
        reason = " ".join(str(error).split())[:200]
        raise StorageError(f"{directory}: the dataflow graph is corrupt ({reason}); convert the model again") from None
