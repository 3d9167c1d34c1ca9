"""The table of layers, held against a graph that is to be quantized."""

from netloom.quantize.graph import Graph
from netloom.quantize.support.arguments import constructor_arguments
from netloom.quantize.support.layer import Layer
from netloom.quantize.support.table import check_layer


def check_supported(graph: Graph) -> None:
    """Refuse the first layer, or option of a layer, that has no exact twin.

    Raises:
        LayerNotSupportedError: naming the layer, the option and what to do instead.
    """
    import keras

    for step in graph.steps:
        block = step.block
        defaults = constructor_arguments(getattr(keras.layers, block.class_name, object))
        shapes = [graph.shapes[tensor] for tensor in step.inputs]
        output = graph.shapes[step.output]
        check_layer(Layer(block.owner, block.class_name, block.config, defaults, shapes, output, step.inputs), None)
