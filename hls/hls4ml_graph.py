"""From a parsed model to hls4ml's ModelGraph: configure, build."""

import copy
import re
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError, NetloomError
from netloom.fixed_point import FixedPoint
from netloom.hls.conversion import PROJECT
from netloom.hls.frontends.parsed import ParsedModel
from netloom.hls.hls_settings import HlsSettings
from netloom.hls.layers.rearrange import NetloomRearrange
from netloom.hls.lower import fixed_point
from netloom.hls.lower.shape import repacks
from netloom.quantize.smallest_grid import smallest_grid

_REPACK = "repack_"

_PRECISION_ROLES = ("result", "accum")


def build_graph(
    parsed: ParsedModel,
    settings: HlsSettings,
    directory: Path,
    types: Mapping[str, Mapping[str, FixedPoint]],
    table_sizes: Mapping[str, Mapping[str, int]],
) -> Any:
    """Build hls4ml's ModelGraph, every type given explicitly; nothing is written.

    Args:
        parsed: the model; not changed.
        settings: of the conversion.
        directory: where hls4ml will write its project.
        types: {layer: {role: type}} for results, accumulators and tables.
        table_sizes: {layer: {role: entries}}.

    Raises:
        LayerNotSupportedError: if hls4ml cannot build it, or a layer of netloom's own refuses its input's type.
    """
    import hls4ml.backends  # noqa: F401  (registers the backends)
    from hls4ml.model.graph import ModelGraph
    from hls4ml.utils.config import create_config

    # With io_stream hls4ml replaces reshapes by repacking layers, which take their types from the reshape's.
    types = {name.removeprefix(_REPACK): roles for name, roles in types.items()}
    config = create_config(
        output_dir=str(directory),
        project_name=PROJECT,
        backend="Vitis",
        part=settings.part,
        clock_period=settings.clock_period,
        io_type=settings.io_type,
    )
    config["TraceOutput"] = True
    config["HLSConfig"] = {
        "Model": {
            "Precision": {"default": "fixed<16,6>"},
            "ReuseFactor": settings.reuse_factor,
            "Strategy": settings.strategy,
        },
        "LayerName": {
            layer["name"]: _layer_config(
                layer, settings, types.get(layer["name"], {}), table_sizes.get(layer["name"], {})
            )
            for layer in parsed.layers
        },
    }
    layers = copy.deepcopy(parsed.layers)
    if settings.io_type == "io_stream":
        _repack(layers)
    try:
        graph = ModelGraph.from_layer_list(config, layers, list(parsed.inputs), list(parsed.outputs))
    except NetloomError:
        raise
    except Exception as error:  # hls4ml asserts, and raises whatever it meets
        reason = " ".join(str(error).split()) or type(error).__name__
        if "Cloning" in reason:  # that many layers read one stream
            reason += "; use io_parallel"
        elif leaf := re.fullmatch(r"Remove leaf node (\S+) will connect its input node (\S+) to output.*", reason):
            reason = (
                f"its optimizer drops {leaf[1]!r}, which changes nothing of what {leaf[2]!r} gives, and both are "
                "outputs; leave one of them out"
            )
        raise LayerNotSupportedError(f"hls4ml cannot build the network with {settings.io_type}: {reason}") from error
    _type_clones(graph)
    return graph


def _type_clones(graph: Any) -> None:
    """Give the copies of a stream its type: hls4ml makes them before it knows that of a stream of new width."""
    for node in graph.get_layers():
        if node.class_name == "Clone":
            for output in node.outputs:
                node.get_output_variable(output).type.precision = node.get_input_variable().type.precision


def _repack(layers: list[dict[str, Any]]) -> None:
    """Give streams of pixels that are reshaped their new width.

    hls4ml leaves a flattened stream as it is, because its dense layers take any; everything else then reads beyond a
    pixel. Its `repack_stream` cuts pixels up or joins whole ones: between sizes of which neither divides the other it
    loses values.
    """
    for layer in layers:
        if layer["class_name"] != "Reshape":
            continue
        (before,), after = layer["input_shape"], layer["target_shape"]
        if not repacks(before[-1], after[-1]):
            layer["class_name"] = NetloomRearrange.__name__
            layer["indices"] = np.arange(prod(after), dtype=np.int64).reshape(after)
        elif len(after) == 1:
            readers = [reader["class_name"] for reader in layers if layer["name"] in reader["inputs"]]
            if readers != ["Dense"]:
                layer["class_name"] = "Repack"


def _layer_config(
    layer: Mapping[str, Any],
    settings: HlsSettings,
    types: Mapping[str, FixedPoint],
    table_sizes: Mapping[str, int],
) -> dict[str, Any]:
    precision = _weight_types(layer) | {role: types[role] for role in _PRECISION_ROLES if role in types}
    # hls4ml ignores table types under `Precision`; they are keys of their own.
    tables = {f"{role}_t": str(type_) for role, type_ in types.items() if role not in _PRECISION_ROLES}
    return {
        "Trace": True,
        "Precision": {role: str(type_) for role, type_ in precision.items()},
        "ReuseFactor": _reuse_factor(layer, settings),
        "Strategy": _strategy(layer, settings),
        **tables,
        **table_sizes,
    }


def _strategy(layer: Mapping[str, Any], settings: HlsSettings) -> str:
    """The strategy asked for, but Latency where hls4ml's C++ has no other: depthwise convolution with io_parallel."""
    only_latency = "Depthwise" in layer["class_name"] and settings.io_type == "io_parallel"
    return "Latency" if only_latency else settings.strategy


def _reuse_factor(layer: Mapping[str, Any], settings: HlsSettings) -> int:
    """The reuse factor nearest to the one asked for that `dense_resource` accepts.

    hls4ml itself finds it for all layers but pointwise convolutions, and for convolutions with io_parallel it goes
    beyond what they take; their C++ then aborts.
    """
    weights = layer.get("weight_data")
    if settings.strategy != "Resource" or weights is None:
        return settings.reuse_factor
    from hls4ml.backends import get_backend

    backend = get_backend("Vitis")
    n_out = weights.shape[-1]
    n_in = weights.size // n_out
    valid = backend.get_valid_reuse_factors(n_in, n_out)
    convolves = "Conv" in layer["class_name"] or len(layer["input_shape"][0]) > 1
    if convolves and settings.io_type == "io_parallel":
        valid = [factor for factor in valid if factor <= n_in]
    return int(backend.get_closest_reuse_factor(valid, settings.reuse_factor))


def _weight_types(layer: Mapping[str, Any]) -> dict[str, FixedPoint]:
    """Types of weights: the handlers' quantizers', or for batch normalization the values' own grid.

    A dense layer on a tensor becomes a convolution inside hls4ml and loses its quantizers on the way; its types must
    therefore stand in the configuration too.
    """
    types = {}
    for role in ("weight", "depthwise", "bias"):
        quantizer = layer.get(f"{role}_quantizer")
        if quantizer is not None:
            types["weight" if role == "depthwise" else role] = fixed_point(quantizer.hls_type)
    if "scale_data" in layer:
        for role, key in (("scale", "scale_data"), ("bias", "bias_data")):
            types[role] = smallest_grid(np.asarray(layer[key]), f"layer {layer['name']!r}, {role}")
    return types
