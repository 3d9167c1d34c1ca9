"""Where numbers outgrow what floats hold, so that a Keras model computed in them may round."""

from collections.abc import Iterator, Mapping

from netloom.hls import Conversion
from netloom.hls.dataflow import Bounds, Dataflow

_FLOAT32, _FLOAT64 = 24, 53
_NAMED = 3


def layers_beyond(conversion: Conversion, bits: int) -> list[str]:
    """Layers in which numbers of more than so many bits can come, by proof: as the user's model calls them.

    What is inside a recurrent layer has a path, such as `gru/candidate`.
    """
    dataflow = conversion.dataflow
    origins = {layer.name: layer.origin for layer in dataflow.layers}
    wide = (
        layer
        for layer, one in _ranges(dataflow, dataflow.bounds)
        if max(-int(one.low.min()), int(one.high.max())) > 2**bits
    )
    return list(dict.fromkeys(origins.get(layer, layer) for layer in wide))


def _ranges(dataflow: Dataflow, bounds: Mapping[str, Bounds]) -> Iterator[tuple[str, Bounds]]:
    """The layer and the range of every result, in bodies before that of the node that holds them."""
    for node in dataflow.nodes:
        within = node.operation.within([bounds[name] for name in node.inputs])
        for body, ranges in zip(node.operation.bodies, within, strict=True):
            yield from _ranges(body, ranges)
        yield from ((node.layer, bounds[name]) for name in node.results)


def float_warning(conversion: Conversion) -> str:
    """What to know before the quantized model is held against firmware, in one line; empty if nothing can round."""
    single, double = (layers_beyond(conversion, bits) for bits in (_FLOAT32, _FLOAT64))
    text = ""
    if single:
        text = f"float32 cannot hold every sum of {_listed(single)}: the quantized model's own predict may round there"
        text += f", and the engine quantized, in float64, in {_listed(double)}" if double else "; the engine does not"
    return text


def _listed(names: list[str]) -> str:
    named, more = names[:_NAMED], len(names) - _NAMED
    return f"{'layer' if len(names) == 1 else 'layers'} {', '.join(named)}" + (f" and {more} more" if more > 0 else "")
