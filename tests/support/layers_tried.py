"""How far the examples of layers go: `python tests/support/layers_tried.py` tries all and writes docs/layers.json.

Several examples are one network, side by side, so that one compilation does for them.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "hardware"))

import keras
import numpy as np
from designs import check_design
from layer_examples import ACTIVATIONS, LAYERS, OPERATIONS, Example
from recurrent_examples import QUANTIZED, RECURRENT

from netloom.firmware.map.folding.folding import fold_for_interval, intervals
from netloom.firmware.map.layout import plan_design
from netloom.hls import HlsSettings, convert
from netloom.quantize import Policy, quantize
from netloom.sim import compare_engines, open_engine

KINDS: dict[str, Mapping[str, Example]] = {
    "layers": LAYERS,
    "activations": ACTIVATIONS,
    "operations": OPERATIONS,
    "recurrent": RECURRENT,
    "quantized": QUANTIZED,
}
PAGE = Path(__file__).parents[2] / "docs" / "layers.json"
TOGETHER, SAMPLES, IN_HARDWARE = 12, 20, 48


def groups() -> list[tuple[str, list[str]]]:
    """All examples, a few together: kind and names.

    Neighbours are apart: layers of one name over one axis and over two may not compile in one network.
    """
    found = []
    for kind, examples in KINDS.items():
        names, several = sorted(examples), -(-len(examples) // TOGETHER)
        found += [(kind, names[start::several]) for start in range(several)]
    return found


def tried(kind: str, names: Sequence[str], folder: Path, compiled: bool = True) -> dict[str, dict[str, int]]:
    """The values of each example that were held against `fixed`, by engine; all equal.

    Args:
        kind: of the examples.
        names: which.
        folder: empty.
        compiled: whether to run hls4ml's C++ and the hardware; else the quantized model alone.
    """
    examples = [KINDS[kind][name] for name in names]
    models = [example.model(f"x{number}") for number, example in enumerate(examples)]
    x = [array for example in examples for array in example.inputs(SAMPLES)]
    given = x if len(x) > 1 else x[0]
    outputs = [keras.tree.flatten(model.outputs) for model in models]
    network = keras.Model([one for model in models for one in model.inputs], [one for some in outputs for one in some])
    twin = quantize(network, Policy.uniform(6), given, fine_tune_epochs=0)
    compared: dict[str, dict[str, int]] = {name: {} for name in names}
    for io_type in ("io_parallel", "io_stream"):
        conversion = convert(twin, HlsSettings(io_type=io_type), folder / io_type)
        with (
            open_engine("fixed", conversion=conversion) as fixed,
            open_engine("quantized", model=twin) as quantized,
        ):
            if compiled:
                with open_engine("csim", conversion=conversion) as csim:
                    fidelity = compare_engines(csim, fixed, given, trace=True)
                assert fidelity.equal, f"{io_type}: {fidelity.first_mismatch}"
            values, meant = (_by_example(engine.predict(given), outputs) for engine in (fixed, quantized))
        for name, one, other in zip(names, values, meant, strict=True):
            if compiled:
                compared[name][f"csim ({io_type})"] = sum(array.size for array in one)
            assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True)), f"quantized, {io_type}: {name}"
            compared[name]["quantized"] = sum(array.size for array in one)
    if compiled:
        choices = intervals(conversion.dataflow)
        folding = fold_for_interval(conversion.dataflow, choices[len(choices) // 2])
        plan = plan_design(conversion.dataflow, folding)
        check_design(conversion.dataflow, plan, folding, samples=IN_HARDWARE, seeds=(1,))
        for name, one in zip(names, values, strict=True):
            compared[name]["rtl"] = IN_HARDWARE * sum(array[0].size for array in one)
    return compared


def _by_example(values: Any, outputs: Sequence[Sequence[Any]]) -> list[list[np.ndarray]]:
    arrays = list(values) if isinstance(values, list | tuple) else [values]
    return [[arrays.pop(0) for _ in some] for some in outputs]


def main() -> None:
    """Try what is named, or everything, and note it in docs/layers.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of examples; all if none is named")
    parser.add_argument("--quantized", action="store_true", help="compile nothing: hold the quantized model alone")
    arguments = parser.parse_args()
    chosen = set(arguments.names)
    for kind, names in groups():
        names = [name for name in names if not chosen or name in chosen]
        if not names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = tried(kind, names, Path(folder), not arguments.quantized)
        page = json.loads(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
        entries = page.get(kind, {})
        entries |= {name: {**entries.get(name, {}), **values} for name, values in found.items()}
        page[kind] = {name: entries[name] for name in sorted(entries)}
        PAGE.write_text(json.dumps(page, indent=1) + "\n", encoding="utf-8")
        print(kind, ", ".join(names), flush=True)


if __name__ == "__main__":
    main()
