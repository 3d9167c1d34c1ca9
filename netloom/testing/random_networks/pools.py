"""Pooling: windows of any size, step and padding, and whole tensors, over one to three axes."""

from typing import Any

from netloom.testing.random_networks.kind import Chance, Kind, Lengths, Options, quantized, slid


def _draw_pool(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    spatial = shape[:-1]
    if len(spatial) not in (1, 2, 3):
        return None
    layer |= {"function": chance.pick("Max", "Average"), "global": False, "keepdims": False}
    layer["exact"] = layer["function"] == "Max"
    if chance.often(0.3):
        layer |= {"global": True, "keepdims": chance.often(0.3)}
        return [*([1] * len(spatial) if layer["keepdims"] else []), shape[-1]]
    layer |= {
        "size": [min(chance.pick(1, 2, 2, 3), size) for size in spatial],
        "strides": chance.pick(None, 1, 2, 3),
        "padding": chance.pick("valid", "same"),
    }
    sizes = [slid(n, k, layer["strides"] or k, layer["padding"]) for n, k in zip(spatial, layer["size"], strict=True)]
    return [*sizes, shape[-1]]


def _pool(layer: Options, x: Any) -> Any:
    import keras

    rank, name = len(x.shape) - 2, layer["name"]
    if layer["global"]:
        cls = getattr(keras.layers, f"Global{layer['function']}Pooling{rank}D")
        return cls(keepdims=layer["keepdims"], name=name)(x)
    cls = getattr(keras.layers, f"{layer['function']}Pooling{rank}D")
    return cls(tuple(layer["size"]), strides=layer["strides"], padding=layer["padding"], name=name)(x)


def _draw_argmax(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    """Of the last axis; of few bits, so that several are the largest."""
    del chance, layer
    return [*shape[:-1], 1]


def _argmax(layer: Options, x: Any) -> Any:
    from netloom.quantize.layers import ArgMax

    return ArgMax(name=layer["name"])(quantized(layer, x, "quantizer"))


KINDS = {"pool": Kind(_draw_pool, _pool), "argmax": Kind(_draw_argmax, _argmax)}
