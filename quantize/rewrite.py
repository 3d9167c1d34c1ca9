"""Rewrites that leave a model's function as it is, and make every value that is to be quantized a tensor of its own."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from netloom.quantize.calibrate import MIN_EXPONENT
from netloom.quantize.graph import OPERATORS, Block, Graph, Step, unique_name
from netloom.quantize.support import NO_OPERATION, WEIGHTED


def drop_no_operations(graph: Graph) -> None:
    """Remove dropout, noise and linear activations, which do nothing at inference; fine-tuning runs as inference."""
    dropped = [step for step in graph.steps if _is_no_operation(step.block)]
    for output in [step.output for step in dropped]:
        graph.bypass(next(step for step in graph.steps if step.output == output))


def _is_no_operation(block: Block) -> bool:
    return block.class_name in NO_OPERATION or (
        block.class_name == "Activation" and block.config["activation"] == "linear"
    )


def split_activations(graph: Graph) -> None:
    """Make plain ReLU and Softmax layers, and the activations inside other layers, `Activation` steps."""
    names = graph.names()
    split: dict[Block, Block] = {}
    for block in graph.blocks():
        function = block.config.get("activation", "linear")
        if block.class_name == "ReLU" and _is_quantizer(block.config):
            bound = block.config["max_value"]
            block.class_name = "Activation"
            block.config = {"name": block.name, "activation": "relu", "max_value": bound}
        elif block.class_name == "Softmax":
            block.class_name = "Activation"
            block.config = {"name": block.name, "activation": "softmax"}
        elif block.class_name in WEIGHTED and function != "linear":
            name = unique_name(f"{block.name}_{function}", names)
            names.add(name)
            config = {"name": name, "activation": function}
            split[block] = Block(name, "Activation", config, {}, block.owner, block.owner_class)
            block.config = {**block.config, "activation": "linear"}
    steps = []
    for step in graph.steps:
        if step.block in split:
            between = graph.new_tensor(graph.shapes[step.output])
            steps += [replace(step, output=between), Step(split[step.block], (between,), step.output)]
        else:
            steps.append(step)
    graph.steps = steps


def _is_quantizer(config: Mapping[str, Any]) -> bool:
    """Whether a quantizer without a sign is that ReLU: one without a largest value, or with a power of two as it."""
    bound = config["max_value"]
    bounded = bound is None or (bound >= 2.0**MIN_EXPONENT and math.log2(bound).is_integer())
    return bounded and not config["negative_slope"] and not config["threshold"]


def split_merges(graph: Graph) -> None:
    """Make a merge of many inputs a chain of merges of two, which is what the firmware has."""
    names = graph.names()
    steps = []
    for step in graph.steps:
        block, first = step.block, step.inputs[0]
        for second in step.inputs[1:-1] if block.class_name in (*OPERATORS, "Concatenate") else ():
            name = unique_name(f"{block.name}_part", names)
            names.add(name)
            part = replace(block, name=name, config={**block.config, "name": name}, chained=True)
            between = graph.new_tensor(_merged_shape(block, graph.shapes[first], graph.shapes[second]))
            steps.append(Step(part, (first, second), between))
            first = between
            step = replace(step, inputs=(first, step.inputs[-1]))
        steps.append(step)
    graph.steps = steps


def _merged_shape(block: Block, first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    if block.class_name != "Concatenate":
        return first
    axis = block.config["axis"]
    axis = axis - 1 if axis > 0 else axis + len(first)
    return (*first[:axis], first[axis] + second[axis], *first[axis + 1 :])
