"""`fuse_tables`: a table and what follows it, a quantizer or another table, are one table."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from netloom.hls.frontends.parsed import is_cast
from netloom.hls.layers.function_values import TABLE_BITS
from netloom.hls.layers.table import NetloomTable

_MOVES = frozenset(
    {"Reshape", "Repack", "Transpose", "Resize", "NetloomRearrange"}
    | {f"{kind}{rank}D" for kind in ("ZeroPadding", "Cropping") for rank in (1, 2)}
)
"""Layers of one input that change no value; beside zeros, which any type has."""


def fuse_tables(layers: Sequence[dict[str, Any]], outputs: Sequence[str]) -> list[dict[str, Any]]:
    """Let every quantizer and table behind a table take over what that one computes.

    So an entry is q(fn(x)), rounded once, as QKeras computes it; readers with quantizers of their own have a table
    each. What nothing reads any more is left out.

    Args:
        layers: hls4ml's description of a model, each after its inputs.
        outputs: names of the layers whose results are the model's.
    """
    fused: dict[str, dict[str, Any]] = {}
    for layer in layers:
        layer = _with_table(layer, fused)
        before = fused.get(layer["inputs"][0]) if len(layer["inputs"]) == 1 else None
        if before is not None and is_open_table(before):
            # Copied: hls4ml changes lists of inputs in place, and two readers must not share one.
            taken = copy.deepcopy({key: before[key] for key in ("inputs", "input_shape", "class_name", "functions")})
            if is_cast(layer):
                layer = {**layer, **taken}
            elif layer["class_name"] == NetloomTable.__name__:
                layer = {**layer, **taken, "functions": [*before["functions"], *layer["functions"]]}
        fused[layer["name"]] = layer
    for name in reversed(list(fused)):
        read = name in outputs or any(name in layer["inputs"] for layer in fused.values())
        if not read and is_open_table(fused[name]):
            del fused[name]
    return list(fused.values())


def _with_table(layer: dict[str, Any], before: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """An activation as a table, if it has one and a quantizer stands before it; else hls4ml's own."""
    if layer["class_name"] != "Activation" or "functions" not in layer:
        return layer
    source = before[layer["inputs"][0]]
    while source["class_name"] in _MOVES:
        source = before[source["inputs"][0]]
    quantizer = source.get("activation_quantizer")
    if is_open_table(source) or (quantizer is not None and quantizer.hls_type.width <= TABLE_BITS):
        return {**layer, "class_name": NetloomTable.__name__}
    return {key: value for key, value in layer.items() if key != "functions"}


def is_open_table(layer: dict[str, Any]) -> bool:
    """Whether a layer is a table whose result no quantizer has rounded yet."""
    return layer["class_name"] == NetloomTable.__name__ and layer.get("activation_quantizer") is None
