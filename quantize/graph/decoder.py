"""Decoders in quantization: their parts as layers of their own, how what they compute is seen, and their twin."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from netloom.fixed_point import FixedPoint
from netloom.quantize.graph.layer_graph import Block
from netloom.quantize.graph.recurrent import cell_parts, quantized_recurrent, seen_values, watching_cell
from netloom.quantize.policy import Policy
from netloom.quantize.quantizer_types import type_quantizer

READ = "read"
"""What of a decoder has a type beside its cell's: the cell's result as `logits` reads it."""

_PARTS = ("embedding", "recurrent", "logits")


def part_block(block: Block, part: str) -> Block:
    """A part of a decoder, as a layer of the decoder's name."""
    described = block.config[part]
    weights = {
        name.removeprefix(f"{part}/"): raws for name, raws in block.weights.items() if name.startswith(f"{part}/")
    }
    return Block(block.name, described["class_name"], described["config"], weights, block.owner, block.owner_class)


def decoder_parts(block: Block) -> dict[str, float | None]:
    """What of a decoder is quantized, and the largest value that matters, if that is known."""
    return {**cell_parts(part_block(block, "recurrent")), READ: None}


def call_decoder(layer: Any, tensors: Sequence[Any]) -> Any:
    """Its symbols; tensors are states to begin with, and noise, which has an axis of steps."""
    states, noise = _sorted(tensors)
    given = {"noise": noise[0]} if noise else {}
    return layer(states[0] if len(states) == 1 else states, **given) if states else layer(**given)


def _sorted(tensors: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    return [one for one in tensors if len(one.shape) == 2], [one for one in tensors if len(one.shape) == 3]


def see_decoder(decoder: Any, given: Sequence[Any], name: str) -> dict[str, Any]:
    """By part of a float decoder, what every step reads as its state, and gives its functions and its logits.

    Args:
        decoder: of a float model.
        given: the tensors it is called with: states to begin with, and noise.
        name: of the layer that sees them.
    """
    import keras

    watching = watching_cell(decoder.cell)
    states, noise = _sorted(given)

    class Watched(keras.layers.Layer):
        """Shares the variables of `decoder`."""

        def call(self, tensors: Sequence[Any]) -> Any:
            states, noise = _sorted(tensors)
            return decoder.watched(watching, states, noise[0] if noise else None)[1]

    values = Watched(name=name)([*states, *noise])
    found = seen_values(watching, values, states)
    return {**found, READ: values[..., : decoder.cell.units]}


def quantized_decoder(
    block: Block, policy: Policy, types: Mapping[str, FixedPoint], quantized: Callable[[Block, Policy], Any]
) -> Any:
    """The twin of a float decoder.

    Args:
        block: the float layer.
        policy: widths of weights, biases and of what functions give.
        types: by part of the cell, and of `READ`.
        quantized: makes the twins of its embedding and its dense layer.
    """
    from qkeras import QActivation

    from netloom.quantize.layers import RecurrentDecoder

    embedding, recurrent, logits = (part_block(block, part) for part in _PARTS)
    cell = {part: type_ for part, type_ in types.items() if part != READ}
    parts = {
        "embedding": quantized(embedding, policy),
        "recurrent": quantized_recurrent(recurrent, policy, cell),
        "logits": quantized(logits, policy),
        "quantizer": QActivation(type_quantizer(types[READ])),
    }
    for name, layer in parts.items():
        layer.name = name
    options = {name: block.config[name] for name in ("steps", "start", "stop")}
    return RecurrentDecoder(**parts, **options, name=block.name)
