"""`host_ends`: what a Keras model leaves to the host, read from the layers at its ends."""

from typing import Any

from netloom.common.ends import Ends
from netloom.errors import LayerNotSupportedError

OF_THE_HOST = ("HostQuantize", "HostScale")
"""netloom's layers that are no hardware."""


def host_ends(model: Any) -> Ends:
    """The scales at a model's ends.

    Args:
        model: flat, each layer called once.

    Raises:
        LayerNotSupportedError: for a `HostQuantize` that does not alone read an input, a `HostScale` that is no output
            or is read, by its name.
    """
    found = [layer for layer in model.layers if type(layer).__name__ in OF_THE_HOST]
    if not found:
        return Ends()
    readers = [[node.operation for node in tensor._keras_history.operation._outbound_nodes] for tensor in model.inputs]
    inputs = [one[0] if len(one) == 1 and type(one[0]).__name__ == OF_THE_HOST[0] else None for one in readers]
    givers = [tensor._keras_history.operation for tensor in model.outputs]
    outputs = [one if type(one).__name__ == OF_THE_HOST[1] and not one._outbound_nodes else None for one in givers]
    for layer in found:
        if not any(layer is one for one in (*inputs, *outputs)):
            raise LayerNotSupportedError(
                f"layer {layer.name!r} ({type(layer).__name__}): what the host does stands at an end of the network:"
                " one HostQuantize alone behind an input, one HostScale as an output"
            )
    return Ends(inputs=tuple(one and one.scale for one in inputs), outputs=tuple(one and one.scale for one in outputs))
