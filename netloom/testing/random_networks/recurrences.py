"""Recurrent layers: every cell, its functions hard or by table, in either direction or both."""

from typing import Any

from netloom.testing.random_networks.kind import Chance, Kind, Lengths, Options, bits, closing

CLASSES = ("QSimpleRNN", "QLSTM", "QGRU")
FUNCTIONS = ("tanh", "sigmoid", "softsign", "hard_tanh", "hard_sigmoid", "linear", "quantized_relu")


def _draw_recurrent(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    """On steps of one axis."""
    if len(shape) != 2:
        return None
    layer |= {
        "class": chance.pick(*CLASSES),
        "units": chance.below(1, 4),
        "every": chance.often(0.6),
        "direction": chance.pick("forward", "forward", "backward", "both"),
        "bias": chance.often(0.7),
        "before": chance.often(0.5),
        "activation": chance.pick("tanh", *FUNCTIONS),
        "gate": chance.pick("sigmoid", *FUNCTIONS),
        "state": chance.below(3, 9),
        "symmetric": chance.pick(0, 1),
    }
    units = layer["units"] * (2 if layer["direction"] == "both" else 1)
    return [shape[0], units] if layer["every"] else [units]


def _function(layer: Options, which: str) -> Any:
    from qkeras import quantized_relu, quantized_sigmoid, quantized_tanh

    from netloom.quantize.layers import QuantizedFunction

    name, width = layer[which], layer["bits"] + 1
    match name:
        case "linear":
            return None
        case "hard_tanh":
            return quantized_tanh(width, symmetric=layer["symmetric"])
        case "hard_sigmoid":
            return quantized_sigmoid(width)
        case "quantized_relu":
            return quantized_relu(width, 1.0)
        case _:
            signed = name != "sigmoid"
            return QuantizedFunction(name, bits(width + 2, 2), bits(width + signed, 0, keep_negative=signed))


def _recurrent(layer: Options, x: Any) -> Any:
    import keras

    from netloom.quantize import layers

    options: Options = {"activation": _function(layer, "activation")}
    if layer["class"] != "QSimpleRNN":
        options["recurrent_activation"] = _function(layer, "gate")
    if layer["class"] == "QGRU":
        options["reset_after"] = not layer["before"]
    made = getattr(layers, layer["class"])(
        layer["units"],
        **options,
        use_bias=layer["bias"],
        return_sequences=layer["every"],
        go_backwards=layer["direction"] == "backward",
        kernel_quantizer=closing(layer),
        recurrent_quantizer=closing(layer),
        bias_quantizer=bits(layer["bits"] + 2, 1),
        state_quantizer=bits(layer["state"], 1, symmetric=layer["symmetric"]),
        name=layer["name"],
    )
    return (
        keras.layers.Bidirectional(made, name=f"{layer['name']}_both")(x) if layer["direction"] == "both" else made(x)
    )


KINDS = {"recurrent": Kind(_draw_recurrent, _recurrent)}
