"""Speed of the bit-accurate simulator beside onnxruntime on the same exact numbers, in one run of some minutes.

    python benchmarks/onnxruntime_speed.py [--samples N] [--seconds S] [NETWORK...]

`float32` is the exact twin as `netloom export --onnx` writes it; `int8` the same with products of 8-bit integers
(`MatMulInteger`) wherever inputs and weights fit, convolutions aside. All must give the same numbers, or the script
fails. They take turns: many samples, and one; on one core, and on all. On one core CPU time counts, the median call's,
which other work on the machine hardly changes; on all it is the shortest call by the clock. A ratio is an engine's time
to that of `fixed`: above 1 `fixed` is faster. `NumPy` is `fixed` without a compiler. Target: none below 1.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnxruntime
from depthwise_speed import mobilenet
from recurrent import lstm
from rich.console import Console
from rich.table import Table
from simulation_speed import lenet, mlp

from netloom.hls import HlsSettings, convert
from netloom.hls.dataflow import MatVec
from netloom.models import get_network
from netloom.quantize import Policy, quantize
from netloom.rounding import magnitude
from netloom.sim.fixed import FixedEngine
from netloom.sim.onnx.model import onnx_model
from netloom.sim.onnx.operations.accumulation import finished
from netloom.sim.onnx.operations.matvec import write_matvec
from netloom.sim.onnx.operations.table import FORMS
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import GraphWriter, OnnxValue

NETWORKS: dict[str, tuple[Callable[[], Any], int, int]] = {
    "jets": (lambda: get_network("jets").build(), 6, 40_000),
    "mlp": (mlp, 6, 10_000),
    "lenet": (lenet, 8, 2_000),
    "mobilenet": (mobilenet, 8, 64),
    "lstm": (lstm, 8, 256),
}
"""By name: what builds it, its bits, and how many samples are many."""

SECONDS = 2.0
"""For each engine, samples a call and number of cores."""

BATCH = 1024
"""Samples that onnxruntime takes at a time: many more do not fit the cache."""


def write_matvec_int8(writer: GraphWriter, site: OnnxSite) -> tuple[OnnxValue]:
    """`MatMulInteger` where raws and weights fit 8 bits and sums int32."""
    weights = site.operation.scaled_weights(site.types)
    low, high = int(site.bounds[0].low.min()), int(site.bounds[0].high.max())
    fits = low >= -128 and high <= (255 if low >= 0 else 127) and magnitude(weights) <= 127
    if site.takes_terms_in_order or not fits or site.dtype is not np.float32:
        return write_matvec(writer, site)
    (taken,) = site.taken(writer)
    raw = writer.cast(taken, np.uint8 if low >= 0 else np.int8)
    total = writer.add("MatMulInteger", raw, writer.constant(weights, np.int8), dtype=np.int32)
    return (finished(writer, site, writer.cast(total, np.float32)),)


@contextmanager
def cores(count: int | None) -> Iterator[None]:
    """This process on so many cores; None is all."""
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(every)[:count]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, every)


def session(model: Any, threads: int) -> "Predict":
    """What runs a model in onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    made = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    (name,) = (one.name for one in made.get_inputs())
    parts = range(0, 2**20, BATCH)
    return lambda x: np.concatenate([made.run(None, {name: x[at : at + BATCH]})[0] for at in parts if at < len(x)])


Predict = Callable[[np.ndarray], np.ndarray]


def timed(engines: dict[str, Predict], x: np.ndarray, seconds: float, one_core: bool) -> dict[str, float]:
    """Seconds of a call of each; they take turns until the time is up."""
    clock, chosen = (time.process_time, median) if one_core else (time.perf_counter, min)
    taken: dict[str, list[float]] = {name: [] for name in engines}
    stop = time.perf_counter() + seconds * len(engines)
    while time.perf_counter() < stop or not all(taken.values()):
        for name, engine in engines.items():
            engine(x)
            start = clock()
            engine(x)
            taken[name].append(clock() - start)
    return {name: chosen(found) for name, found in taken.items()}


def measure(name: str, samples: int | None, seconds: float, folder: Path, table: Table) -> None:
    """The rows of one network."""
    build, bits, many = NETWORKS[name]
    model = build()
    x = np.random.default_rng(0).random((samples or many, *model.input_shape[1:]), dtype=np.float32)
    twin = quantize(model, Policy.uniform(bits), x[:50], fine_tune_epochs=0)
    conversion = convert(twin, HlsSettings(), folder / name)
    exact = onnx_model(conversion.dataflow)
    FORMS[MatVec] = write_matvec_int8
    int8 = onnx_model(conversion.dataflow)
    FORMS[MatVec] = write_matvec
    fixed = FixedEngine(conversion)
    for count in (1, None):
        with cores(count):
            threads = count or os.cpu_count() or 1
            engines: dict[str, Predict] = {
                "fixed": fixed.predict,  # type: ignore[dict-item]
                "NumPy": lambda x: fixed.program.run([x], lambda *_: None)[0],
                "float32": session(exact, threads),
                "int8": session(int8, threads),
            }
            results = {one: engine(x[:50]) for one, engine in engines.items()}
            if any((result != results["fixed"]).any() for result in results.values()) or not results["fixed"].any():
                sys.exit(f"{name}: the engines differ, or give zeros; there is nothing to compare")
            for batch in (x, x[:1]):
                found = timed(engines, batch, seconds, count == 1)
                ratios = [f"{found[one] / found['fixed']:.2f}" for one in ("float32", "int8", "NumPy")]
                rate = f"{len(batch) / found['fixed']:,.0f}"
                table.add_row(name, f"{len(batch):,}", str(threads), rate, *ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NETWORK", help=f"of {', '.join(NETWORKS)}; all if left out")
    parser.add_argument(
        "--samples", type=int, help="how many are many; some hundredths of a second's worth if left out"
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"an engine and row (default {SECONDS})")
    options = parser.parse_args()
    table = Table(
        "network",
        "samples a call",
        "cores",
        "fixed, samples/s",
        *(f"{one} / fixed" for one in ("float32", "int8", "NumPy")),
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in options.names or NETWORKS:
            measure(name, options.samples, options.seconds, Path(folder), table)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
