"""The table of layers, held against a graph that is to be quantized."""

from types import FunctionType
from typing import Any

from netloom.errors import LayerNotSupportedError
from netloom.quantize.files.inspection import all_layers
from netloom.quantize.graph.layer_graph import LayerGraph
from netloom.quantize.support.arguments import constructor_arguments
from netloom.quantize.support.layer import LayerFacts
from netloom.quantize.support.rules import ACTIVATION
from netloom.quantize.support.table import check_layer, part_descriptions

_LIBRARIES = ("keras", "tensorflow", "jax")
"""Whose functions are what their names say."""


def check_supported(graph: LayerGraph) -> None:
    """Refuse the first layer, or option of a layer, that has no exact twin.

    Raises:
        LayerNotSupportedError: naming the layer, the option and what to do instead.
    """
    import keras

    from netloom.quantize import layers

    def check(owner: str, kind: str, config: Any, shapes: Any, output: Any, tensors: Any) -> None:
        cls: Any = getattr(keras.layers, kind, None) or getattr(layers, kind, object)
        defaults = constructor_arguments(cls)
        check_layer(LayerFacts(owner, kind, config, defaults, shapes, output, tensors), "quantize")

    for step in graph.steps:
        block = step.block
        shapes = [graph.shapes[tensor] for tensor in step.inputs]
        check(block.owner, block.class_name, block.config, shapes, graph.shapes[step.output], step.inputs)
        for part, described in part_descriptions(block.class_name, block.config).items():
            check(f"{block.owner}, {part}", described["class_name"], described["config"], [()], (), [0])


def check_activations(model: Any) -> None:
    """Refuse functions of the user's own: Keras saves no more of them than the name, which may be `relu`.

    Raises:
        LayerNotSupportedError: naming the layer and the function.
    """
    for layer in all_layers(model):
        for option in ("activation", "recurrent_activation"):
            function = getattr(layer, option, None)
            if isinstance(function, FunctionType) and function.__module__.split(".")[0] not in _LIBRARIES:
                name = f"{function.__module__}.{function.__name__}"
                raise LayerNotSupportedError(
                    f"layer {layer.name!r} ({type(layer).__name__}): {option} {name!r} is not supported: "
                    f"{ACTIVATION.instead} ({ACTIVATION.reason})"
                )
