"""Where a model gets activation quantizers, and how wide: decided on the graph, before any range is known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from netloom.fixed_point import FixedPoint, Overflow, Rounding
from netloom.quantize.flat.names import unique_name
from netloom.quantize.functions.one_value import TRUTHS, lines
from netloom.quantize.graph.decoder import READ, decoder_parts, part_block
from netloom.quantize.graph.layer_graph import DECODER, Block, LayerGraph, Step
from netloom.quantize.graph.norms import NORMS
from netloom.quantize.graph.recurrent import RECURRENT, STATE, cell_parts
from netloom.quantize.policy import Policy
from netloom.quantize.support.table import TRANSPARENT, WEIGHTED

SOFTMAX_BITS = 8
"""Least width at the input of a softmax: its table has that many bits of address anyway."""

TABLE_BITS = 10
"""Least width at the input of a function's table: 1,024 entries are one block of memory."""

OUTPUT_BITS = 16
"""Least width of a function's result that is an output of the model: its entries are as wide at no cost."""

SAMPLE_NORM_BITS = 10
"""Least width at the input of a normalization of each sample: its table's address comes from sums of squares."""

NORM_BITS = 16
"""Width before a kept batch normalization: its product with an 8-bit scale stays exact in QKeras's float32."""

STATE_BITS = 2
"""How much wider an LSTM's state is read than other values: one quantizer reads what it gives and what it sums up."""

_MOVES = TRANSPARENT | {"Maximum", "Minimum"}
_SUMS = WEIGHTED | {"BatchNormalization"}
_INSIDE = {**dict.fromkeys(("Softmax", "MaskedSoftmax"), SOFTMAX_BITS), **dict.fromkeys(NORMS, SAMPLE_NORM_BITS)}
"""Layers that have their quantizer inside, and its least width."""


@dataclass
class Point:
    """A quantizer: of the tensors it reads (several if its layer is shared), to so many bits.

    Attributes:
        name: of the QActivation layer, or of the layer that has it inside.
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
    inside: bool = False
    """Whether it is part of the layer of its name, at whose input its tensors are."""
    closing: bool = False
    """Whether outputs of the model are read through it, and not only layers."""
    part: str = ""
    """What of a recurrent layer's cell it quantizes; its tensors are then values inside."""


def plan_quantizers(graph: LayerGraph, policy: Policy) -> list[Point]:
    """Every activation quantizer of the twin.

    Inputs, ReLUs and functions that take a table always get one; inputs of whole numbers (of 16 bits at most) that of
    their own type; a softmax and a normalization of each sample have their own inside. The result of other arithmetic
    gets one if it reaches a multiplier, an average or a table; where only a ReLU, an addition or the model's output
    reads it, it stays at the accumulator's precision.
    """
    names = graph.names()
    points = []
    for tensor, name in graph.inputs.items():
        label = unique_name(f"{name}_quantizer", names)
        bits = policy.bits("activations", name, "InputLayer")
        type_ = None if policy.overridden("activations", name, "InputLayer") else graph.integers.get(tensor)
        type_ = type_ or _rows(graph, tensor)
        points.append(Point(label, bits, [tensor], owner=name, type=type_))
        names.add(label)
    for block in graph.blocks():
        tensors = [step.output for step in graph.steps if step.block is block]
        if is_relu(block):
            bits = policy.bits("activations", block.owner, block.owner_class)
            points.append(Point(block.name, bits, tensors, True, block.config.get("max_value"), block.owner))
            continue
        if block.class_name in TRANSPARENT or block.class_name == "Embedding":
            continue  # its results are on a grid: its inputs', or its weights'
        if block.class_name in _INSIDE:
            bits = policy.bits("activations", block.owner, block.owner_class, _INSIDE[block.class_name])
            sources = [step.inputs[0] for step in graph.steps if step.block is block]
            points.append(Point(block.name, bits, sources, owner=block.owner, inside=True))
        if block.class_name in RECURRENT:
            points += _cell_points(graph, block, policy, cell_parts(block))
        if block.class_name == DECODER:
            points += _cell_points(graph, part_block(block, "recurrent"), policy, decoder_parts(block))
        least = [_least_bits(block, reader) for tensor in tensors for reader in _readers(graph, tensor)]
        needed = [width for width in least if width is not None]
        closing = looks_up(block)
        if closing and all(_is_looked_up(graph, tensor) for tensor in tensors):
            continue  # one table with those that read it
        if closing and not needed:
            needed = [OUTPUT_BITS]
        if needed:
            label = unique_name(f"{block.name}_quantizer", names)
            bits = policy.bits("activations", block.owner, block.owner_class, max(needed))
            type_ = next((type_ for tensor in tensors if (type_ := _rows(graph, tensor))), None)
            if block.class_name == "Function" and block.config["function"] in TRUTHS:
                type_ = FixedPoint(1, 1, False, Rounding.RND_CONV, Overflow.SAT)
            points.append(Point(label, bits, tensors, owner=block.owner, closing=closing, type=type_))
            names.add(label)
    return points


def _cell_points(graph: LayerGraph, block: Block, policy: Policy, parts: Mapping[str, float | None]) -> Iterator[Point]:
    """Quantizers in the cell of a recurrent layer: of its state, of what its functions take, of what a decoder reads.

    Args:
        graph: the graph.
        block: that has the cell's arguments.
        policy: widths.
        parts: what is quantized, and the largest value that matters, if that is known.
    """
    bits = policy.bits("activations", block.owner, block.owner_class)
    steps = [step for step in graph.steps if step.block.name == block.name]
    for part, bound in parts.items():
        tensors = [graph.new_tensor(()) for _ in steps]
        graph.inside |= {tensor: (step.output, part) for tensor, step in zip(tensors, steps, strict=True)}
        relu = block.config.get(part) == "relu"
        width = bits if relu or part == READ else max(bits, TABLE_BITS)
        if part == STATE:
            width = bits + STATE_BITS * block.class_name.endswith("LSTM")
        yield Point(f"{block.name}/{part}", width, tensors, relu, bound, block.owner, part=part)


def _rows(graph: LayerGraph, tensor: int) -> FixedPoint | None:
    """The whole numbers that name a row of an embedding, if one reads a tensor."""
    for reader in _readers(graph, tensor):
        if reader.block.class_name == "Embedding":
            bits = max(reader.block.config["input_dim"] - 1, 1).bit_length()
            return FixedPoint(bits, bits, False, Rounding.RND_CONV, Overflow.SAT)
    return None


def is_relu(block: Block) -> bool:
    """Whether a block is a ReLU, which becomes its own quantizer."""
    return block.class_name == "Activation" and block.config["activation"] == "relu"


def looks_up(block: Block) -> bool:
    """Whether a block is a function of one value that the firmware looks up, entry by entry."""
    if block.class_name == "Activation":
        return block.config["activation"] != "relu" and not _is_lines(block)
    return block.class_name in ("ReLU", "LeakyReLU", "ELU", "Function") and not _is_lines(block)


def _is_looked_up(graph: LayerGraph, tensor: int) -> bool:
    """Whether tables alone read a tensor, as it is."""
    readers = graph.consumers(tensor)
    return bool(readers) and tensor not in graph.outputs and all(looks_up(reader.block) for reader in readers)


def _is_lines(block: Block) -> bool:
    """Whether a block is arithmetic on its input, however wide that is."""
    return block.class_name == "PReLU" or lines(block.class_name, block.config) is not None


def _readers(graph: LayerGraph, tensor: int) -> Iterator[Step]:
    """The steps that compute with a tensor, seen through those that only move values.

    A recurrent layer that begins with it is none, for it reads its state through a quantizer of its own; a decoder
    is none either, which only adds its noise.
    """
    for step in graph.consumers(tensor):
        kind = step.block.class_name
        if kind == DECODER or (kind in RECURRENT and tensor != step.inputs[0]):
            continue
        if step.block.class_name in _MOVES:
            yield from _readers(graph, step.output)
        else:
            yield step


def _least_bits(block: Block, reader: Step) -> int | None:
    """Least bits that `reader` asks of a value computed by `block`; None if it takes the value as it is."""
    kind = reader.block.class_name
    sums = kind in ("Add", "Subtract", "Average") and block.class_name in _SUMS
    if is_relu(reader.block) or _is_lines(reader.block) or sums or kind in _INSIDE or kind == "ArgMax":
        return None
    if kind == "BatchNormalization" and block.class_name in NORMS:
        return None  # of 16 bits as it is
    if looks_up(reader.block):
        return TABLE_BITS
    return NORM_BITS if kind == "BatchNormalization" else 0
