"""Layers of several tensors: any number of them, broadcast, one used twice, further inputs; constants; any axis."""

from typing import Any

from netloom.testing.random_networks.kind import Chance, Kind, Lengths, Options, quantized

MERGED_BY = ("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average")


def _draw_merge(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    """The tensor and others made of it, or of inputs of their own."""
    layer["function"] = chance.pick(*MERGED_BY)
    count = 1 if layer["function"] == "Subtract" else chance.pick(1, 1, 1, 2, 3)
    if layer["function"] == "Multiply":
        count = min(count, 2)
    layer["others"] = [_draw_other(chance, shape) for _ in range(count)]
    layer["exact"] = not (layer["function"] == "Average" and count & (count + 1))
    return shape


def _draw_other(chance: Chance, shape: Lengths) -> Options:
    source = chance.pick("quantized", "quantized", "same", "input")
    if source == "same":
        return {"source": source}
    # An axis of one is as long as it must be.
    cut = [chance.often(0.3) for _ in shape] if chance.often(0.4) else [False] * len(shape)
    kept = [1 if one else size for one, size in zip(cut, shape, strict=True)]
    return {"source": source, "shape": kept}


def _others(layer: Options, x: Any) -> list[Any]:
    import keras

    tensors = []
    for index, other in enumerate(layer["others"]):
        name = f"{layer['name']}_{index}"
        if other["source"] == "same":
            tensors.append(x)
        elif other["source"] == "input":
            given = keras.Input(tuple(other["shape"]), name=name)
            tensors.append(quantized(layer, given, f"{index}_quantizer"))
        else:
            key = tuple(slice(0, size) for size in other["shape"])
            part = x if tuple(other["shape"]) == tuple(x.shape[1:]) else x[(slice(None), *key)]
            tensors.append(quantized(layer, part, f"{index}_quantizer"))
    return tensors


def _merge(layer: Options, x: Any) -> Any:
    import keras

    return getattr(keras.layers, layer["function"])(name=layer["name"])([x, *_others(layer, x)])


def _draw_concatenate(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    axis, size = chance.below(0, len(shape)), 0
    layer |= {"axis": axis, "others": []}
    for _ in range(chance.pick(1, 1, 2)):
        other = {"source": chance.pick("quantized", "same", "input"), "shape": list(shape)}
        if other["source"] != "same":
            other["shape"][axis] = chance.below(1, shape[axis] + 1)
        size += other["shape"][axis]
        layer["others"].append(other)
    return [*shape[:axis], shape[axis] + size, *shape[axis + 1 :]]


def _concatenate(layer: Options, x: Any) -> Any:
    import keras

    return keras.layers.Concatenate(layer["axis"] + 1, name=layer["name"])([x, *_others(layer, x)])


def _draw_arithmetic(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    """`x * scale + shift`, `x + other`, and other operations on tensors."""
    layer["operation"] = chance.pick("scale", "sum", "square", "absolute", "negative")
    layer |= {"scale": chance.below(-8, 9) / 4, "shift": chance.below(-8, 9) / 4}
    return shape


def _arithmetic(layer: Options, x: Any) -> Any:
    import keras

    match layer["operation"]:
        case "scale":
            return x * layer["scale"] + layer["shift"]
        case "sum":
            return x + quantized(layer, x, "other")
        case "square":
            return keras.ops.square(quantized(layer, x, "closed"))
        case "absolute":
            return keras.ops.absolute(x)
    return -x


KINDS = {
    "merge": Kind(_draw_merge, _merge),
    "concatenate": Kind(_draw_concatenate, _concatenate),
    "arithmetic": Kind(_draw_arithmetic, _arithmetic),
}
