"""Speed of the bit-accurate simulator against hls4ml's C-simulation: same networks, same data, one run.

    python benchmarks/simulation_speed.py [--samples N] [--profile]

Both engines must give the same numbers, or there is nothing to compare: the script fails on the first difference. Rates
are of whole calls of `predict`: `csim` on the first 1,000 samples, `fixed` on all of them. The
C-simulation is compiled with hls4ml's own flags and called sample by sample through its bridge, without hls4ml's Python
around it; everything it is spared counts against netloom. Targets: `fixed` at least 300 times the samples per second of
`csim` on the multilayer net, 100 times on the convolutional one, and 20 times sooner from converted model to the first
prediction.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from netloom.hls import Conversion, HlsSettings, convert
from netloom.models import get_network
from netloom.quantize import Policy, quantize
from netloom.sim import open_engine
from netloom.sim.fixed import FixedEngine, Program, one_blas_thread
from netloom.sim.values import to_raws as quantize_inputs

TARGETS = {"mlp": 300, "lenet": 100}
FIRST_TARGET = 20
REPEATS = 5


def mlp() -> Any:
    """784-64-32-10 with ReLU, untrained: speed does not depend on the weights."""
    import keras

    return keras.Sequential(
        [keras.Input((784,), name="pixels")]
        + [keras.layers.Dense(units, activation="relu") for units in (64, 32)]
        + [keras.layers.Dense(10)]
    )


def lenet() -> Any:
    """The registry's network, untrained."""
    return get_network("lenet").build()


def seconds(action: Callable[[], Any]) -> tuple[float, Any]:
    """Time one call."""
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def measure(
    name: str, build: Callable[[], Any], bits: int, samples: int, folder: Path, profile: bool
) -> dict[str, Any]:
    """All figures of one network."""
    model = build()
    shape = model.input_shape[1:]
    x = np.random.default_rng(0).random((samples, *shape), dtype=np.float32)
    twin = quantize(model, Policy.uniform(bits), x[:1000], fine_tune_epochs=0)
    directory = convert(twin, HlsSettings(), folder / name).directory
    batch = x[:1000]

    def first(engine: str) -> np.ndarray:
        with open_engine(engine, conversion=directory) as opened:
            return opened.predict(batch)  # type: ignore[return-value]

    first("fixed")  # libraries loaded, as they are in any process that has converted a model
    fixed_first, fixed_result = seconds(lambda: first("fixed"))
    csim_first, csim_result = seconds(lambda: first("csim"))
    if not np.array_equal(fixed_result, csim_result):
        sys.exit(f"{name}: fixed and csim differ; there is nothing to compare")
    with open_engine("csim", conversion=directory) as csim:
        csim.predict(batch[:10])
        csim_seconds = median(seconds(lambda: csim.predict(batch))[0] for _ in range(3))
    fixed = FixedEngine(Conversion.load(directory))
    fixed.predict(x)
    fixed_seconds = median(seconds(lambda: fixed.predict(x))[0] for _ in range(REPEATS))
    if profile:
        with one_blas_thread():
            show_profile(name, fixed, x)
    return {
        "name": name,
        "fixed": samples / fixed_seconds,
        "csim": len(batch) / csim_seconds,
        "fixed_first": fixed_first,
        "csim_first": csim_first,
    }


def show_profile(name: str, engine: FixedEngine, x: np.ndarray) -> None:
    """Time of every step for one chunk on one thread, in microseconds a sample."""
    program: Program = engine.program
    inputs = [x[: program.chunk]]
    table = Table("step", "dtype", "us/sample", title=f"{name}: one thread, chunks of {program.chunk} samples")
    sources = program.dataflow.sources.items()
    elapsed, values = seconds(
        lambda: {key: quantize_inputs(array, tensor) for (key, tensor), array in zip(sources, inputs, strict=True)}
    )
    table.add_row("quantize inputs", "", f"{elapsed / program.chunk * 1e6:.2f}")
    for step in program.steps:
        arrays = [values[source].astype(step.dtype, copy=False) for source in step.node.inputs]
        step.run(arrays)
        elapsed, results = seconds(lambda step=step, arrays=arrays: step.run(arrays))
        values.update(zip(step.node.results, results, strict=True))
        table.add_row(step.node.name, step.dtype.__name__, f"{elapsed / program.chunk * 1e6:.2f}")
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=10_000, help="batch size of fixed (default 10,000)")
    parser.add_argument("--profile", action="store_true", help="time every step of the simulator")
    options = parser.parse_args()
    table = Table(
        "network",
        "fixed, samples/s",
        "csim, samples/s",
        "ratio",
        "target",
        "fixed, first",
        "csim, first",
        "ratio",
        "target",
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, build, bits in (("mlp", mlp, 6), ("lenet", lenet, 8)):
            row = measure(name, build, bits, options.samples, Path(folder), options.profile)
            table.add_row(
                name,
                f"{row['fixed']:,.0f}",
                f"{row['csim']:,.0f}",
                f"{row['fixed'] / row['csim']:.0f}x",
                f"{TARGETS[name]}x",
                f"{row['fixed_first']:.3f} s",
                f"{row['csim_first']:.1f} s",
                f"{row['csim_first'] / row['fixed_first']:.0f}x",
                f"{FIRST_TARGET}x",
            )
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
