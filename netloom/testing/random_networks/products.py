"""Dense layers and their kind, on tensors of any rank."""

from typing import Any

from netloom.testing.random_networks.kind import Chance, Kind, Lengths, Options, bits, closing, common, draw_weights


def _draw_dense(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    draw_weights(chance, layer)
    layer |= {"units": chance.below(1, 5), "folded": chance.often(0.25)}
    if layer["folded"]:
        layer["activation"] = "linear"
    return [*shape[:-1], layer["units"]]


def _dense(layer: Options, x: Any) -> Any:
    from qkeras import QDense, QDenseBatchnorm

    cls = QDenseBatchnorm if layer["folded"] else QDense
    return cls(layer["units"], kernel_quantizer=closing(layer), **common(layer))(x)


def _draw_shared(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    """One layer at two places, its results added."""
    layer |= {"bias": chance.often(0.6), "units": chance.below(1, 5)}
    return [*shape[:-1], layer["units"]]


def _shared(layer: Options, x: Any) -> Any:
    import keras
    from qkeras import QActivation, QDense

    dense = QDense(layer["units"], kernel_quantizer=closing(layer), **common(layer))
    other = QActivation(bits(4, 1), name=f"{layer['name']}_other")(x)
    return keras.layers.Add(name=f"{layer['name']}_sum")([dense(x), dense(other)])


def _draw_distributed(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    """A layer on each step; the steps are the first axis."""
    if len(shape) not in (2, 3) or shape[0] > 4:
        return None
    what = chance.pick("dense", "flatten", "activation") if len(shape) == 3 else "dense"
    layer |= {"what": what, "units": chance.below(1, 4), "bias": chance.often(0.6)}
    if what == "flatten":
        return [shape[0], shape[1] * shape[2]]
    return [*shape[:-1], layer["units"]] if what == "dense" else shape


def _distributed(layer: Options, x: Any) -> Any:
    import keras
    from qkeras import QActivation, QDense

    inner = {
        "dense": lambda: QDense(
            layer["units"], kernel_quantizer=closing(layer), **(common(layer) | {"name": f"{layer['name']}_inner"})
        ),
        "flatten": lambda: keras.layers.Flatten(name=f"{layer['name']}_inner"),
        "activation": lambda: QActivation(closing(layer), name=f"{layer['name']}_inner"),
    }[layer["what"]]()
    return keras.layers.TimeDistributed(inner, name=layer["name"])(x)


def _draw_nested(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    """A model within the model."""
    layer |= {"bias": chance.often(0.6), "units": chance.below(1, 4)}
    return [*shape[:-1], layer["units"]]


def _nested(layer: Options, x: Any) -> Any:
    import keras
    from qkeras import QActivation, QDense

    name = layer["name"]
    inner = [
        keras.Input(tuple(x.shape[1:]), name=f"{name}_in"),
        QDense(layer["units"], kernel_quantizer=closing(layer), **(common(layer) | {"name": f"{name}_dense"})),
        QActivation(closing(layer), name=f"{name}_act"),
    ]
    return keras.Sequential(inner, name=name)(x)


def _draw_embedding(chance: Chance, layer: Options, shape: Lengths) -> Lengths:
    """Rows of a table, some numbers beyond them."""
    layer |= {"rows": chance.below(2, 9), "units": chance.below(1, 4), "symmetric": chance.pick(0, 1)}
    return [*shape, layer["units"]]


def _embedding(layer: Options, x: Any) -> Any:
    from qkeras import QActivation

    from netloom.quantize.layers import QEmbedding

    name = layer["name"]
    x = QActivation(bits(3, 3, keep_negative=False), name=f"{name}_number")(x)
    return QEmbedding(layer["rows"], layer["units"], embeddings_quantizer=closing(layer), name=name)(x)


KINDS = {
    "embedding": Kind(_draw_embedding, _embedding),
    "dense": Kind(_draw_dense, _dense),
    "shared": Kind(_draw_shared, _shared),
    "distributed": Kind(_draw_distributed, _distributed),
    "nested": Kind(_draw_nested, _nested),
}
