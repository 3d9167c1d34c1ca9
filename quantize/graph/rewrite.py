"""Rewrites that leave a model's function as it is, and make every value that is to be quantized a tensor of its own."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from netloom.quantize.calibrate import MIN_EXPONENT
from netloom.quantize.flat.names import unique_name
from netloom.quantize.graph.layer_graph import Block, LayerGraph, Step
from netloom.quantize.support.table import NO_OPERATION, WEIGHTED


def drop_no_operations(graph: LayerGraph) -> None:
    """Remove dropout, noise and linear activations, which do nothing at inference; fine-tuning runs as inference."""
    dropped = [step for step in graph.steps if _is_no_operation(step.block)]
    for output in [step.output for step in dropped]:
        graph.bypass(next(step for step in graph.steps if step.output == output))


def _is_no_operation(block: Block) -> bool:
    return block.class_name in NO_OPERATION or (
        block.class_name == "Activation" and block.config["activation"] == "linear"
    )


def split_activations(graph: LayerGraph) -> None:
    """Make plain ReLU layers `Activation` steps, activations `softmax` `Softmax` ones, those inside layers steps."""
    names = graph.names()
    split: dict[Block, Block] = {}
    for block in graph.blocks():
        function = block.config.get("activation", "linear")
        if block.class_name == "ReLU" and _is_quantizer(block.config):
            bound = block.config["max_value"]
            block.class_name = "Activation"
            block.config = {"name": block.name, "activation": "relu", "max_value": bound}
        elif block.class_name == "Activation" and function == "softmax":
            block.class_name = "Softmax"
            block.config = {"name": block.name, "axis": -1}
        elif block.class_name in WEIGHTED and function != "linear":
            name = unique_name(f"{block.name}_{function}", names)
            names.add(name)
            kind, option = (
                ("Softmax", {"axis": -1}) if function == "softmax" else ("Activation", {"activation": function})
            )
            split[block] = Block(name, kind, {"name": name, **option}, {}, block.owner, block.owner_class)
            block.config = {**block.config, "activation": "linear"}
    graph.follow(split)


def _is_quantizer(config: Mapping[str, Any]) -> bool:
    """Whether a quantizer without a sign is that ReLU: one without a largest value, or with a power of two as it."""
    bound = config["max_value"]
    bounded = bound is None or (bound >= 2.0**MIN_EXPONENT and math.log2(bound).is_integer())
    return bounded and not config["negative_slope"] and not config["threshold"]


def split_causal(graph: LayerGraph) -> None:
    """Make a causal convolution a padding before a convolution that has none: QKeras has no causal one."""
    names = graph.names()
    paddings: dict[Block, Block] = {}
    for block in graph.blocks():
        if block.class_name == "Conv1D" and block.config["padding"] == "causal":
            (size,), (dilation,) = (tuple(block.config[option]) for option in ("kernel_size", "dilation_rate"))
            name = unique_name(f"{block.name}_padding", names)
            names.add(name)
            config = {"name": name, "padding": ((size - 1) * dilation, 0)}
            paddings[block] = Block(name, "ZeroPadding1D", config, {}, block.owner, block.owner_class)
            block.config = {**block.config, "padding": "valid"}
    steps = []
    for step in graph.steps:
        if step.block in paddings:
            padding = paddings[step.block]
            length, channels = graph.shapes[step.inputs[0]]
            between = graph.new_tensor((length + padding.config["padding"][0], channels))
            steps.append(Step(padding, step.inputs, between))
            step = replace(step, inputs=(between,))
        steps.append(step)
    graph.steps = steps
