"""Random networks on trial: `check` holds the engines against each other, `shrink` drops what is not needed to fail."""

import copy
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from netloom.errors import FoldingError
from netloom.testing.random_networks.networks import build_model, means_the_same

_SAMPLES, _IN_HARDWARE = 48, 12

_SLOWEST = 1 << 16
"""Clock cycles an inference, at most: small networks all fit that."""

_PACE = "clock cycles"
"""In the refusal of a pace, by the network or by the device, and in no other."""

_UNTRACED = ("Input", "Repack")
"""hls4ml's C++ has no trace of them: a network of nothing else is compared at its outputs alone."""

_CONVOLUTIONS = ("Conv1D", "Conv2D", "PointwiseConv1D", "PointwiseConv2D", "DepthwiseConv1D", "DepthwiseConv2D")

LOSSY = {
    *((kind, "result") for kind in ("Dense", *_CONVOLUTIONS, "Merge", "BatchNormalization", "Concatenate")),
    *((kind, "accum") for kind in ("Dense", *_CONVOLUTIONS)),
    *((f"{scope}Pooling{rank}D", role) for scope in ("", "Global") for rank in (1, 2) for role in ("accum", "result")),
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


def random_samples(spec: dict[str, Any], model: Any) -> list[np.ndarray]:
    """Random inputs, some beyond the range of the input's type, some between its steps."""
    rng = np.random.default_rng(spec["seed"] + 1)
    return [rng.normal(0.3, 0.8, (_SAMPLES, *tensor.shape[1:])) for tensor in model.inputs]


def check(spec: dict[str, Any], directory: Path, *, hardware: bool = False) -> str | None:
    """Convert a network and compare every layer of `fixed` with those of the other engines, as integers.

    `csim` always, `quantized` where firmware is to equal the QKeras model itself.

    Args:
        spec: of the network.
        directory: for the conversion; must not exist.
        hardware: whether to take `rtl` as well: a design of one of the paces that the network can have, every second
            one of the primitives of a ULX3S, with random stalls; and its cycles against those that were counted.

    Returns:
        None, or what differs.
    """
    from netloom.hls import HlsSettings, convert
    from netloom.sim import compare_engines, open_engine

    model = build_model(spec)
    settings = HlsSettings(**spec["settings"], precision=overrides(spec, model))
    conversion = convert(model, settings, directory)
    x = random_samples(spec, model)
    with open_engine("fixed", conversion=conversion) as fixed:
        with open_engine("csim", conversion=conversion) as csim:
            fidelity = compare_engines(csim, fixed, x, trace=True)
        if not fidelity.layers and any(layer.kind not in _UNTRACED for layer in conversion.layers):
            return "no layer was compared"
        if not fidelity.equal:
            return str(fidelity.first_mismatch)
        if means_the_same(spec):
            with open_engine("quantized", model=model) as quantized:
                fidelity = compare_engines(quantized, fixed, x)
            if not fidelity.equal:
                return f"quantized against fixed: {fidelity.first_mismatch}"
        return _in_hardware(spec, conversion.dataflow, fixed, x) if hardware else None


def _design(dataflow: Any, rng: np.random.Generator, device: Any) -> Any:
    """A design at one of the paces of the network's products, or the next that the rest of it keeps up with."""
    from netloom.firmware.generate import generate_design
    from netloom.firmware.map.folding.folding import intervals

    interval = int(rng.choice(intervals(dataflow) or [1]))
    while True:
        try:
            return generate_design(dataflow, interval=interval, device=device)
        except FoldingError as refusal:
            # A unit that refuses its fold is no pace that cannot be kept, and what this module is to find.
            if _PACE not in str(refusal) or interval > _SLOWEST:
                raise
            interval *= 2


def _in_hardware(spec: dict[str, Any], dataflow: Any, fixed: Any, x: list[np.ndarray]) -> str | None:
    from netloom.firmware.board.boards import find_board
    from netloom.sim import compare_engines
    from netloom.sim.hardware.rtl import RtlEngine
    from netloom.sim.hardware.verilator import Stalls

    rng = np.random.default_rng([spec["seed"], 1])
    generated = _design(dataflow, rng, find_board("ULX3S-85F").device if spec["seed"] % 2 else None)
    stalls = Stalls(spec["seed"], float(rng.choice([0.1, 0.3])), float(rng.choice([0.3, 0.8])), int(rng.choice([1, 5])))
    with tempfile.TemporaryDirectory() as folder:
        design = Path(folder) / "design"
        generated.write(design)
        rtl = RtlEngine(design, stalls)
        fidelity = compare_engines(fixed, rtl, [one[:_IN_HARDWARE] for one in x], trace=True)
        if not fidelity.layers:
            return "no layer was compared in hardware"
        if not fidelity.equal:
            return f"rtl: {fidelity.first_mismatch}"
        measured, counted = rtl.count_cycles(), generated.cycles
    if (measured.latency, measured.interval) != (counted.latency, counted.interval):
        return f"rtl: {measured} cycles, counted {counted}"
    return None


def shrink(spec: dict[str, Any], failure: str, directory: Path, *, hardware: bool = False) -> Path:
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
                        found = check(candidate, Path(folder) / "network", hardware=hardware)
                except Exception:  # noqa: BLE001  (a candidate that cannot be built is no smaller failure)
                    continue
                if found is not None:
                    current, failure, changed = candidate, found, True
                    break
    path = directory / f"network_{spec['seed']}.json"
    path.write_text(json.dumps({"failure": failure, "specification": current}, indent=1) + os.linesep)
    return path
