"""A Keras model as a flat list of steps: what quantization rewrites before it builds the twin.

A `Block` is a layer's definition (once, however often it is called), a `Step` one call of it. Tensors are numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from netloom.fixed_point import FixedPoint, Overflow
from netloom.quantize.flat import RowsRead, calls, check_call, flatten, input_specs, rows_read
from netloom.rounding import Rounding

DECODER = "RecurrentDecoder"
"""A layer that has others as its parts."""


@dataclass(eq=False)
class Block:
    """A layer: Keras class name, configuration, weights by variable name; `owner` is the user's layer it came from."""

    name: str
    class_name: str
    config: dict[str, Any]
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    owner: str = ""
    owner_class: str = ""


@dataclass(frozen=True)
class Step:
    """One call of a block: numbers of its input tensors and of its output tensor."""

    block: Block
    inputs: tuple[int, ...]
    output: int


@dataclass
class LayerGraph:
    """Steps in an order in which they can be computed.

    Attributes:
        name: the model's name.
        inputs: name of each input, by tensor number, in the model's order.
        outputs: tensor numbers, in the model's order.
        steps: the calls of layers.
        shapes: shape of every tensor, without the batch axis.
        integers: by tensor number, the type of inputs that are whole numbers.
        inside: by tensor number, values within a layer: the tensor that the layer gives, and which values.
        rows: what embeddings read of the inputs.
    """

    name: str
    inputs: dict[int, str] = field(default_factory=dict)
    outputs: list[int] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    integers: dict[int, FixedPoint] = field(default_factory=dict)
    inside: dict[int, tuple[int, str]] = field(default_factory=dict)
    rows: list[RowsRead] = field(default_factory=list)

    def consumers(self, tensor: int) -> list[Step]:
        """The steps that read a tensor."""
        return [step for step in self.steps if tensor in step.inputs]

    def blocks(self) -> list[Block]:
        """Every block once, in order of first use."""
        return list(dict.fromkeys(step.block for step in self.steps))

    def names(self) -> set[str]:
        """Names of all inputs and blocks."""
        return {*self.inputs.values(), *(block.name for block in self.blocks())}

    def new_tensor(self, shape: tuple[int, ...]) -> int:
        """The number of a new tensor."""
        number = len(self.shapes)
        self.shapes[number] = shape
        return number

    def follow(self, after: Mapping[Block, Block]) -> None:
        """Put a layer behind each call of another, on what that one gives."""
        steps = []
        for step in self.steps:
            if step.block in after:
                between = self.new_tensor(self.shapes[step.output])
                steps += [replace(step, output=between), Step(after[step.block], (between,), step.output)]
            else:
                steps.append(step)
        self.steps = steps

    def bypass(self, step: Step) -> None:
        """Remove a step of one input: whoever read its output reads its input."""
        self.steps.remove(step)

        def moved(tensors: Sequence[int]) -> tuple[int, ...]:
            return tuple(step.inputs[0] if tensor == step.output else tensor for tensor in tensors)

        self.outputs = list(moved(self.outputs))
        self.steps = [replace(other, inputs=moved(other.inputs)) for other in self.steps]


def read_graph(model: Any) -> LayerGraph:
    """Read a Keras model, flattened; the model itself is not changed.

    Raises:
        LayerNotSupportedError: if it cannot be flattened, or calls a layer with more than its inputs.
    """
    flat = flatten(model)
    graph = LayerGraph(flat.name, rows=rows_read(flat))
    numbers: dict[int, int] = {}
    for tensor in flat.inputs:
        numbers[id(tensor)] = graph.new_tensor(tuple(tensor.shape[1:]))
        graph.inputs[numbers[id(tensor)]] = tensor._keras_history.operation.name
    types = zip(graph.inputs, (integer_type(dtype) for _, _, dtype in input_specs(model)), strict=True)
    graph.integers = {number: type_ for number, type_ in types if type_ is not None}
    blocks: dict[int, Block] = {}
    for node in calls(flat):
        layer, (output,) = node.operation, node.outputs
        check_call(node)
        block = blocks.setdefault(id(layer), _block(layer))
        numbers[id(output)] = graph.new_tensor(tuple(output.shape[1:]))
        graph.steps.append(
            Step(block, tuple(numbers[id(tensor)] for tensor in node.input_tensors), numbers[id(output)])
        )
    graph.outputs = [numbers[id(tensor)] for tensor in flat.outputs]
    return graph


def integer_type(dtype: str) -> FixedPoint | None:
    """The type of all values of an integer `dtype`, such as `uint8`; None for another, or one of over 16 bits."""
    if dtype == "bool":
        return FixedPoint(1, 1, False, Rounding.RND_CONV, Overflow.SAT)
    signed, width = dtype.startswith("int"), dtype.removeprefix("u").removeprefix("int")
    if width not in ("8", "16"):
        return None
    return FixedPoint(int(width), int(width), signed, Rounding.RND_CONV, Overflow.SAT)


def named_weights(layer: Any) -> dict[str, Any]:
    """A layer's variables by name; those of a decoder's parts by `part/name`."""
    if type(layer).__name__ != DECODER:
        return {weight.name: weight for weight in layer.weights}
    return {f"{part}/{weight.name}": weight for part, one in layer.parts.items() for weight in one.weights}


def _block(layer: Any) -> Block:
    weights = {name: weight.numpy() for name, weight in named_weights(layer).items()}
    kind = type(layer).__name__
    return Block(layer.name, kind, layer.get_config(), weights, layer.name, kind.removeprefix("Masked"))
