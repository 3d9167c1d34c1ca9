"""Where a model gets activation quantizers, and how wide: decided on the graph, before any range is known."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from netloom.fixed_point import FixedPoint
from netloom.quantize.flat.names import unique_name
from netloom.quantize.graph import Block, Graph, Step
from netloom.quantize.policy import Policy
from netloom.quantize.support.rules import TABLES
from netloom.quantize.support.table import TRANSPARENT, WEIGHTED

TABLE_BITS = 8
"""Least width at the input of a table (sigmoid, tanh, softmax): the table has that many bits of address anyway."""

NORM_BITS = 16
"""Width before a kept batch normalization: its product with an 8-bit scale stays exact in QKeras's float32."""

_MOVES = TRANSPARENT | {"Maximum", "Minimum"}
_SUMS = WEIGHTED | {"BatchNormalization"}


@dataclass
class Point:
    """A quantizer: of the tensors it reads (several if its layer is shared), to so many bits.

    Attributes:
        name: of the QActivation layer.
        bits: width.
        tensors: numbers of the float model's tensors whose range it must cover.
        relu: whether it is the ReLU as well.
        bound: largest value the ReLU lets through, or None.
        owner: the user's layer, for messages.
        type: the one that holds the values exactly, if it is known without looking at them.
    """

    name: str
    bits: int
    tensors: list[int] = field(default_factory=list)
    relu: bool = False
    bound: float | None = None
    owner: str = ""
    type: FixedPoint | None = None


def plan_quantizers(graph: Graph, policy: Policy) -> list[Point]:
    """Every activation quantizer of the twin.

    Inputs and ReLUs always get one; inputs of whole numbers (of 16 bits at most) that of their own type. The result of
    other arithmetic gets one if it reaches a multiplier, an average or a table; where only a ReLU, an addition or the
    model's output reads it, it stays at the accumulator's precision.
    """
    names = graph.names()
    points = []
    for tensor, name in graph.inputs.items():
        label = unique_name(f"{name}_quantizer", names)
        bits = policy.bits("activations", name, "InputLayer")
        type_ = None if policy.overridden("activations", name, "InputLayer") else graph.integers.get(tensor)
        points.append(Point(label, bits, [tensor], owner=name, type=type_))
        names.add(label)
    for block in graph.blocks():
        tensors = [step.output for step in graph.steps if step.block is block]
        if is_relu(block):
            bits = policy.bits("activations", block.owner, block.owner_class)
            points.append(Point(block.name, bits, tensors, True, block.config.get("max_value"), block.owner))
            continue
        if block.class_name in TRANSPARENT:
            continue
        least = [_least_bits(block, reader) for tensor in tensors for reader in _readers(graph, tensor)]
        needed = [width for width in least if width is not None]
        if needed:
            label = unique_name(f"{block.name}_quantizer", names)
            bits = policy.bits("activations", block.owner, block.owner_class, max(needed))
            points.append(Point(label, bits, tensors, owner=block.owner))
            names.add(label)
    return points


def is_relu(block: Block) -> bool:
    """Whether a block is a ReLU, which becomes its own quantizer."""
    return block.class_name == "Activation" and block.config["activation"] == "relu"


def _readers(graph: Graph, tensor: int) -> Iterator[Step]:
    """The steps that compute with a tensor, seen through those that only move values."""
    for step in graph.consumers(tensor):
        if step.block.class_name in _MOVES:
            yield from _readers(graph, step.output)
        else:
            yield step


def _least_bits(block: Block, reader: Step) -> int | None:
    """Least bits that `reader` asks of a value computed by `block`; None if it takes the value as it is."""
    kind = reader.block.class_name
    if is_relu(reader.block) or (kind in ("Add", "Subtract", "Average") and block.class_name in _SUMS):
        return None
    if kind == "Activation" and reader.block.config["activation"] in TABLES:
        return TABLE_BITS
    return NORM_BITS if kind == "BatchNormalization" else 0
