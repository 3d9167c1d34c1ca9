"""Every shape of a converted network is the model's."""

from netloom.errors import LayerNotSupportedError
from netloom.hls.dataflow import Dataflow
from netloom.hls.frontends.parsed import ParsedModel


def check_shapes(parsed: ParsedModel, dataflow: Dataflow) -> None:
    """Hold the shapes of a converted network against the model's: of its inputs, its outputs and every layer.

    Raises:
        LayerNotSupportedError: naming what has another shape.
    """
    converted = [
        *zip(parsed.input_shapes, dataflow.sources, strict=True),
        *zip(parsed.output_shapes, dataflow.outputs, strict=True),
    ]
    nodes = {layer.origin: layer.node for layer in dataflow.layers}
    converted += [(named, nodes[named[0]]) for named in parsed.layer_shapes.items() if named[0] in nodes]
    for (name, wanted), node in converted:
        found = dataflow.types[node].shape
        if wanted != found:
            raise LayerNotSupportedError(f"layer {name!r} has shape {wanted} in the model and {found} in hls4ml")
