"""Random quantized networks, described by plain JSON so that one that fails can be shrunk and kept.

A specification is `{"seed", "input": {"shape", "bits"}, "layers": [...], "settings": {...}}`; `generate` draws one,
`random_models.build` makes the QKeras model of it, `random_checks.check` holds the engines against each other.
"""

from typing import Any

import numpy as np

from netloom.testing.random_functions import draw_functions

ROUNDINGS = ("TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV")
OVERFLOWS = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")


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
    wider = np.random.default_rng([seed, 2])
    for layer in layers:
        if layer["kind"] in ("conv", "depthwise") and wider.random() < 0.5:
            layer |= {
                "dilation": int(wider.integers(1, 4)),
                "groups": bool(wider.random() < 0.4),
                "multiplier": int(wider.integers(1, 3)),
                "transposed": bool(wider.random() < 0.3),
            }
        elif layer["kind"] == "pool" and wider.random() < 0.5:
            layer |= {"strides": int(wider.integers(1, 4)), "padding": str(wider.choice(["valid", "same"]))}
    if len(shape) == 3 and wider.random() < 0.2:
        shape = [4, *shape]
    draw_functions(layers, np.random.default_rng([seed, 3]))
    return {
        "outputs": [layer["name"] for layer in layers if later.random() < 0.25],
        "seed": seed,
        "input": {"shape": shape, "bits": int(rng.integers(3, 9)), "signed": pick(True, False)},
        "layers": layers,
        "settings": settings,
        "lossy": lossy,
    }


def means_the_same(spec: dict[str, Any]) -> bool:
    """Whether the firmware is to equal the QKeras model itself: no lossy types, tables or divisions."""
    tables = ("sigmoid", "tanh", "softmax")
    return not spec["lossy"] and not any(
        (layer["kind"] == "function" and layer["function"] in tables)
        or (layer["kind"] == "table" and not layer["closed"])
        or (layer["kind"] == "pool" and layer["function"] == "average")
        for layer in spec["layers"]
    )
