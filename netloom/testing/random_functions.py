"""Functions of one value for random networks."""

from typing import Any

import numpy as np

TABLES = (
    *("sigmoid", "tanh", "gelu", "silu", "elu", "softplus", "hard_sigmoid", "hard_silu", "leaky_relu", "mish"),
    *("LeakyReLU", "ELU", "ReLU", "quantized_tanh(5,use_real_tanh=True)", "quantized_relu(5,1,negative_slope=0.25)"),
    *("ternary()", "quantized_po2(4)"),
)
"""Functions of one value: of Keras by name, layers, quantizers."""


def draw_functions(layers: list[dict[str, Any]], rng: np.random.Generator) -> None:
    """Make some activations of a specification tables and lines; in place."""
    for layer in layers:
        if layer["kind"] == "function" and layer["function"] in ("relu", "sigmoid", "tanh") and rng.random() < 0.75:
            layer |= {"kind": "table", "function": str(rng.choice(TABLES)), "closed": bool(rng.random() < 0.75)}
        elif layer["kind"] == "relu" and rng.random() < 0.25:
            layer |= {
                "kind": "lines",
                "slopes": rng.integers(-6, 7, 16).tolist(),
                "bound": (None, 0.75, 3)[rng.integers(3)],
            }


def layer_of(function: str, name: str) -> Any:
    """The layer of one of `TABLES`."""
    import keras
    from qkeras import QActivation

    if function.endswith(")"):
        return QActivation(function, name=name)
    match function:
        case "LeakyReLU":
            return keras.layers.LeakyReLU(0.3, name=name)
        case "ELU":
            return keras.layers.ELU(0.7, name=name)
        case "ReLU":
            return keras.layers.ReLU(1.3, negative_slope=0.3, threshold=0.2, name=name)
    return keras.layers.Activation(function, name=name)


def leaky_layer(layer: dict[str, Any], shape: tuple[int | None, ...], name: str) -> Any:
    """A `PReLU` with a slope a channel, or a bounded leaky `ReLU`."""
    import keras

    slopes = np.array(layer["slopes"][: shape[-1]]) / 4
    if layer["bound"] is None and len(slopes) == shape[-1]:
        leaky = keras.layers.PReLU(shared_axes=list(range(1, len(shape) - 1)) or None, name=name)
        leaky.build(shape)
        leaky.set_weights([slopes.reshape(leaky.alpha.shape)])
        return leaky
    return keras.layers.ReLU(layer["bound"], negative_slope=abs(float(slopes[0])), name=name)
