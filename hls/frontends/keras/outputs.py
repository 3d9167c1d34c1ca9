"""Outputs of a Keras model that hls4ml cannot tell apart are refused."""

from typing import Any

from netloom.errors import LayerNotSupportedError
from netloom.hls.hls_settings import HlsSettings
from netloom.quantize.support.table import NO_OPERATION

RESHAPES = ("Flatten", "Reshape")
"""Layers that move no element of a flat array."""


def check_outputs(model: Any, settings: HlsSettings) -> None:
    """Refuse outputs that are inputs, or that are one another's values: hls4ml has a single variable for both.

    Raises:
        LayerNotSupportedError: naming the outputs.
    """
    roots: dict[int, str] = {}
    for tensor in model.outputs:
        name = tensor._keras_history.operation.name
        root = _root(tensor, settings)
        if any(root is source for source in model.inputs):
            raise LayerNotSupportedError(
                f"the network's output {name!r} is its input, computed by no layer; leave it out"
            )
        if id(root) in roots:
            raise LayerNotSupportedError(
                f"the network's outputs {roots[id(root)]!r} and {name!r} hold the same values, and hls4ml's C++ "
                "has one array for both; keep one of them"
            )
        roots[id(root)] = name


def _root(tensor: Any, settings: HlsSettings) -> Any:
    """The tensor whose values another one has, seen through the layers that become no code."""
    while True:
        operation, node, _ = tensor._keras_history
        kind = type(operation).__name__
        no_code = kind in NO_OPERATION or (kind in RESHAPES and settings.io_type == "io_parallel")
        linear = kind == "Activation" and operation.activation.__name__ == "linear"
        if not (no_code or linear):
            return tensor
        tensor = operation._inbound_nodes[node].input_tensors[0]
