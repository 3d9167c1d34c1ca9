"""Permutations that undo each other, such as those around layers of channels first, leave a graph."""

from dataclasses import replace

from netloom.quantize.flat.names import unique_name
from netloom.quantize.graph.layer_graph import Block, LayerGraph, Step

_ELEMENTWISE = frozenset({"Activation", "ReLU", "LeakyReLU", "ELU", "Function"})


def settle_permutes(graph: LayerGraph) -> None:
    """Move permutations behind functions of one value, and make of two that follow each other one, or none."""
    while any(_settled(graph, step) for step in graph.steps if step.block.class_name == "Permute"):
        pass


def _settled(graph: LayerGraph, step: Step) -> bool:
    """Whether a permutation, read by one step alone, could be moved behind it or joined with it."""
    readers = graph.consumers(step.output)
    if len(readers) != 1 or step.output in graph.outputs or len(readers[0].inputs) != 1:
        return False
    (reader,) = readers
    place = graph.steps.index(reader)
    dims = tuple(step.block.config["dims"])
    if reader.block.class_name in _ELEMENTWISE:
        between = graph.new_tensor(graph.shapes[step.inputs[0]])
        graph.steps[place] = replace(reader, inputs=step.inputs, output=between)
        graph.steps.insert(place + 1, replace(step, inputs=(between,), output=reader.output))
        graph.steps.remove(step)
        return True
    if reader.block.class_name != "Permute":
        return False
    both = tuple(dims[axis - 1] for axis in reader.block.config["dims"])
    name = unique_name(f"{reader.block.name}_both", graph.names())
    block = Block(name, "Permute", {"name": name, "dims": both}, {}, reader.block.owner, reader.block.owner_class)
    joined = Step(block, step.inputs, reader.output)
    graph.steps[place] = joined
    graph.steps.remove(step)
    if both == tuple(range(1, len(both) + 1)):
        graph.bypass(joined)
    return True
