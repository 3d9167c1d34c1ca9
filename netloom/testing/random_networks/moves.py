"""Layers that move values, and layers that do nothing at inference."""

from math import prod
from typing import Any

import numpy as np

from netloom.testing.random_networks.kind import Chance, Kind, Lengths, Options


def _ends(chance: Chance, count: int, most: int) -> list[list[int]]:
    return [[chance.below(0, most + 1), chance.below(0, most + 1)] for _ in range(count)]


def _draw_pad(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    if len(shape) not in (2, 3, 4):
        return None
    layer["ends"] = _ends(chance, len(shape) - 1, 1 if len(shape) > 2 else 2)
    return [*(n + sum(ends) for n, ends in zip(shape[:-1], layer["ends"], strict=True)), shape[-1]]


def _draw_crop(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    if len(shape) not in (2, 3, 4):
        return None
    layer["ends"] = _ends(chance, len(shape) - 1, 1)
    return [*(n - sum(ends) for n, ends in zip(shape[:-1], layer["ends"], strict=True)), shape[-1]]


def _build_ends(name: str) -> Any:
    def build(layer: Options, x: Any) -> Any:
        import keras

        ends = tuple(tuple(pair) for pair in layer["ends"])
        cls = getattr(keras.layers, f"{name}{len(ends)}D")
        return cls(ends if len(ends) > 1 else ends[0], name=layer["name"])(x)

    return build


def _draw_upsample(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    if len(shape) not in (2, 3, 4):
        return None
    layer |= {"size": [chance.pick(1, 2, 2, 3) for _ in shape[:-1]], "interpolation": "nearest"}
    if len(shape) == 3 and chance.often(0.5):
        layer |= {"size": [chance.pick(1, 2, 4) for _ in shape[:-1]], "interpolation": "bilinear"}
    return [*(n * times for n, times in zip(shape[:-1], layer["size"], strict=True)), shape[-1]]


def _upsample(layer: Options, x: Any) -> Any:
    import keras

    size, rank = tuple(layer["size"]), len(layer["size"])
    options = {"interpolation": layer["interpolation"]} if rank == 2 else {}
    cls = getattr(keras.layers, f"UpSampling{rank}D")
    return cls(size if rank > 1 else size[0], name=layer["name"], **options)(x)


def _draw_permute(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    if len(shape) < 2:
        return None
    rest = list(range(len(shape)))
    order = [rest.pop(chance.below(0, len(rest))) for _ in shape]
    layer["dims"] = [axis + 1 for axis in order]
    return [shape[axis] for axis in order]


def _permute(layer: Options, x: Any) -> Any:
    import keras

    return keras.layers.Permute(tuple(layer["dims"]), name=layer["name"])(x)


def _draw_reshape(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    """To another rank: flattened, split in two, an axis more, or repeated."""
    size = prod(shape)
    factors = [n for n in range(2, size) if size % n == 0]
    layer["what"] = chance.pick("flatten", "split", "axis") if len(shape) > 1 else chance.pick("repeat", "split")
    if layer["what"] == "repeat":
        layer["times"] = chance.below(1, 4)
        return [layer["times"], *shape]
    if layer["what"] == "split" and factors:
        first = chance.pick(*factors)
        layer["target"] = [first, size // first]
    elif layer["what"] == "axis" and len(shape) < 4:
        place = chance.below(0, len(shape))
        layer["target"] = [*shape[:place], 1, *shape[place:]]
    else:
        layer |= {"what": "flatten", "target": [size]}
    return list(layer["target"])


def _reshape(layer: Options, x: Any) -> Any:
    import keras

    if layer["what"] == "repeat":
        return keras.layers.RepeatVector(layer["times"], name=layer["name"])(x)
    if layer["what"] == "flatten":
        return keras.layers.Flatten(name=layer["name"])(x)
    return keras.layers.Reshape(tuple(layer["target"]), name=layer["name"])(x)


def _draw_slice(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    """`x[:, a:b]` along some axis, or one place of it."""
    axis = chance.below(0, len(shape))
    start = chance.below(0, shape[axis])
    drop = len(shape) > 1 and chance.often(0.3)
    stop = start + 1 if drop else chance.below(start + 1, shape[axis] + 1)
    layer |= {"axis": axis, "start": start, "stop": stop, "drop": drop}
    return [*shape[:axis], *([] if drop else [stop - start]), *shape[axis + 1 :]]


def _slice(layer: Options, x: Any) -> Any:
    key = layer["start"] if layer["drop"] else slice(layer["start"], layer["stop"])
    return x[(slice(None), *[slice(None)] * layer["axis"], key)]


def _draw_rearrange(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    """Any elements at any places, some of them zeros."""
    size, target = prod(shape), [chance.below(1, 5) for _ in range(chance.below(1, 3))]
    layer |= {"order": [chance.below(-1, size) for _ in range(prod(target))], "target": target}
    return target


def _rearrange(layer: Options, x: Any) -> Any:
    from netloom.quantize.layers import Rearrange

    return Rearrange(np.reshape(layer["order"], layer["target"]).tolist(), name=layer["name"])(x)


def _draw_nothing(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    """Dropout and its kind."""
    layer["class"] = chance.pick(
        "Dropout",
        "AlphaDropout",
        "GaussianDropout",
        "Identity",
        *{2: ["SpatialDropout1D"] * 3, 3: ["SpatialDropout2D"] * 3}.get(len(shape), []),
    )
    return shape


def _nothing(layer: Options, x: Any) -> Any:
    import keras

    options = {} if layer["class"] == "Identity" else {"rate": 0.5}
    return getattr(keras.layers, layer["class"])(name=layer["name"], **options)(x)


KINDS = {
    "pad": Kind(_draw_pad, _build_ends("ZeroPadding")),
    "crop": Kind(_draw_crop, _build_ends("Cropping")),
    "upsample": Kind(_draw_upsample, _upsample),
    "permute": Kind(_draw_permute, _permute),
    "reshape": Kind(_draw_reshape, _reshape),
    "slice": Kind(_draw_slice, _slice),
    "rearrange": Kind(_draw_rearrange, _rearrange),
    "nothing": Kind(_draw_nothing, _nothing),
}
