"""`build_model`: the QKeras model of a random network."""

from typing import Any

import numpy as np

from netloom.testing.random_functions import layer_of, leaky_layer


def build_model(spec: dict[str, Any]) -> Any:
    """The QKeras model of a specification."""
    import keras
    from qkeras import (
        QActivation,
        QBatchNormalization,
        QConv1D,
        QConv2D,
        QConv2DTranspose,
        QDense,
        QDepthwiseConv2D,
        QSeparableConv1D,
        QSeparableConv2D,
        quantized_bits,
        quantized_relu,
    )

    from netloom.quantize.layers import QConv1DTranspose, QConv3D, QConv3DTranspose, QDepthwiseConv1D

    keras.utils.set_random_seed(spec["seed"])
    rng = np.random.default_rng(spec["seed"])

    def bits(width: int, integer: int, **options: Any) -> Any:
        return quantized_bits(width, float(integer), alpha=1, **options)

    source = spec["input"]
    inputs = keras.Input(tuple(source["shape"]), name="source")
    x = QActivation(bits(source["bits"], 0, keep_negative=source["signed"]), name="input_quantizer")(inputs)
    outputs = []
    for layer in spec["layers"]:
        name, width, integer = layer["name"], layer["bits"], layer["integer"]
        symmetric = layer.get("symmetric", 0)
        kernel = bits(width, integer, symmetric=symmetric)
        common = {"use_bias": layer.get("bias", True), "bias_quantizer": bits(width + 2, 1), "name": name}
        rank = len(x.shape) - 2
        match layer["kind"]:
            case "dense":
                if rank >= 0:
                    x = QDense(layer["units"], kernel_quantizer=kernel, **common)(x)
            case "conv" if rank in (1, 2, 3):
                size, filters = _fit(layer["kernel"], x.shape[1:-1]), layer["filters"]
                options = {**_steps(layer, size, x.shape[1:-1]), **common}
                if layer.get("transposed") and max(x.shape[1:-1]) < 12:
                    options |= {"kernel_quantizer": kernel, "dilation_rate": 1}
                    cls = (QConv1DTranspose, QConv2DTranspose, QConv3DTranspose)[rank - 1]
                elif layer["separable"] and rank < 3:
                    options |= {"depthwise_quantizer": kernel, "pointwise_quantizer": bits(width, 0)}
                    options |= {"depth_multiplier": layer.get("multiplier", 1)}
                    cls = (QSeparableConv1D, QSeparableConv2D)[rank - 1]
                else:
                    channels = x.shape[-1]
                    groups = 1 if not layer.get("groups") else 2 if channels % 2 == 0 else channels
                    filters = -(-filters // groups) * groups
                    options |= {"kernel_quantizer": kernel, "groups": groups}
                    cls = (QConv1D, QConv2D, QConv3D)[rank - 1]
                x = cls(filters, tuple(size), **options)(x)
            case "depthwise" if rank in (1, 2):
                size = _fit(layer["kernel"], x.shape[1:-1])
                options = {**_steps(layer, size, x.shape[1:-1]), "depth_multiplier": layer.get("multiplier", 1)}
                cls = (QDepthwiseConv1D, QDepthwiseConv2D)[rank - 1]
                x = cls(tuple(size), depthwise_quantizer=kernel, **options, **common)(x)
            case "pool" if rank in (1, 2, 3):
                function = layer["function"].capitalize()
                if layer["global"]:
                    x = getattr(keras.layers, f"Global{function}Pooling{rank}D")(name=name)(x)
                else:
                    x = getattr(keras.layers, f"{function}Pooling{rank}D")(
                        tuple(_fit(layer["size"], x.shape[1:-1])),
                        strides=layer.get("strides"),
                        padding=layer.get("padding", "valid"),
                        name=name,
                    )(x)
            case "move" if rank in (1, 2):
                match layer["what"]:
                    case "pad":
                        x = getattr(keras.layers, f"ZeroPadding{rank}D")(
                            (1, 0) if rank == 1 else ((1, 0), (0, 1)), name=name
                        )(x)
                    case "crop" if min(x.shape[1:-1]) > 2:
                        x = getattr(keras.layers, f"Cropping{rank}D")(
                            (1, 0) if rank == 1 else ((1, 0), (0, 1)), name=name
                        )(x)
                    case "upsample":
                        x = getattr(keras.layers, f"UpSampling{rank}D")(2, name=name)(x)
                    case "permute" if rank == 2:
                        x = keras.layers.Permute((2, 1, 3), name=name)(x)
            case "relu":
                x = QActivation(quantized_relu(max(width, integer), float(integer)), name=name)(x)
            case "quant":
                x = QActivation(bits(max(width, 2, integer + 1), integer, symmetric=symmetric), name=name)(x)
            case "batch_norm":
                norm = QBatchNormalization(
                    gamma_quantizer=None if layer.get("inverse") else bits(width, 0),
                    beta_quantizer=bits(width, 0),
                    mean_quantizer=None,
                    variance_quantizer=None,
                    inverse_quantizer=bits(width, 1) if layer.get("inverse") else None,
                    epsilon=2**-10,
                    name=name,
                )
                x = norm(x)
                norm.set_weights([_like(norm, i, rng) for i in range(len(norm.weights))])
            case "merge":
                narrow = bits(max(width, 2, integer + 1), integer, symmetric=symmetric)
                other = QActivation(narrow, name=f"{name}_other")(x)
                x = getattr(keras.layers, layer["function"])(name=name)([x, other])
            case "table":
                x = QActivation(bits(max(width, 2) + 2, 2), name=f"{name}_address")(x)
                x = layer_of(layer["function"], name)(x)
                if layer["closed"]:
                    x = QActivation(bits(max(width, 4), 2), name=f"{name}_closed")(x)
            case "lines":
                x = leaky_layer(layer, x.shape, name)(x)
            case "function" if layer["function"].startswith("quantized"):
                x = QActivation(f"{layer['function']}({max(width, 2)})", name=name)(x)
            case "function":
                x = keras.layers.Activation(layer["function"], name=name)(x)
        if name in spec.get("outputs", ()):
            outputs.append(x)
    if len(x.shape) > 2 and spec["seed"] % 2:
        x = keras.layers.Flatten(name="flatten")(x)
        x = QDense(3, kernel_quantizer=bits(4, 0), bias_quantizer=bits(6, 1), name="last")(x)
    # Once each: a layer that does not fit its input is left out, and another may have given the same tensor.
    model = keras.Model(inputs, list({id(tensor): tensor for tensor in [*outputs, x]}.values()))
    for layer in model.layers:
        if hasattr(layer, "kernel_quantizer_internal") or hasattr(layer, "depthwise_quantizer_internal"):
            layer.set_weights([rng.normal(0, 0.7, weight.shape) for weight in layer.get_weights()])
    return model


def _fit(kernel: list[int], spatial: tuple[int, ...]) -> list[int]:
    sizes = (kernel * 3)[: len(spatial)]
    return [min(k, n) for k, n in zip(sizes, spatial, strict=True)]


def _steps(layer: dict[str, Any], size: list[int], spatial: tuple[int, ...]) -> dict[str, Any]:
    """Strides, dilation and padding; dilation only where it fits, and without strides, as Keras wants it."""
    dilation = layer.get("dilation", 1)
    fits = all((k - 1) * dilation < n for k, n in zip(size, spatial, strict=True))
    dilation = dilation if fits else 1
    return {
        "strides": layer["stride"] if dilation == 1 else 1,
        "padding": layer["padding"],
        "dilation_rate": dilation,
    }


def _like(norm: Any, index: int, rng: np.random.Generator) -> np.ndarray:
    weight = norm.weights[index]
    if "variance" in weight.name:
        return np.full(weight.shape, 1 - 2**-10)
    if "mean" in weight.name:
        return np.zeros(weight.shape)
    return rng.normal(0.5, 0.5, weight.shape)
