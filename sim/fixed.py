"""Engine `fixed`: the dataflow graph in exact integers, vectorized over samples.

Every node runs in the cheapest dtype that is proven exact for it: float32 while no number on the way reaches 2**24,
float64 below 2**53, int64 below 2**62, Python's own integers beyond. Matrix products in a float dtype run on BLAS.
Samples go through the whole graph in chunks that fit the cache, one thread a core.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache

import numpy as np
from threadpoolctl import LibController, ThreadpoolController

from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls import Conversion
from netloom.hls.dataflow import EXACT_LIMIT, Dataflow, Evaluator, TensorType, traced
from netloom.rounding import Rounding
from netloom.sim.engine import Engine, EngineInputs, SamplesDone
from netloom.sim.fuse import fused
from netloom.sim.statistics import LayerStatistics, StatisticsCollector

_CHUNK_BYTES = 2**22
_MAX_CHUNK = 1024
_STATISTICS_CHUNK = 256


class FixedEngine(Engine):
    """Bit-accurate simulation of a converted network; equals hls4ml's C-simulation to the bit."""

    name = "fixed"

    def __init__(self, conversion: Conversion) -> None:
        self.conversion = conversion
        self._dataflow = conversion.dataflow
        self.input_names = self._dataflow.input_names
        self.input_shapes = [tensor.shape for tensor in self._dataflow.sources.values()]
        self.program = Program(fused(self._dataflow), self._dataflow.outputs)

    def _predict(self, inputs: list[np.ndarray], progress: SamplesDone) -> list[np.ndarray]:
        return self.program.run(inputs, progress)

    def _trace(self, inputs: list[np.ndarray], progress: SamplesDone) -> dict[str, np.ndarray]:
        dataflow = traced(self._dataflow)
        results = Program(dataflow, [layer.node for layer in dataflow.layers]).run(inputs, progress)
        return {layer.name: result for layer, result in zip(dataflow.layers, results, strict=True)}

    def statistics(self, x: EngineInputs, progress: SamplesDone | None = None) -> list[LayerStatistics]:
        """Values reached, overflows and saturations of every layer over a data set; arguments as in `predict`."""
        inputs = self.checked_inputs(x)
        samples = inputs[0].shape[0]
        collector = StatisticsCollector(self._dataflow)
        for start in range(0, samples, _STATISTICS_CHUNK):
            part = slice(start, min(start + _STATISTICS_CHUNK, samples))
            collector.add([array[part] for array in inputs])
            if progress is not None:
                progress(part.stop, samples)
        return collector.records()


class Program:
    """A dataflow graph made ready to compute chosen nodes, chunk by chunk.

    Attributes:
        dataflow: the graph.
        steps: its nodes, made ready.
        chunk: samples that go through it at a time.
    """

    def __init__(self, dataflow: Dataflow, outputs: Sequence[str]) -> None:
        self.dataflow = dataflow
        self._outputs = list(outputs)
        self._evaluator = Evaluator(dataflow, outputs)
        self.steps = self._evaluator.steps
        largest = max(tensor.size for tensor in dataflow.types.values())
        self.chunk = int(np.clip(_CHUNK_BYTES // (4 * largest), 8, _MAX_CHUNK))

    def run(self, inputs: list[np.ndarray], progress: SamplesDone) -> list[np.ndarray]:
        """Compute the chosen nodes for all samples; values as `FixedPoint.to_exact` gives them."""
        samples = inputs[0].shape[0]
        types = [self.dataflow.types[name] for name in self._outputs]
        results = [empty_values(samples, tensor) for tensor in types]
        starts = range(0, samples, self.chunk)

        def work(start: int) -> int:
            part = slice(start, min(start + self.chunk, samples))
            values = self.evaluate([array[part] for array in inputs])
            for result, tensor, name in zip(results, types, self._outputs, strict=True):
                set_values(result[part], values[name], tensor.element)
            return part.stop - part.start

        done = 0
        with one_blas_thread(), ExitStack() as stack:
            # Threads are not worth starting for a single chunk: a small network takes less time than they do.
            run_all = stack.enter_context(ThreadPoolExecutor(os.cpu_count())).map if len(starts) > 1 else map
            for count in run_all(work, starts):
                done += count
                progress(done, samples)
        return results

    def evaluate(self, inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
        """Raws of the chosen nodes (and whatever else is left) for a chunk of samples."""
        sources = self.dataflow.sources.items()
        return self._evaluator.evaluate(
            {name: to_raws(array, tensor) for (name, tensor), array in zip(sources, inputs, strict=True)}
        )


def empty_values(samples: int, tensor: TensorType) -> np.ndarray:
    """Room for values of a type: float64, or for fractions where it is wider than that."""
    return np.empty((samples, *tensor.shape), dtype=np.float64 if tensor.element.fits_float64 else object)


def set_values(out: np.ndarray, raws: np.ndarray, element: FixedPoint) -> None:
    """Write the exact values of raws, in any dtype, where `empty_values` has made room."""
    if element.fits_float64 and raws.dtype.kind != "O":
        np.multiply(raws, element.step, out=out, dtype=np.float64)
    else:
        out[...] = element.to_exact(raws)


def to_raws(values: np.ndarray, tensor: TensorType) -> np.ndarray:
    """Float values as raws of a type, in whatever dtype holds them; what C++ does with a `double` input."""
    element = tensor.element
    if quantizes_in_float(element, values.dtype):
        raw = values * values.dtype.type(2.0**element.fraction)
        round_ = np.rint if element.rounding is Rounding.RND_CONV else np.floor
        return np.clip(round_(raw, out=raw), element.raw_min, element.raw_max, out=raw)
    return element.from_float(values)


def quantizes_in_float(element: FixedPoint, dtype: np.dtype) -> bool:
    """Scaling by a power of two, floor and rint are exact in any float dtype; the other modes are not."""
    return (
        element.rounding in (Rounding.TRN, Rounding.RND_CONV)
        and element.overflow in (Overflow.SAT, Overflow.SAT_SYM)
        and element.raw_max < EXACT_LIMIT[dtype.type]
    )


@cache
def _blas() -> tuple[LibController, ...]:
    return tuple(one for one in ThreadpoolController().lib_controllers if one.user_api == "blas")


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Chunks are the parallelism; BLAS threads on top would only fight over the cores."""
    # As `ThreadpoolController.limit`, which takes as long as a small network does to look at all libraries anew.
    before = [(one, one.num_threads) for one in _blas()]
    for one, _ in before:
        one.set_num_threads(1)
    try:
        yield
    finally:
        for one, threads in before:
            one.set_num_threads(threads)
