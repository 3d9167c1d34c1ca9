"""Normalization of each sample by itself: what of Keras's layers the twin's `QNormalization` takes over."""

from typing import Any

import numpy as np

from netloom.quantize.flat.names import unique_name
from netloom.quantize.functions.norm_tables import NormMode
from netloom.quantize.graph.layer_graph import Block, LayerGraph

NORMS: dict[str, NormMode] = {
    "LayerNormalization": "layer",
    "GroupNormalization": "layer",
    "RMSNormalization": "rms",
    "UnitNormalization": "unit",
}
"""Keras's classes, and the mode of each."""

_UNIT_EPSILON = 1e-12
"""Keras's own, which is no argument."""


def split_norms(graph: LayerGraph) -> None:
    """Make the scale and shift of a normalization a batch normalization after it, where they do anything."""
    names = graph.names()
    affine: dict[Block, Block] = {}
    for block in graph.blocks():
        if block.class_name in NORMS and block.weights:
            scale = block.weights.get("gamma", block.weights.get("scale"))
            shift = block.weights.get("beta")
            some = scale if scale is not None else shift
            scale = np.ones_like(some) if scale is None else scale
            shift = np.zeros_like(some) if shift is None else shift
            if (scale != 1).any() or shift.any():
                name = unique_name(f"{block.name}_scale", names)
                names.add(name)
                still = {"moving_mean": np.zeros_like(some), "moving_variance": np.ones_like(some)}
                weights = {"gamma": scale, "beta": shift, **still}
                config = {"name": name, "axis": -1, "epsilon": 0.0}
                affine[block] = Block(name, "BatchNormalization", config, weights, block.owner, block.owner_class)
            # RMSNormalization always has a scale.
            rms = block.class_name == "RMSNormalization"
            block.weights = {"scale": np.ones_like(some)} if rms else {}
            block.config = block.config if rms else {**block.config, "center": False, "scale": False}
    graph.follow(affine)


def quantized_norm(block: Block, quantizer: Any, channels: int) -> Any:
    """The twin's layer, without scale and shift.

    Args:
        block: of one of `NORMS`, split.
        quantizer: of its input.
        channels: of its input.
    """
    from netloom.quantize.layers import QNormalization

    groups = block.config.get("groups")
    return QNormalization(
        quantizer,
        mode=NORMS[block.class_name],
        epsilon=block.config.get("epsilon", _UNIT_EPSILON),
        groups=channels if groups == -1 else groups,
        name=block.name,
    )
