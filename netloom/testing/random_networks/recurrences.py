"""Recurrent layers: every cell, functions hard or by table, either direction or both, states, masks; decoders."""

from typing import Any

from netloom.quantize.graph.recurrent import RECURRENT_CLASSES
from netloom.testing.random_networks.kind import Chance, Kind, Lengths, Options, bits, closing, quantized

CLASSES = tuple(f"Q{name}" for name in RECURRENT_CLASSES)
BEGINNINGS = ("zeros", "input", "encoder")
"""States to begin with: none that are given, an input each, or those in which a layer ended that reads the same."""
OF_CELLS = ("tanh", "sigmoid", "softsign", "hard_tanh", "hard_sigmoid", "linear", "quantized_relu")


def _draw_recurrent(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    """On steps of one axis."""
    if len(shape) != 2:
        return None
    layer |= {
        "class": chance.pick("QLSTM", *CLASSES),
        "units": chance.below(1, 4),
        "every": (every := chance.often(0.6)),
        "direction": chance.pick("forward", "forward", "backward", "both"),
        "bias": chance.often(0.7),
        "before": chance.often(0.5),
        "activation": chance.pick("tanh", *OF_CELLS),
        "gate": chance.pick("sigmoid", *OF_CELLS),
        "state": chance.below(3, 9),
        "symmetric": chance.pick(0, 1),
        "begins": (begins := chance.pick("zeros", *BEGINNINGS)),
        "stacked": chance.often(0.2),
        "states": (states := not every and chance.often(0.4)),
    }
    units = layer["units"] * (2 if layer["direction"] == "both" else 1)
    if layer["states"] and units == layer["units"] and layer["class"] != "QMemoryLSTM" and chance.often(0.5):
        layer["decoder"] = {
            "symbols": (symbols := chance.below(1, 7)),
            "steps": chance.below(1, 5),
            "start": chance.below(0, symbols),
            "stop": chance.pick(None, chance.below(0, symbols)),
            "noise": chance.often(0.5),
            "read": chance.often(0.5),
        }
    layer |= {"masked": chance.often(0.3) and not (states and begins != "zeros"), "zeros": chance.often(0.3)}
    if "decoder" in layer:
        return [layer["decoder"]["steps"]]
    if layer["states"]:
        return [units * _states(layer)]
    units *= 2 if layer["class"] == "QMemoryLSTM" else 1
    return [shape[0], units] if layer["every"] else [units]


def _states(layer: Options) -> int:
    """Of one direction."""
    return 2 if layer["class"].endswith("LSTM") else 1


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

    name, directions = layer["name"], 2 if layer["direction"] == "both" else 1
    initial: list[Any] = []
    match layer["begins"]:
        case "encoder":
            _, *initial = _made(layer, f"{name}_encoder", every=False, states=True)(x)
        case "input":
            for index in range(directions * _states(layer)):
                given = keras.Input((layer["units"],), name=f"{name}_{index}")
                initial.append(quantized(layer, given, f"{index}_quantizer"))
    mask = {"mask": _mask(layer, x)} if layer.get("masked") else {}
    if layer["stacked"]:
        x = _made(layer, f"{name}_below", every=True, states=False)(x, **mask)
    made = _made(layer, name, every=layer["every"], states=layer["states"])
    result = made(x, initial_state=initial, **mask) if initial else made(x, **mask)
    if not layer["states"]:
        # Keras hands the mask on beside it, and what else would take that is refused.
        return quantized(layer, result, "result") if layer.get("masked") and layer["every"] else result
    states = result[1:]
    if "decoder" in layer:
        return _decoded(layer, states)
    return keras.layers.Concatenate(name=f"{name}_states")(states) if len(states) > 1 else states[0]


def _mask(layer: Options, x: Any) -> Any:
    """An input that says which steps count."""
    import keras
    from qkeras import QActivation

    given = keras.Input((x.shape[1], 1), name=f"{layer['name']}_mask")
    read = QActivation(bits(2, 1), name=f"{layer['name']}_mask_quantizer")(given)
    return keras.ops.any(keras.ops.not_equal(read, 0.0), axis=-1)


def _decoded(layer: Options, states: list[Any]) -> Any:
    """What a decoder of a cell of the same kind says, which begins with the states in which the layer ended."""
    import keras
    from qkeras import QActivation, QDense

    from netloom.quantize.layers import QEmbedding, RecurrentDecoder

    name, options = layer["name"], layer["decoder"]
    decoder = RecurrentDecoder(
        QEmbedding(options["symbols"], 3, embeddings_quantizer=closing(layer), name=f"{name}_rows"),
        _made(layer, f"{name}_speaker", every=True, states=False),
        QDense(
            options["symbols"],
            use_bias=layer["bias"],
            kernel_quantizer=closing(layer),
            bias_quantizer=bits(layer["bits"] + 2, 1),
            name=f"{name}_logits",
        ),
        steps=options["steps"],
        start=options["start"],
        stop=options["stop"],
        quantizer=QActivation(closing(layer), name=f"{name}_read") if options["read"] else None,
        name=f"{name}_decoder",
    )
    given = {}
    if options["noise"]:
        noise = keras.Input((options["steps"], options["symbols"]), name=f"{name}_noise")
        given["noise"] = quantized(layer, noise, "noise_quantizer")
    return decoder(states if len(states) > 1 else states[0], **given)


def _made(layer: Options, name: str, *, every: bool, states: bool) -> Any:
    """The layer, of one direction or both."""
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
        return_sequences=every,
        return_state=states,
        go_backwards=layer["direction"] == "backward" and not name.endswith("_speaker"),
        zero_output_for_mask=layer.get("zeros", False),
        kernel_quantizer=closing(layer),
        recurrent_quantizer=closing(layer),
        bias_quantizer=bits(layer["bits"] + 2, 1),
        state_quantizer=bits(layer["state"], 1, symmetric=layer["symmetric"]),
        name=name,
    )
    return keras.layers.Bidirectional(made, name=f"{name}_both") if layer["direction"] == "both" else made


KINDS = {"recurrent": Kind(_draw_recurrent, _recurrent)}
