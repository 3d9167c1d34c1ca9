"""Products of two tensors, and attention: queries, keys and values of one tensor or two, masked or not."""

from typing import Any

import numpy as np

from netloom.testing.random_networks.kind import (
    Chance,
    Kind,
    Lengths,
    Options,
    bits,
    closing,
    common,
    draw_weights,
    is_small,
    quantized,
)


def _draw_product(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    """The tensor by an input, by part of itself behind another quantizer, or by itself."""
    if len(shape) < 2:
        return None
    source = chance.pick("input", "quantized", "same")
    transposed = source != "input" or chance.often(0.5)
    columns = chance.below(1, shape[-2] + 1) if source != "same" else shape[-2]
    second = [*shape[:-2], columns, shape[-1]] if transposed else [*shape[:-1], columns]
    if not transposed:
        second[-2] = shape[-1]
    layer |= {"source": source, "transposed": transposed, "second": second}
    return [*shape[:-1], columns] if is_small(second) else None


def _product(layer: Options, x: Any) -> Any:
    import keras

    from netloom.quantize.layers import MatrixProduct

    first = second = quantized(layer, x, "first")
    if layer["source"] == "input":
        given = keras.Input(tuple(layer["second"]), name=f"{layer['name']}_input")
        second = quantized(layer, given, "second")
    elif layer["source"] == "quantized":
        second = quantized(layer, x[(slice(None), *(slice(0, size) for size in layer["second"]))], "second")
    return MatrixProduct(layer["transposed"], name=layer["name"])([first, second])


def _draw_attention(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    """Of rows, all or those before; leading axes are heads."""
    if len(shape) not in (2, 3):
        return None
    draw_weights(chance, layer)
    layer |= {"activation": "linear", "depth": chance.below(1, 4), "units": chance.below(1, 4)}
    layer |= {"mask": chance.pick(None, "causal", "window"), "across": chance.often(0.3)}
    small = all(is_small([*shape[:-1], size]) for size in (layer["depth"], layer["units"], shape[-2]))
    return [*shape[:-1], layer["units"]] if small else None


def _attention(layer: Options, x: Any) -> Any:
    import keras
    from qkeras import QActivation, QDense

    from netloom.quantize.layers import MatrixProduct, QSoftmax

    name, other = layer["name"], x
    if layer["across"]:
        other = quantized(layer, keras.Input(tuple(x.shape[1:]), name=f"{name}_other"), "other_quantizer")

    def projected(part: str, tensor: Any, units: int) -> Any:
        options = common(layer) | {"name": f"{name}_{part}"}
        return quantized(layer, QDense(units, kernel_quantizer=closing(layer), **options)(tensor), f"{part}_quantizer")

    query, key = projected("query", x, layer["depth"]), projected("key", other, layer["depth"])
    scores = MatrixProduct(True, name=f"{name}_scores")([query, key])
    weights = QSoftmax(bits(6, 2), mask=_mask(layer["mask"], x.shape[-2]), name=f"{name}_weights")(scores)
    weights = QActivation(bits(5, 0, keep_negative=False), name=f"{name}_weights_quantizer")(weights)
    return MatrixProduct(name=name)([weights, projected("value", other, layer["units"])])


def _mask(kind: str | None, size: int) -> Any:
    lower = np.tril(np.ones((size, size), dtype=bool))
    return {None: None, "causal": lower, "window": lower & ~np.tril(lower, -2)}[kind]


KINDS = {
    "product": Kind(_draw_product, _product),
    "attention": Kind(_draw_attention, _attention),
}
