"""Batch normalization: folded into the layer before it, or kept as a scale and a shift that are exact everywhere."""

import numpy as np

from netloom.quantize.flat.equal.affine import EXACT_EPSILON, EXACT_VARIANCE
from netloom.quantize.graph.layer_graph import Block, LayerGraph, Step
from netloom.quantize.support.table import WEIGHTED


def fold_batch_norms(graph: LayerGraph) -> None:
    """Fold each batch normalization into a layer of weights before it, if nothing else reads that layer's output."""
    for step in [step for step in graph.steps if step.block.class_name == "BatchNormalization"]:
        step = next(other for other in graph.steps if other.output == step.output)
        before = _foldable(graph, step)
        if before is not None:
            _fold(before, step.block)
            graph.bypass(step)


def normalize_batch_norms(graph: LayerGraph) -> None:
    """Reduce each remaining batch normalization to a scale (gamma) and a shift (beta)."""
    for block in graph.blocks():
        if block.class_name == "BatchNormalization":
            scale, shift = _scale_and_shift(block)
            block.config = {"name": block.name, "axis": -1, "epsilon": EXACT_EPSILON}
            block.weights = {
                "gamma": scale.astype(np.float32),
                "beta": shift.astype(np.float32),
                "moving_mean": np.zeros(scale.shape, np.float32),
                "moving_variance": np.full(scale.shape, EXACT_VARIANCE, np.float32),
            }


def _foldable(graph: LayerGraph, step: Step) -> Block | None:
    tensor = step.inputs[0]
    before = next((other for other in graph.steps if other.output == tensor), None)
    if before is None or before.block.class_name not in WEIGHTED or before.block.config["activation"] != "linear":
        return None
    read_once = len(graph.consumers(tensor)) == 1 and tensor not in graph.outputs
    called_once = all(sum(other.block is block for other in graph.steps) == 1 for block in (before.block, step.block))
    return before.block if read_once and called_once else None


def _fold(block: Block, batch_norm: Block) -> None:
    scale, shift = _scale_and_shift(batch_norm)
    name = "pointwise_kernel" if "pointwise_kernel" in block.weights else "kernel"
    factor = scale
    if block.class_name.startswith("Depthwise"):
        # The kernel's last axes are the channels it reads, and the multiples it makes of each.
        factor = scale.reshape(block.weights[name].shape[-2:])
    elif block.class_name.endswith("Transpose"):
        # The kernel's last axes are the channels it makes, and those it reads.
        factor = scale[:, None]
    bias = block.weights.get("bias", 0.0)
    block.weights[name] = (block.weights[name] * factor).astype(np.float32)
    block.weights["bias"] = (bias * scale + shift).astype(np.float32)
    block.config = {**block.config, "use_bias": True}


def _scale_and_shift(block: Block) -> tuple[np.ndarray, np.ndarray]:
    """y = x * scale + shift, in float64, per channel."""
    mean = block.weights["moving_mean"].astype(np.float64)
    variance = block.weights["moving_variance"].astype(np.float64)
    scale = block.weights.get("gamma", 1.0) / np.sqrt(variance + block.config["epsilon"])
    return scale, block.weights.get("beta", 0.0) - mean * scale
