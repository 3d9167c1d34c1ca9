"""HGQ2: which models are of it, and its classes where a file names them."""

import sys
from pathlib import Path
from typing import Any

from netloom.errors import ToolMissingError

MODULES = ("hgq.layers", "hgq.quantizer", "hgq.constraints", "hgq.regularizers")
"""Where the classes are that its models are made of."""


def is_hgq_layer(layer: Any) -> bool:
    """Whether a layer is of HGQ2."""
    return type(layer).__module__.startswith("hgq.")


def is_hgq(model: Any) -> bool:
    """Whether a Keras model has layers of HGQ2; whoever has one has imported `hgq`."""
    return "hgq" in sys.modules and any(is_hgq_layer(layer) for layer in getattr(model, "layers", ()))


def register_hgq(path: Path) -> None:
    """Register HGQ2's classes with Keras.

    Raises:
        ToolMissingError: without HGQ2.
    """
    try:
        import hgq.layers  # noqa: F401
    except ImportError:
        raise ToolMissingError(
            f"{path} is a model of HGQ2, which is not installed; docs/models.md says how to install it beside QKeras"
        ) from None
