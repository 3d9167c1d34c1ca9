"""Multiply-accumulates a second in depthwise convolutions against dense ones: same network, same samples, one run.

    python benchmarks/depthwise_speed.py [--samples N]

Two networks with both kinds, untrained: a MobileNet of a quarter's width on 96 x 96 x 3, and DS-CNN on 49 x 10 x 1.
Each step of the simulator is timed on one thread, for a chunk of samples; a convolution's time has its windows in it.
The last columns are whole calls of `predict`: many samples, and one at a time. Target: depthwise within 4 times of
dense.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from netloom.hls import HlsSettings, convert
from netloom.hls.dataflow import DepthwiseMatVec, MatVec, Permute, Window
from netloom.quantize import Policy, quantize
from netloom.sim.depthwise_convolution import DepthwiseConvolution
from netloom.sim.fixed import FixedEngine, Program, one_blas_thread
from netloom.sim.values import to_raws as quantize_inputs

TARGET = 4
BITS = 8
REPEATS = 7


def mobilenet() -> Any:
    """A first convolution, then depthwise 3 x 3 and pointwise convolutions, from 48 x 48 x 8 to 3 x 3 x 256."""
    import keras

    x = inputs = keras.Input((96, 96, 3), name="picture")
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(x)
    filters = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1)]
    return keras.Model(inputs, _separable(x, filters))


def ds_cnn() -> Any:
    """The keyword-spotting network of MLPerf Tiny: 64 channels on 25 x 5."""
    import keras

    x = inputs = keras.Input((49, 10, 1), name="spectrum")
    x = keras.layers.Conv2D(64, (10, 4), strides=2, padding="same", activation="relu")(x)
    return keras.Model(inputs, _separable(x, [(64, 1)] * 4))


def _separable(x: Any, filters: list[tuple[int, int]]) -> Any:
    import keras

    # Weights so large that numbers neither grow nor vanish: a network of zeros would compare nothing. Keras takes the
    # channels of a depthwise kernel for inputs of every output, and would draw far smaller ones.
    spread = keras.initializers.RandomNormal(stddev=(2 / 9) ** 0.5)
    for count, stride in filters:
        x = keras.layers.DepthwiseConv2D(
            3, strides=stride, padding="same", activation="relu", depthwise_initializer=spread
        )(x)
        x = keras.layers.Conv2D(count, 1, activation="relu", kernel_initializer="he_normal")(x)
    return keras.layers.Dense(10)(keras.layers.Flatten()(x))


def seconds(action: Callable[[], Any]) -> float:
    """The median of several calls."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return median(times)


def rates(program: Program, x: np.ndarray) -> dict[str, float]:
    """Multiply-accumulates a second of dense and depthwise products, on one thread."""
    x = x[: program.chunk]
    dataflow = program.dataflow
    values = {name: quantize_inputs(x, tensor) for name, tensor in dataflow.sources.items()}
    taken: dict[str, float] = {}
    kinds: dict[str, str] = {}
    work: dict[str, float] = defaultdict(float)
    for step in program.steps:
        node, operation = step.node, step.node.operation
        arrays = [values[name].astype(step.dtype, copy=False) for name in node.inputs]
        values.update(zip(node.results, step.run(arrays), strict=True))
        taken[node.name] = seconds(lambda step=step, arrays=arrays: step.run(arrays))
        if isinstance(operation, DepthwiseMatVec | DepthwiseConvolution | MatVec):
            kinds[node.name] = "dense" if isinstance(operation, MatVec) else "depthwise"
            # Without the zeros of grouped matrices: those of the network.
            positions = dataflow.types[node.name].size
            per_output = operation.cost(dataflow.input_types(node)).multiply_accumulates / positions
            if node.name.endswith(".grouped"):
                per_output = np.count_nonzero(operation.weights) / operation.weights.shape[1]
            work[kinds[node.name]] += len(x) * positions * per_output
    spent: dict[str, float] = defaultdict(float)
    for step in program.steps:
        node = step.node
        readers = [other.node.name for other in program.steps if node.name in other.node.inputs]
        if node.name in kinds:
            spent[kinds[node.name]] += taken[node.name]
        elif isinstance(node.operation, Window | Permute) and readers and readers[0] in kinds:
            spent[kinds[readers[0]]] += taken[node.name]
    return {kind: work[kind] / spent[kind] for kind in work}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=200, help="samples of a whole call (default 200)")
    options = parser.parse_args()
    columns = ("network", "dense, GMAC/s", "depthwise, GMAC/s", "dense / depthwise", "samples/s", "one sample")
    table = Table(*columns, title=f"target: dense / depthwise at most {TARGET}")
    with tempfile.TemporaryDirectory() as folder:
        for name, build in (("mobilenet", mobilenet), ("ds_cnn", ds_cnn)):
            model = build()
            x = np.random.default_rng(0).random((options.samples, *model.input_shape[1:]), dtype=np.float32)
            twin = quantize(model, Policy.uniform(BITS), x[:50], fine_tune_epochs=0)
            engine = FixedEngine(convert(twin, HlsSettings(), Path(folder) / name))
            with one_blas_thread():
                found = rates(engine.program, x)
            whole, one = (seconds(partial(engine.predict, array)) for array in (x, x[:1]))
            table.add_row(
                name,
                f"{found['dense'] / 1e9:.2f}",
                f"{found['depthwise'] / 1e9:.2f}",
                f"{found['dense'] / found['depthwise']:.1f}",
                f"{len(x) / whole:,.0f}",
                f"{one * 1e3:.2f} ms",
            )
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
