"""A constant scale and shift of an input, folded into the layers of weights that read it: the function stays."""

from dataclasses import dataclass

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.quantize.flat.equal.affine import EXACT_EPSILON
from netloom.quantize.graph.layer_graph import Block, LayerGraph, Step
from netloom.quantize.policy import Policy
from netloom.quantize.support.table import WEIGHTED

LEAST_BITS = 4
"""Bits that an input's type must leave to the feature of the smallest range."""

_EVEN = frozenset({"Cropping1D", "Cropping2D", "UpSampling1D", "UpSampling2D"})
"""Layers that move values in a way that only one scale and shift for all of them outlives."""


@dataclass(frozen=True, eq=False)
class _Affine:
    """Scale and shift of every element of a tensor, each of the tensor's shape; float64."""

    scale: np.ndarray
    shift: np.ndarray

    @property
    def even(self) -> bool:
        return bool((self.scale == self.scale.flat[0]).all() and (self.shift == self.shift.flat[0]).all())


def fold_input_constants(graph: LayerGraph, policy: Policy) -> None:
    """Fold what `Rescaling`, `Normalization` and constants do to an input into the first layers of weights.

    A shift goes through no padding of zeros. What cannot be folded stays: a scale and a shift, quantized as those of a
    batch normalization are.

    Raises:
        LayerNotSupportedError: if features differ so much in range that one input type cannot hold them.
    """
    seen: set[Block] = set()
    while step := next((step for step in graph.steps if _scales_input(graph, step) and step.block not in seen), None):
        seen.add(step.block)
        called_once = sum(other.block is step.block for other in graph.steps) == 1
        shape = graph.shapes[step.output]
        scale, shift = (np.broadcast_to(step.block.weights[name], shape) for name in ("gamma", "beta"))
        _check_ranges(step, np.abs(step.block.weights["gamma"]), policy, graph.inputs[step.inputs[0]])
        sinks = _sinks(graph, step.output, _Affine(scale.astype(np.float64), shift.astype(np.float64)))
        if sinks is None or not called_once:
            continue
        for reader, affine in sinks:
            _fold(reader.block, affine)
        graph.bypass(step)


def _scales_input(graph: LayerGraph, step: Step) -> bool:
    return step.inputs[0] in graph.inputs and is_constant(step.block)


def is_constant(block: Block) -> bool:
    """Whether a block is a scale and shift that was a constant of the model."""
    return block.class_name == "BatchNormalization" and block.config["epsilon"] == EXACT_EPSILON


def _check_ranges(step: Step, scales: np.ndarray, policy: Policy, name: str) -> None:
    """A large scale is that of a feature of small range: all features share the input's one type."""
    if not scales.all():
        return
    lost = float(np.log2(scales.max() / scales.min()))
    bits = policy.bits("activations", name, "InputLayer")
    if bits - lost < LEAST_BITS:
        raise LayerNotSupportedError(
            f"layer {step.block.owner!r} is not supported: it scales features by up to {2**lost:.3g} times more than"
            f" others, and one input type of {bits} bits leaves these too few: normalize the data before the network,"
            f" or give input {name!r} more bits (overrides)"
        )


def _sinks(graph: LayerGraph, tensor: int, affine: _Affine) -> list[tuple[Step, _Affine]] | None:
    """The steps of weights that can take a scale and shift over; None if any reader of the tensor cannot."""
    if tensor in graph.outputs:
        return None
    found: list[tuple[Step, _Affine]] = []
    for step in graph.consumers(tensor):
        more = _sinks_of(graph, step, affine)
        if more is None:
            return None
        found += more
    return found


def _sinks_of(graph: LayerGraph, step: Step, affine: _Affine) -> list[tuple[Step, _Affine]] | None:
    block, shape = step.block, graph.shapes[step.output]
    if block.class_name in ("Flatten", "Reshape"):
        moved = _Affine(affine.scale.reshape(shape), affine.shift.reshape(shape))
        return _sinks(graph, step.output, moved)
    if block.class_name == "Permute":
        axes = [axis - 1 for axis in block.config["dims"]]
        return _sinks(graph, step.output, _Affine(affine.scale.transpose(axes), affine.shift.transpose(axes)))
    if affine.even and block.class_name in _EVEN:
        one = _Affine(np.full(shape, affine.scale.flat[0]), np.full(shape, affine.shift.flat[0]))
        return _sinks(graph, step.output, one)
    if not (block.class_name in WEIGHTED or is_constant(block)):
        return None
    if sum(other.block is block for other in graph.steps) > 1:
        return None
    rows = [values.reshape(-1, values.shape[-1]) for values in (affine.scale, affine.shift)]
    if any((values != values[0]).any() for values in rows) or (rows[1].any() and _pads(block)):
        return None
    return [(step, _Affine(rows[0][0], rows[1][0]))]


def _pads(block: Block) -> bool:
    size = block.config.get("kernel_size", 1)
    return block.config.get("padding") == "same" and set(size if isinstance(size, list | tuple) else [size]) != {1}


def _fold(block: Block, affine: _Affine) -> None:
    """Let a block compute of `x` what it computed of `x * scale + shift`, a number each for every channel of `x`."""
    weights, scale, shift = block.weights, affine.scale, affine.shift
    if is_constant(block):
        weights["beta"] = (weights["beta"] + weights["gamma"] * shift).astype(np.float32)
        weights["gamma"] = (weights["gamma"] * scale).astype(np.float32)
        return
    depthwise = "depthwise_kernel" in weights or block.class_name == "DepthwiseConv2D"
    name = "depthwise_kernel" if "depthwise_kernel" in weights else "kernel"
    kernel = weights[name].astype(np.float64)
    # A depthwise kernel ends in (channels, 1), any other in (channels, filters).
    weights[name] = (kernel * scale[:, None]).astype(np.float32)
    taps = kernel.reshape(-1, *kernel.shape[-2:])
    offset = (taps.sum(axis=0)[:, 0] * shift) if depthwise else np.einsum("tcf,c->f", taps, shift)
    if "pointwise_kernel" in weights:
        pointwise = weights["pointwise_kernel"]
        offset = offset @ pointwise.reshape(pointwise.shape[-2:]).astype(np.float64)
    if offset.any():
        weights["bias"] = (weights.get("bias", 0.0) + offset).astype(np.float32)
        block.config = {**block.config, "use_bias": True}
