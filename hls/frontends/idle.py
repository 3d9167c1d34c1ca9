"""`without_idle`: what does nothing in inference (dropout, a linear activation) is no layer of the firmware."""

from collections.abc import Sequence
from typing import Any


def without_idle(layers: Sequence[dict[str, Any]], outputs: Sequence[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Leave out the layers that hand on what they read; whoever reads them reads what they read.

    hls4ml drops one of them only if its type happens to be that of the layer before; else it is a cast into a type
    that nobody chose.

    Args:
        layers: hls4ml's description of a model, each after its inputs; not changed.
        outputs: names of the layers whose results are the model's.

    Returns:
        The other layers, and the names of those that the results are now of.
    """
    kept: list[dict[str, Any]] = []
    read: dict[str, str] = {}
    for layer in layers:
        inputs = [read.get(name, name) for name in layer["inputs"]]
        if _is_idle(layer):
            read[layer["name"]] = inputs[0]
        else:
            kept.append({**layer, "inputs": inputs})
    return kept, [read.get(name, name) for name in outputs]


def _is_idle(layer: dict[str, Any]) -> bool:
    linear = layer["class_name"] == "Activation" and layer["activation"] == "linear"
    return linear and layer.get("activation_quantizer") is None
