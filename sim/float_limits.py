"""Where numbers outgrow what floats hold, so that a Keras model computed in them may round."""

from netloom.hls import Conversion

_FLOAT32, _FLOAT64 = 24, 53
_NAMED = 3


def layers_beyond(conversion: Conversion, bits: int) -> list[str]:
    """Layers in which numbers of more than so many bits can come, by proof; as the user's model calls them."""
    dataflow = conversion.dataflow
    found: dict[str, None] = {}
    for layer in dataflow.layers:
        ranges = [dataflow.bounds[name] for node in dataflow.layer_nodes(layer.name) for name in node.results]
        if any(max(-int(one.low.min()), int(one.high.max())) > 2**bits for one in ranges):
            found[layer.origin] = None
    return list(found)


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
