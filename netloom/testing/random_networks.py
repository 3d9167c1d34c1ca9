"""Random quantized networks, described by plain JSON so that one that fails can be shrunk and kept.

A specification is `{"seed", "input": {"shape", "bits"}, "layers": [...], "settings": {...}}`; `generate` draws one,
`build` makes the QKeras model, `check` holds the engines against each other, `shrink` drops what is not needed to fail.
"""

import copy
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from netloom.testing.random_functions import draw_functions, function_layer, leaky_layer

ROUNDINGS = ("TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV")
OVERFLOWS = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")
SAMPLES = 48

LOSSY = {
    *((kind, "result") for kind in ("Dense", "Conv1D", "Conv2D", "PointwiseConv1D", "PointwiseConv2D", "Merge")),
    *((kind, "result") for kind in ("DepthwiseConv1D", "DepthwiseConv2D", "BatchNormalization", "Concatenate")),
    *((f"{scope}Pooling{rank}D", role) for scope in ("", "Global") for rank in (1, 2) for role in ("accum", "result")),
    *((kind, "accum") for kind in ("Dense", "Conv1D", "Conv2D", "PointwiseConv1D", "PointwiseConv2D")),
    *((kind, "accum") for kind in ("DepthwiseConv1D", "DepthwiseConv2D")),
}
"""Layers and roles whose type hls4ml lets the user choose freely."""


def generate(seed: int) -> dict[str, Any]:
    """A random network of two to six layers, in one of three ranks, with or without lossy types."""
    rng = np.random.default_rng(seed)

    def pick(*options: Any) -> Any:
        return options[int(rng.integers(len(options)))]

    rank = pick(1, 2, 3)
    shape = {
        1: [int(rng.integers(2, 9))],
        2: [int(rng.integers(5, 11)), pick(1, 2, 3)],
        3: [6, pick(6, 7, 8), pick(1, 2, 3)],
    }[rank]
    layers: list[dict[str, Any]] = []
    spatial = list(shape[:-1])
    for index in range(int(rng.integers(2, 7))):
        bits = int(rng.integers(2, 8))
        kinds = (
            ["relu", "quant", "dense"]
            if rank == 1 or not spatial
            else ["conv", "pool", "relu", "quant", "move", "depthwise"]
        )
        kinds += ["batch_norm", "merge", "function"]
        kind = pick(*kinds)
        layer: dict[str, Any] = {
            "kind": kind,
            "bits": bits,
            "integer": int(rng.integers(-1, 3)),
            "name": f"{kind}{index}",
        }
        if kind == "dense":
            layer |= {"units": int(rng.integers(1, 7)), "bias": pick(True, False), "symmetric": pick(0, 1)}
        elif kind in ("conv", "depthwise"):
            kernel = [min(pick(1, 2, 3), size) for size in spatial]
            stride = pick(1, 1, 2)
            padding = pick("valid", "same")
            layer |= {
                "kernel": kernel,
                "stride": stride,
                "padding": padding,
                "filters": int(rng.integers(1, 5)),
                "bias": pick(True, False),
                "separable": pick(True, False),
            }
            spatial = [
                -(-n // stride) if padding == "same" else (n - k) // stride + 1
                for n, k in zip(spatial, kernel, strict=True)
            ]
        elif kind == "pool":
            size = [min(pick(1, 2, 3), n) for n in spatial]
            layer |= {"size": size, "function": pick("max", "average"), "global": pick(False, False, True)}
            spatial = [] if layer["global"] else [n // k for n, k in zip(spatial, size, strict=True)]
        elif kind == "move":
            layer |= {"what": pick("pad", "crop", "upsample", "permute")}
            if layer["what"] == "crop" and min(spatial) < 3:
                layer["what"] = "pad"
            spatial = {
                "pad": [n + 1 for n in spatial],
                "crop": [n - 1 for n in spatial],
                "upsample": [n * 2 for n in spatial],
                "permute": spatial[::-1],
            }[layer["what"]]
            if max(spatial) > 16:
                layer["what"], spatial = "crop", [n // 2 - 1 for n in spatial]
        elif kind == "merge":
            layer |= {"function": pick("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Concatenate")}
        elif kind == "function":
            layer |= {"function": pick("relu", "sigmoid", "tanh", "softmax", "quantized_sigmoid", "quantized_tanh")}
        layers.append(layer)
        if kind in ("dense", "conv", "depthwise", "merge", "batch_norm") and pick(True, True, False):
            layers.append(
                {"kind": pick("relu", "quant"), "bits": bits, "integer": int(rng.integers(0, 3)), "name": f"act{index}"}
            )
    settings: dict[str, Any] = {
        "io_type": pick("io_parallel", "io_stream"),
        "strategy": pick("Latency", "Latency", "Resource"),
        "reuse_factor": pick(1, 1, 2, 3, 4),
    }
    lossy = {}
    if pick(True, False):
        for layer in layers:
            if pick(True, False):
                lossy[layer["name"]] = {
                    "role": pick("accum", "result"),
                    "drop": int(rng.integers(0, 5)),
                    "narrow": int(rng.integers(0, 4)),
                    "rounding": pick(*ROUNDINGS),
                    "overflow": pick(*OVERFLOWS),
                }
    # Drawn apart, so that what a seed gave before stays as it was.
    later = np.random.default_rng([seed, 1])
    for layer in layers:
        if layer["kind"] in ("quant", "merge"):
            layer["symmetric"] = int(later.integers(2))
        elif layer["kind"] == "batch_norm":
            layer["inverse"] = bool(later.random() < 0.25)
    draw_functions(layers, np.random.default_rng([seed, 2]))
    return {
        "outputs": [layer["name"] for layer in layers if later.random() < 0.25],
        "seed": seed,
        "input": {"shape": shape, "bits": int(rng.integers(3, 9)), "signed": pick(True, False)},
        "layers": layers,
        "settings": settings,
        "lossy": lossy,
    }


def build(spec: dict[str, Any]) -> Any:
    """The QKeras model of a specification."""
    import keras
    from qkeras import (
        QActivation,
        QBatchNormalization,
        QConv1D,
        QConv2D,
        QDense,
        QDepthwiseConv2D,
        QSeparableConv1D,
        QSeparableConv2D,
        quantized_bits,
        quantized_relu,
    )

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
            case "conv" if rank in (1, 2):
                options = {"strides": layer["stride"], "padding": layer["padding"], **common}
                size = _fit(layer["kernel"], x.shape[1:-1])
                if layer["separable"]:
                    options |= {"depthwise_quantizer": kernel, "pointwise_quantizer": bits(width, 0)}
                    cls = QSeparableConv1D if rank == 1 else QSeparableConv2D
                else:
                    options |= {"kernel_quantizer": kernel}
                    cls = QConv1D if rank == 1 else QConv2D
                x = cls(layer["filters"], tuple(size), **options)(x)
            case "depthwise" if rank == 2:
                size = _fit(layer["kernel"], x.shape[1:-1])
                x = QDepthwiseConv2D(
                    tuple(size), strides=layer["stride"], padding=layer["padding"], depthwise_quantizer=kernel, **common
                )(x)
            case "pool" if rank in (1, 2):
                function = layer["function"].capitalize()
                if layer["global"]:
                    x = getattr(keras.layers, f"Global{function}Pooling{rank}D")(name=name)(x)
                else:
                    x = getattr(keras.layers, f"{function}Pooling{rank}D")(
                        tuple(_fit(layer["size"], x.shape[1:-1])), name=name
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
                x = function_layer(layer["function"], name)(x)
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
    sizes = (kernel * 2)[: len(spatial)]
    return [min(k, n) for k, n in zip(sizes, spatial, strict=True)]


def _like(norm: Any, index: int, rng: np.random.Generator) -> np.ndarray:
    weight = norm.weights[index]
    if "variance" in weight.name:
        return np.full(weight.shape, 1 - 2**-10)
    if "mean" in weight.name:
        return np.zeros(weight.shape)
    return rng.normal(0.5, 0.5, weight.shape)


def overrides(spec: dict[str, Any], model: Any) -> dict[str, dict[str, str]]:
    """Lossy types for the layers the specification names: narrower than the proven ones."""
    from netloom.hls import HlsSettings, convert

    if not spec["lossy"]:
        return {}
    with tempfile.TemporaryDirectory() as directory:
        exact = convert(model, HlsSettings(**spec["settings"]), Path(directory) / "exact")
    types = {}
    for layer in exact.layers:
        loss = spec["lossy"].get(layer.origin)
        type_ = None if loss is None else {"accum": layer.accum, "result": layer.type}[loss["role"]]
        if type_ is None or (layer.kind, loss["role"]) not in LOSSY:
            continue
        width = max(type_.width - loss["drop"] - loss["narrow"], 2)
        integer = type_.integer - min(loss["narrow"], type_.width - 2)
        kind = "fixed" if type_.signed else "ufixed"
        types[layer.name] = {loss["role"]: f"{kind}<{width},{integer},{loss['rounding']},{loss['overflow']}>"}
    return types


def inputs(spec: dict[str, Any]) -> np.ndarray:
    """Random inputs, some beyond the range of the input's type, some between its steps."""
    rng = np.random.default_rng(spec["seed"] + 1)
    return rng.normal(0.3, 0.8, (SAMPLES, *spec["input"]["shape"]))


def check(spec: dict[str, Any], directory: Path) -> str | None:
    """Convert a network, compare every layer of `fixed` and `csim` as integers, and `fixed` with QKeras if it can be.

    Returns:
        None, or what differs.
    """
    from netloom.hls import HlsSettings, convert
    from netloom.sim import crosscheck, open_engine

    model = build(spec)
    settings = HlsSettings(**spec["settings"], precision=overrides(spec, model))
    conversion = convert(model, settings, directory)
    x = inputs(spec)
    with open_engine("csim", conversion=conversion) as csim, open_engine("fixed", conversion=conversion) as fixed:
        fidelity = crosscheck(csim, fixed, x, trace=True)
    if not fidelity.layers:
        return "no layer was compared"
    if not fidelity.equal:
        return str(fidelity.first_mismatch)
    if not means_the_same(spec):
        return None
    with open_engine("quantized", model=model) as quantized, open_engine("fixed", conversion=conversion) as fixed:
        fidelity = crosscheck(quantized, fixed, x)
    return None if fidelity.equal else f"quantized against fixed: {fidelity.first_mismatch}"


def means_the_same(spec: dict[str, Any]) -> bool:
    """Whether the firmware is to equal the QKeras model itself: no lossy types, tables or divisions."""
    tables = ("sigmoid", "tanh", "softmax")
    return not spec["lossy"] and not any(
        (layer["kind"] == "function" and layer["function"] in tables)
        or (layer["kind"] == "table" and not layer["closed"])
        or (layer["kind"] == "pool" and layer["function"] == "average")
        for layer in spec["layers"]
    )


def shrink(spec: dict[str, Any], failure: str, directory: Path) -> Path:
    """Drop layers and lossy types while the network still fails; write what is left as a reproducer."""
    current = copy.deepcopy(spec)
    changed = True
    while changed:
        changed = False
        for key in ("layers", "lossy"):
            for item in list(current[key]):
                candidate = copy.deepcopy(current)
                candidate[key].remove(item) if key == "layers" else candidate[key].pop(item)
                try:
                    with tempfile.TemporaryDirectory() as folder:
                        found = check(candidate, Path(folder) / "network")
                except Exception:  # noqa: BLE001  (a candidate that cannot be built is no smaller failure)
                    continue
                if found is not None:
                    current, failure, changed = candidate, found, True
                    break
    path = directory / f"network_{spec['seed']}.json"
    path.write_text(json.dumps({"failure": failure, "specification": current}, indent=1) + os.linesep)
    return path
