"""Random ONNX models on all engines, every layer of each: qonnx or float64, `fixed`, hls4ml's C++ and the RTL.

    python tests/fuzz/onnx_models.py --count 200 --record onnx.jsonl

Kinds by turns: scales that are powers of two; of any size, within and at the ends; and with more before the first
quantizer. The record has a line for each model; a run with the same record goes on where that one ended.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.extend(str(Path(__file__).parents[1] / "support" / one) for one in ("", "onnx", "hardware"))
from judges import agree
from onnx_double import doubled
from onnx_graphs import SAMPLES, executed, free_net, random_net

from netloom.errors import NetloomError
from netloom.quantize import load_model
from netloom.sim import open_engine

KINDS = ("random", "free", "ends", "led")
DEAD = ("its result is always", "zeros are put around values that never are 0")
"""What a random model may be refused for: a quantizer that never changes, zeros where a value is none."""


def model_of(seed: int) -> Any:
    """The model of a seed."""
    kind = KINDS[seed % len(KINDS)]
    return random_net(seed) if kind == "random" else free_net(seed, ends=kind == "ends", led=kind == "led")


def check(seed: int, folder: Path) -> tuple[str, str]:
    """One model: "equal" and nothing, "refused" and why, or "failed" and what differs."""
    net = model_of(seed)
    x = np.random.default_rng(1).normal(0, 1.5, (2 * SAMPLES, *net.source)).astype(np.float32)
    try:
        conversion = agree(
            load_model(net.save(folder / "net.onnx")), x, folder, ("io_parallel", "io_stream")[seed // 4 % 2], True
        )
        with open_engine("fixed", conversion=conversion) as fixed:
            found = fixed.predict(x)
    except NetloomError as error:
        # Every other refusal is a failure: these models are such as netloom takes.
        return "refused" if any(dead in str(error) for dead in DEAD) else "failed", f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001  (whatever it is, it is no refusal)
        return "failed", f"{type(error).__name__}: {error}"
    # Powers of two are exact in qonnx's float32; onnx's evaluator has no DequantizeLinear of that opset.
    judge = executed if KINDS[seed % len(KINDS)] == "random" else doubled
    expected = np.concatenate([judge(net.model(), x[start : start + SAMPLES]) for start in range(0, len(x), SAMPLES)])
    # A product at the end is rounded in float64 as well, by far less than a step.
    if np.allclose(found, expected, rtol=1e-12, atol=1e-12):
        return "equal", ""
    return "failed", f"{int((found != expected).sum())} of {found.size} elements are not {judge.__name__}'s"


def main() -> int:
    """Try models for a time, and tell what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10**9)
    parser.add_argument("--first", type=int, default=1_000, help="seed of the first model")
    parser.add_argument("--count", type=int, default=200, help="how many models, those on record included")
    parser.add_argument("--record", type=Path, help="file to keep what was found in, and to go on from")
    options = parser.parse_args()
    record = options.record
    known = [json.loads(line) for line in record.read_text().splitlines()] if record and record.exists() else []
    ends = Counter(one["end"] for one in known)
    done = {one["seed"] for one in known}
    until = time.monotonic() + options.seconds
    for seed in range(options.first, options.first + options.count):
        if time.monotonic() > until:
            break
        if seed in done:
            continue
        with tempfile.TemporaryDirectory(prefix="netloom-fuzz") as folder:
            end, why = check(seed, Path(folder))
        ends[end] += 1
        if why:
            print(f"seed {seed}: {end}: {why}", flush=True)
        if record:
            with record.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"seed": seed, "end": end, "why": why}) + "\n")
    print(f"{sum(ends.values())} models: " + ", ".join(f"{count} {end}" for end, count in sorted(ends.items())))
    return int(ends["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
