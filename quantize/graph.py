"""A Keras model as a flat list of steps, nested models opened: what quantization rewrites before it builds the twin.

A `Block` is a layer's definition (once, however often it is called), a `Step` one call of it. Tensors are numbers.
"""

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from netloom.errors import LayerNotSupportedError

OPERATORS = frozenset({"Add", "Subtract", "Multiply", "Maximum", "Minimum"})
"""Element by element: as layers, or of two tensors as operators of Python."""


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
class Graph:
    """Steps in an order in which they can be computed.

    Attributes:
        name: the model's name.
        inputs: name of each input, by tensor number, in the model's order.
        outputs: tensor numbers, in the model's order.
        steps: the calls of layers.
        shapes: shape of every tensor, without the batch axis.
    """

    name: str
    inputs: dict[int, str] = field(default_factory=dict)
    outputs: list[int] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict)

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

    def bypass(self, step: Step) -> None:
        """Remove a step of one input: whoever read its output reads its input."""
        self.steps.remove(step)

        def moved(tensors: Sequence[int]) -> tuple[int, ...]:
            return tuple(step.inputs[0] if tensor == step.output else tensor for tensor in tensors)

        self.outputs = list(moved(self.outputs))
        self.steps = [replace(other, inputs=moved(other.inputs)) for other in self.steps]


def read_graph(model: Any) -> Graph:
    """Flatten a functional or Sequential Keras model; the model itself is not changed.

    Raises:
        LayerNotSupportedError: for a subclassed model, a shape that is not fixed, or a layer with several outputs.
    """
    return _Reader().read(model)


class _Reader:
    def __init__(self) -> None:
        self.blocks: dict[int, Block] = {}

    def read(self, model: Any) -> Graph:
        functional = _functional(model)
        self.graph = graph = Graph(model.name)
        for tensor in functional.inputs:
            name = tensor._keras_history.operation.name
            if tensor.dtype != "float32":
                raise LayerNotSupportedError(f"layer {name!r}: inputs must be float32, not {tensor.dtype}")
            graph.inputs[graph.new_tensor(_shape(tensor, name))] = name
        graph.outputs = self.visit(functional, list(graph.inputs))
        _make_names_unique(graph.blocks(), set(graph.inputs.values()))
        return graph

    def visit(self, functional: Any, input_numbers: Sequence[int]) -> list[int]:
        """Append the steps of a model, nested models' included; returns the numbers of its outputs."""
        import keras

        numbers = {id(tensor): number for tensor, number in zip(functional.inputs, input_numbers, strict=True)}
        for node in _nodes(functional):
            operation = node.operation
            inputs = tuple(numbers[id(tensor)] for tensor in node.input_tensors)
            if isinstance(operation, keras.Model):
                outputs = self.visit(_functional(operation), inputs)
            else:
                outputs = [self.append(operation, node, inputs)]
            numbers |= {id(tensor): number for tensor, number in zip(node.outputs, outputs, strict=True)}
        return [numbers[id(tensor)] for tensor in functional.outputs]

    def append(self, operation: Any, node: Any, inputs: tuple[int, ...]) -> int:
        if len(node.outputs) != 1:
            raise LayerNotSupportedError(
                f"layer {operation.name!r} ({type(operation).__name__}) has {len(node.outputs)} outputs: use one"
            )
        if id(operation) not in self.blocks:
            self.blocks[id(operation)] = _block(operation)
        output = self.graph.new_tensor(_shape(node.outputs[0], operation.name))
        self.graph.steps.append(Step(self.blocks[id(operation)], inputs, output))
        return output


def _functional(model: Any) -> Any:
    import keras

    if isinstance(model, keras.Sequential):
        if not model.built or not model.inputs:
            raise LayerNotSupportedError(
                f"model {model.name!r} has no input shape yet: begin it with keras.Input(shape) or call its build()"
            )
        return keras.Model(model.inputs, model.outputs, name=model.name)
    if not hasattr(model, "operations") or not hasattr(model, "_nodes_by_depth"):
        raise LayerNotSupportedError(
            f"model {model.name!r} is a subclass of keras.Model with its own call(): build it as a functional model"
        )
    return model


def _nodes(functional: Any) -> Iterator[Any]:
    """Every call of a layer in a functional model, in the order Keras computes them."""
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        yield from (node for node in functional._nodes_by_depth[depth] if not node.is_input)


def _block(operation: Any) -> Block:
    module, class_name = type(operation).__module__, type(operation).__name__
    if module.startswith("keras.src.ops.") and class_name in OPERATORS:
        # `a + b` on symbolic tensors is an operation that is not a layer, and means the same.
        return Block(operation.name, class_name, {"name": operation.name}, {}, operation.name, class_name)
    if not module.startswith("keras.src.layers."):
        # Somebody's own `Dense` is not Keras's: its qualified name will match nothing supported.
        return Block(operation.name, f"{module}.{class_name}", {}, {}, operation.name, class_name)
    weights = {weight.name: weight.numpy() for weight in operation.weights}
    return Block(operation.name, class_name, operation.get_config(), weights, operation.name, class_name)


def _shape(tensor: Any, name: str) -> tuple[int, ...]:
    shape = tuple(tensor.shape[1:])
    if None in shape:
        raise LayerNotSupportedError(f"layer {name!r}: shape {tensor.shape} must be fixed but for the batch axis")
    return shape


def _make_names_unique(blocks: Sequence[Block], taken: set[str]) -> None:
    """Two nested models may use one name twice; the flat model may not."""
    for block in blocks:
        block.name = unique_name(block.name, taken)
        taken.add(block.name)


def unique_name(name: str, taken: Collection[str]) -> str:
    """`name`, or the first of `name_2`, `name_3`, ... that is not taken."""
    candidates = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(2)))
    return next(candidate for candidate in candidates if candidate not in taken)
