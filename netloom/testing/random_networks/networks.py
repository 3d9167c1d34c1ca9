"""`generate` draws the specification of a network from a seed; `build_model` makes its QKeras model."""

from typing import Any

import numpy as np

from netloom.testing.random_networks import (
    attentions,
    convolutions,
    functions,
    merges,
    moves,
    norms,
    pools,
    products,
    recurrences,
)
from netloom.testing.random_networks.kind import Chance, Kind, Lengths, Options, bits, is_small

KINDS: dict[str, Kind] = {
    **products.KINDS,
    **convolutions.KINDS,
    **pools.KINDS,
    **moves.KINDS,
    **merges.KINDS,
    **functions.KINDS,
    **norms.KINDS,
    **recurrences.KINDS,
    **attentions.KINDS,
}
"""Everything that a network is drawn from, by name."""

SHARES = {
    "conv": 4,
    "transposed": 3,
    "depthwise": 2,
    "separable": 2,
    "pool": 4,
    "function": 3,
    "merge": 2,
    "upsample": 2,
    "softmax": 2,
    "recurrent": 4,
    "attention": 3,
}
"""Kinds with many options are drawn that many times as often as others."""

WIDENING = (
    *products.KINDS,
    *convolutions.KINDS,
    *recurrences.KINDS,
    *attentions.KINDS,
    "merge",
    "arithmetic",
    "batch_norm",
)
"""Kinds whose results have more bits than their inputs; mostly a quantizer follows."""

ABOUT = {"recurrent": (("recurrent",), ("recurrent",), ("recurrent", "attention"), ("attention", "recurrent"))}
"""The first layers of networks about a kind, in turn by the seed, each where it fits; the kind itself if not here."""

_DOING_NOTHING = ("nothing", "reshape")
"""Kinds that compute nothing: a network of them alone has no hardware."""

MOST_AXES, _TRIES = 4, 6

_ROUNDINGS = ("TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV")
OVERFLOWS = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")


def generate(seed: int, about: str = "") -> dict[str, Any]:
    """A random network of one to three layers and their quantizers, on a tensor of one to four axes.

    Args:
        seed: of what is drawn.
        about: the kind that the first layers show (`ABOUT`), which takes a tensor of two axes; any kind if it is empty.
    """
    chance = Chance(seed)
    subjects = ABOUT.get(about, ((about,),)) if about else ((),)
    first = list(subjects[seed % len(subjects)])
    rank = 2 if about else chance.pick(1, 2, 2, 3, 3, 3, 4)
    shape = {
        1: [chance.below(2, 9)],
        2: [chance.below(4, 9), chance.below(1, 5)],
        3: [chance.below(3, 6), chance.below(3, 6), chance.below(1, 4)],
        4: [chance.below(2, 4), 3, chance.below(2, 4), chance.below(1, 3)],
    }[rank]
    source = {"shape": shape, "bits": chance.below(3, 8), "signed": chance.often(0.5)}
    names = [name for name in KINDS for _ in range(SHARES.get(name, 1))]
    layers: list[Options] = []
    count = max(chance.below(1, 4), len(first))
    while count > 0 or all(layer["kind"] in _DOING_NOTHING for layer in layers):
        kind = chance.pick(*names)
        layer, after = _fitting(chance, first.pop(0) if first else kind, len(layers), shape)
        if after is None:
            continue
        shape, count = after, count - 1
        layers.append(layer)
        if layer["kind"] in WIDENING and chance.often(0.75):
            closing: Options = {"kind": chance.pick("relu", "quant"), "name": f"act{len(layers)}"}
            closing |= {"bits": layer["bits"], "integer": chance.below(0, 3)}
            KINDS[closing["kind"]].draw(chance, closing, shape)
            layers.append(closing)
    settings = {
        "io_type": chance.pick("io_parallel", "io_stream"),
        "strategy": chance.pick("Latency", "Latency", "Resource"),
        "reuse_factor": chance.pick(1, 1, 2, 3, 4),
    }
    lossy = {}
    if chance.often(0.4):
        for layer in layers:
            if chance.often(0.5):
                lossy[layer["name"]] = {
                    "role": chance.pick("accum", "result"),
                    "drop": chance.below(0, 5),
                    "narrow": chance.below(0, 4),
                    "rounding": chance.pick(*_ROUNDINGS),
                    "overflow": chance.pick(*OVERFLOWS),
                }
    outputs = [layer["name"] for layer in layers if chance.often(0.2)]
    return {"seed": seed, "input": source, "layers": layers, "outputs": outputs, "settings": settings, "lossy": lossy}


def _fitting(chance: Chance, kind: str, number: int, shape: Lengths) -> tuple[Options, Lengths | None]:
    """A layer of a kind, and the shape of its result; None after some tries that fit nothing, or become too large."""
    layer: Options = {}
    for _ in range(_TRIES):
        layer = {"kind": kind, "name": f"{kind}{number}", "bits": chance.below(2, 7), "integer": chance.below(-1, 3)}
        after = KINDS[kind].draw(chance, layer, list(shape))
        if after is not None and is_small(after) and len(after) <= MOST_AXES:
            return layer, after
    return layer, None


def means_the_same(spec: dict[str, Any]) -> bool:
    """Whether the firmware is to equal the QKeras model itself: no lossy types, no rounding of hls4ml's own."""
    return not spec["lossy"] and all(layer.get("exact", True) for layer in spec["layers"])


def build_model(spec: dict[str, Any]) -> Any:
    """The QKeras model of a specification.

    Raises:
        ValueError: if a layer does not fit what it is called on; none that `generate` draws.
    """
    import keras
    from qkeras import QActivation

    keras.utils.set_random_seed(spec["seed"])
    source = spec["input"]
    first = keras.Input(tuple(source["shape"]), name="source")
    x = QActivation(bits(source["bits"], 0, keep_negative=source["signed"]), name="input_quantizer")(first)
    outputs = []
    for layer in spec["layers"]:
        x = KINDS[layer["kind"]].build(layer, x)
        if layer["name"] in spec.get("outputs", ()):
            outputs.append(x)
    # Once each: layers that do nothing may give the same tensor.
    given = list({id(tensor): tensor for tensor in [*outputs, x]}.values())
    model = keras.Model(_sources(given), given)
    rng = np.random.default_rng(spec["seed"])
    for layer in _layers(model):
        if any(hasattr(layer, f"{name}_quantizer_internal") for name in ("kernel", "depthwise", "embeddings")):
            layer.set_weights([_weight(weight, rng) for weight in layer.weights])
    return model


def _weight(weight: Any, rng: np.random.Generator) -> np.ndarray:
    """Drawn; the statistics and the scale of a layer with a batch normalization inside are positive."""
    if "variance" in weight.name or "gamma" in weight.name:
        return rng.uniform(0.5, 1.5, weight.shape)
    if weight.dtype.startswith("int"):
        return np.zeros(weight.shape, weight.dtype)
    return rng.normal(0, 0.7, weight.shape)


def _layers(model: Any) -> list[Any]:
    return [layer for layer in model._flatten_layers(include_self=False) if layer.weights]


def _sources(tensors: list[Any]) -> list[Any]:
    """The inputs that tensors depend on, in the order of their names."""
    found: dict[str, Any] = {}
    pending, seen = list(tensors), set()
    while pending:
        tensor = pending.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        operation, number, _ = tensor._keras_history
        node = operation._inbound_nodes[number]
        if node.is_input:
            found[operation.name] = tensor
        pending += node.input_tensors
    return [found[name] for name in sorted(found)]
