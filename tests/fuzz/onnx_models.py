"""Random ONNX models on all engines, every layer of each: qonnx or float64, `fixed`, hls4ml's C++ and the RTL.

    python tests/fuzz/onnx_models.py --count 200 --record onnx.jsonl

Kinds by turns: scales that are powers of two; of any size, within and at the ends; and with more before the first
quantizer. The record has a line for each model; a run with the same record goes on where that one ended.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.extend(str(Path(__file__).parents[1] / "support" / one) for one in ("", "onnx", "hardware"))
from judges import agree
from onnx_double import doubled
from onnx_free import free_net
from onnx_graphs import SAMPLES, executed, random_net
from seeds import campaign, parser

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
    expected = judge(net.model(), x)
    # A product at the end is rounded in float64 as well, by far less than a step.
    if np.allclose(found, expected, rtol=1e-12, atol=1e-12):
        return "equal", ""
    return "failed", f"{int((found != expected).sum())} of {found.size} elements are not {judge.__name__}'s"


def main() -> int:
    """Try models for a time, and tell what was found."""
    options = parser(__doc__, seconds=10**9, first=1_000, count=200).parse_args()
    return campaign(options, "models", check)


if __name__ == "__main__":
    sys.exit(main())
