"""Random networks on trial: `check` holds the engines against each other, `shrink` drops what is not needed to fail."""

import copy
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from netloom.testing.random_models import build_model
from netloom.testing.random_networks import means_the_same

SAMPLES = 48

LOSSY = {
    *((kind, "result") for kind in ("Dense", "Conv1D", "Conv2D", "PointwiseConv1D", "PointwiseConv2D", "Merge")),
    *((kind, "result") for kind in ("DepthwiseConv1D", "DepthwiseConv2D", "BatchNormalization", "Concatenate")),
    *((f"{scope}Pooling{rank}D", role) for scope in ("", "Global") for rank in (1, 2) for role in ("accum", "result")),
    *((kind, "accum") for kind in ("Dense", "Conv1D", "Conv2D", "PointwiseConv1D", "PointwiseConv2D")),
    *((kind, "accum") for kind in ("DepthwiseConv1D", "DepthwiseConv2D")),
    *((kind, role) for kind in ("NetloomConvolution", "NetloomPooling") for role in ("accum", "result")),
}
"""Layers and roles whose type hls4ml lets the user choose freely."""


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
    from netloom.sim import compare_engines, open_engine

    model = build_model(spec)
    settings = HlsSettings(**spec["settings"], precision=overrides(spec, model))
    conversion = convert(model, settings, directory)
    x = inputs(spec)
    with open_engine("csim", conversion=conversion) as csim, open_engine("fixed", conversion=conversion) as fixed:
        fidelity = compare_engines(csim, fixed, x, trace=True)
    if not fidelity.layers:
        return "no layer was compared"
    if not fidelity.equal:
        return str(fidelity.first_mismatch)
    if not means_the_same(spec):
        return None
    with open_engine("quantized", model=model) as quantized, open_engine("fixed", conversion=conversion) as fixed:
        fidelity = compare_engines(quantized, fixed, x)
    return None if fidelity.equal else f"quantized against fixed: {fidelity.first_mismatch}"


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
