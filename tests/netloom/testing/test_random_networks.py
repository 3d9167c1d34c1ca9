"""The generator of random networks draws every layer that netloom takes, and every option of one."""

import json
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("keras")

from netloom.quantize.flat import flatten
from netloom.quantize.support.table import LAYERS
from netloom.testing.random_networks import build_model, functions, generate, merges, norms, recurrences

COVER = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    9,
    10,
    11,
    13,
    15,
    21,
    22,
    24,
    26,
    30,
    32,
    33,
    34,
    36,
    37,
    39,
    42,
    44,
    48,
    52,
    53,
    57,
    60,
    62,
    63,
    68,
    69,
    74,
    85,
    87,
    91,
    101,
    110,
    113,
    114,
    116,
    124,
    125,
    142,
    143,
    148,
    150,
    156,
    180,
    186,
    187,
    202,
    203,
    229,
    319,
    376,
    492,
    673,
)
"""Seeds whose networks together hold every layer of the table."""

SPECIFICATIONS = 4000


def drawn() -> Iterator[dict]:
    for seed in range(SPECIFICATIONS):
        yield from generate(seed)["layers"]


def of(kind: str, **options) -> Callable[[dict], bool]:
    """Whether a layer is of a kind, and its options as said, or as a function says of them."""

    def found(layer: dict) -> bool:
        return layer["kind"] == kind and all(
            key in layer and (wanted(layer[key]) if callable(wanted) else layer[key] == wanted)
            for key, wanted in options.items()
        )

    return found


def more(value) -> bool:
    return value is not None and value > 1


def axes(rank: int) -> Callable[[list], bool]:
    return lambda sizes: len(sizes) == rank


def any_other(test: Callable[[dict], bool]) -> Callable[[list], bool]:
    return lambda others: any(test(other) for other in others)


WINDOWS = {
    f"{kind}, {what}, rank {rank}": of(kind, kernel=axes(rank), **options)
    for kind, ranks in {"conv": (1, 2, 3), "depthwise": (1, 2), "separable": (1, 2)}.items()
    for rank in ranks
    for what, options in {
        "dilated": {"dilation": more},
        "strided": {"stride": more},
        "valid": {"padding": "valid"},
        "same": {"padding": "same"},
    }.items()
}
TRANSPOSED = {
    f"transposed, {what}, rank {rank}": of("transposed", kernel=axes(rank), **options)
    for rank in (1, 2, 3)
    for what, options in {
        "strided": {"stride": more},
        "valid": {"padding": "valid"},
        "same": {"padding": "same"},
        "with output_padding": {"output_padding": lambda value: value is not None},
    }.items()
}
CONVOLUTIONS = {
    "causal": of("conv", causal=True),
    "causal, dilated": of("conv", causal=True, dilation=more),
    "a mask": of("conv", mask=True),
    "a batch normalization inside": of("conv", folded=True),
    "depthwise, a batch normalization inside": of("depthwise", folded=True),
    "depthwise, several a channel, a batch normalization inside": of("depthwise", folded=True, multiplier=more),
    **{f"groups, rank {rank}": of("conv", groups=more, kernel=axes(rank)) for rank in (1, 2, 3)},
    **{f"depthwise, several a channel, {rank}": of("depthwise", multiplier=more, kernel=axes(rank)) for rank in (1, 2)},
    **{f"separable, several a channel, {rank}": of("separable", multiplier=more, kernel=axes(rank)) for rank in (1, 2)},
    **{f"{name} inside": of("conv", activation=name) for name in ("relu", "quantized_relu", "quantized_bits")},
}
POOLS = {
    f"{function} pooling, {what}, rank {rank}": of("pool", function=function, **{"global": False}, **options)
    for function in ("Max", "Average")
    for rank in (1, 2, 3)
    for what, options in {
        "padded": {"size": axes(rank), "padding": "same"},
        "overlapping or with gaps": {"size": axes(rank), "strides": lambda value: value is not None},
    }.items()
}
MERGES = {
    **{
        f"{name} of {n}": of("merge", function=name, others=axes(n - 1))
        for name in merges.MERGED_BY
        for n in ((2,) if name == "Subtract" else (2, 3))
    },
    "four": of("merge", others=axes(4 - 1)),
    "one tensor twice": of("merge", others=any_other(lambda other: other["source"] == "same")),
    "broadcast": of("merge", others=any_other(lambda other: 1 in other.get("shape", ()))),
    "a further input": of("merge", others=any_other(lambda other: other["source"] == "input")),
    "joined on the first axis of three": of("concatenate", axis=0, others=any_other(lambda o: len(o["shape"]) == 3)),
    "joined on the last axis of three": of("concatenate", axis=2, others=any_other(lambda o: len(o["shape"]) == 3)),
    **{name: of("arithmetic", operation=name) for name in ("scale", "sum", "square", "absolute", "negative")},
}
NORMS = {
    **{f"normalization, {mode}": of("norm", mode=mode) for mode in norms.MODES},
    "normalization of groups": of("norm", groups=more),
    "batch normalization on another axis": of("batch_norm", axis=1),
    "softmax over another axis": of("softmax", axis=1),
}
FUNCTIONS = {
    name: of("function", function=name)
    for name in (
        *functions.activations(),
        *functions.DRAWN_QUANTIZERS,
        *functions.DRAWN_LAYERS,
        *functions.DRAWN_FUNCTIONS,
    )
}
MOVES = {
    "bilinear": of("upsample", interpolation="bilinear", size=lambda size: max(size) > 1),
    **{f"repeated, rank {rank}": of("upsample", size=axes(rank)) for rank in (1, 2, 3)},
    **{f"{kind}, rank {rank}": of(kind, ends=axes(rank)) for kind in ("pad", "crop") for rank in (1, 2, 3)},
    **{f"permuted, rank {rank}": of("permute", dims=axes(rank)) for rank in (2, 3, 4)},
    "a slice": of("slice", drop=False),
    "one of an axis": of("slice", drop=True),
}
RECURRENCES = {
    **{
        f"{kind}, {way}": of("recurrent", direction=way, **{"class": kind})
        for kind in recurrences.CLASSES
        for way in ("forward", "backward", "both")
    },
    **{f"{name} in a cell": of("recurrent", activation=name) for name in recurrences.OF_CELLS},
    **{f"{name} of a gate": of("recurrent", gate=name) for name in recurrences.OF_CELLS},
    "the last step": of("recurrent", every=False),
    **{f"begins with {name}": of("recurrent", begins=name) for name in recurrences.BEGINNINGS},
    "stacked": of("recurrent", stacked=True),
    **{f"states of {kind}": of("recurrent", states=True, **{"class": kind}) for kind in recurrences.CLASSES},
    **{f"a mask of {kind}": of("recurrent", masked=True, **{"class": kind}) for kind in recurrences.CLASSES},
    **{
        f"zeros where masked, {every}": of("recurrent", masked=True, zeros=True, every=every) for every in (True, False)
    },
    "a mask, states given": of("recurrent", masked=True, begins="input"),
    "a mask, states read": of("recurrent", masked=True, states=True),
    "a state reset before": of("recurrent", before=True, **{"class": "QGRU"}),
    **{f"a decoder of {kind}": of("recurrent", decoder=bool, **{"class": kind}) for kind in recurrences.CLASSES[:3]},
    **{
        f"a decoder, noise {noise}": of("recurrent", decoder=lambda one, noise=noise: one["noise"] == noise)
        for noise in (True, False)
    },
    "a decoder that stops": of("recurrent", decoder=lambda one: one["stop"] is not None),
    "a decoder that does not": of("recurrent", decoder=lambda one: one["stop"] is None),
}
ATTENTIONS = {
    **{
        f"a product with {what}, transposed {transposed}": of("product", source=source, transposed=transposed)
        for source, what, transposed in (
            ("input", "an input", False),
            ("input", "an input", True),
            ("quantized", "a part of itself", True),
            ("same", "itself", True),
        )
    },
    **{f"attention, mask {mask}": of("attention", mask=mask) for mask in (None, "causal", "window")},
    "attention to another tensor": of("attention", across=True),
    "the largest": of("argmax"),
}
OTHERS = {
    **{kind: of(kind) for kind in ("dense", "shared", "nested", "embedding", "rearrange")},
    **{f"{what} on each step": of("distributed", what=what) for what in ("dense", "flatten", "activation")},
    "whole pooling that keeps axes": of("pool", keepdims=True),
}
OPTIONS = (
    WINDOWS | TRANSPOSED | CONVOLUTIONS | POOLS | MERGES | NORMS | FUNCTIONS | MOVES | RECURRENCES | ATTENTIONS | OTHERS
)


def test_every_layer_of_the_table_is_drawn():
    """A new layer of the table fails this until a family draws it, and a seed that does so stands in `COVER`."""
    missing = {kind for kind, entry in LAYERS.items() if entry.stage in (None, "convert")}
    for seed in COVER:
        spec = generate(seed)
        models = [model := build_model(spec)]
        if any(layer.get("masked") for layer in spec["layers"]):
            models.append(flatten(model))  # a mask is an input of the layer's there
        missing -= {type(layer).__name__ for one in models for layer in one._flatten_layers(include_self=False)}
    assert not missing


def test_every_option_is_drawn():
    missing = dict(OPTIONS)
    for layer in drawn():
        for name in [name for name, found in missing.items() if found(layer)]:
            del missing[name]
        if not missing:
            return
    assert not missing.keys()


def test_every_kind_of_network_is_drawn():
    """Both io types, both strategies, reuse, types that lose bits, several inputs, several outputs."""
    specifications = [generate(seed) for seed in range(100)]
    settings = [spec["settings"] for spec in specifications]
    assert {one["io_type"] for one in settings} == {"io_parallel", "io_stream"}
    assert {one["strategy"] for one in settings} == {"Latency", "Resource"}
    assert max(one["reuse_factor"] for one in settings) > 1
    assert any(spec["lossy"] for spec in specifications)
    assert any(len(spec["outputs"]) > 1 for spec in specifications)
    assert {len(spec["input"]["shape"]) for spec in specifications} == {1, 2, 3, 4}


def test_a_specification_is_plain_json():
    for seed in range(50):
        spec = generate(seed)
        assert json.loads(json.dumps(spec)) == spec == generate(seed)
