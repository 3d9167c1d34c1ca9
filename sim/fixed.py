"""Engine `fixed`: the dataflow graph in exact integers, vectorized over samples.

Outputs of networks of small numbers come from netloom's C++ (`netloom.sim.native`), where a compiler has made it; all
else, every trace and all statistics come from NumPy: every node runs in the cheapest dtype that is proven exact for it,
float32 while no number on the way reaches 2**24, float64 below 2**53, int64 below 2**62, Python's own integers beyond.
Matrix products in a float dtype run on BLAS. Samples go through the whole graph in chunks that fit the cache, one
thread a core.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property

import numpy as np
from threadpoolctl import LibController, ThreadpoolController

from netloom.hls import Conversion
from netloom.hls.dataflow import Dataflow, Evaluator, traced
from netloom.sim.engine import Engine, EngineInputs, SamplesDone
from netloom.sim.fuse import fused
from netloom.sim.native.program import native_program
from netloom.sim.statistics import LayerStatistics, StatisticsCollector
from netloom.sim.threads import in_parts
from netloom.sim.values import empty_values, set_values, to_raws

_CHUNK_BYTES = 2**22
_MAX_CHUNK = 1024
_STATISTICS_CHUNK = 256


class FixedEngine(Engine):
    """Bit-accurate simulation of a converted network; equals hls4ml's C-simulation to the bit.

    Attributes:
        native: the network in C++; None where it has no form there.
    """

    name = "fixed"

    def __init__(self, conversion: Conversion) -> None:
        self.conversion = conversion
        self._dataflow = conversion.dataflow
        self.input_names = self._dataflow.input_names
        self.input_shapes = [tensor.shape for tensor in self._dataflow.sources.values()]
        self.ends = self._dataflow.ends
        self.native = native_program(self._dataflow)

    @cached_property
    def program(self) -> "Program":
        """The network in NumPy."""
        return Program(fused(self._dataflow), self._dataflow.outputs)

    def _predict(self, inputs: list[np.ndarray], progress: SamplesDone) -> list[np.ndarray]:
        if self.native is not None:
            return self.native.run(inputs, progress)
        self.program.reset()
        return self.program.run(inputs, progress)

    def predict_next(self, x: EngineInputs) -> np.ndarray | list[np.ndarray]:
        """As `predict`, from the state in which the last call left layers that keep theirs (`stateful`)."""
        found = self.ends.received(self.program.run(self.sent_inputs(x)))
        outputs = [np.asarray(output, dtype=np.float64) for output in found]
        return outputs[0] if len(outputs) == 1 else outputs

    def _trace(self, inputs: list[np.ndarray], progress: SamplesDone) -> dict[str, np.ndarray]:
        dataflow = traced(self._dataflow)
        results = Program(dataflow, [layer.node for layer in dataflow.layers]).run(inputs, progress)
        return {layer.name: result for layer, result in zip(dataflow.layers, results, strict=True)}

    def statistics(self, x: EngineInputs, progress: SamplesDone | None = None) -> list[LayerStatistics]:
        """Values reached, overflows and saturations of every layer over a data set; arguments as in `predict`."""
        inputs = self.checked_inputs(x)
        samples = inputs[0].shape[0]
        collector = StatisticsCollector(self._dataflow)
        chunk = max(samples, 1) if self.program.keeps else _STATISTICS_CHUNK
        for start in range(0, samples, chunk):
            part = slice(start, min(start + chunk, samples))
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
        keeps: whether samples depend on those before them.
    """

    def __init__(self, dataflow: Dataflow, outputs: Sequence[str]) -> None:
        self.dataflow = dataflow
        self._outputs = list(outputs)
        self._evaluator = Evaluator(dataflow, outputs)
        self.steps = self._evaluator.steps
        self.keeps = self._evaluator.keeps
        largest = max(tensor.size for tensor in dataflow.types.values())
        self.chunk = int(np.clip(_CHUNK_BYTES // (4 * largest), 8, _MAX_CHUNK))

    def reset(self) -> None:
        """Forget the samples that came before."""
        self._evaluator.reset()

    def run(self, inputs: list[np.ndarray], progress: SamplesDone | None = None) -> list[np.ndarray]:
        """Compute the chosen nodes for all samples; values as `FixedPoint.to_exact` gives them."""
        samples = inputs[0].shape[0]
        types = [self.dataflow.types[name] for name in self._outputs]
        results = [empty_values(samples, tensor) for tensor in types]

        def work(part: slice) -> None:
            values = self.evaluate([array[part] for array in inputs])
            for result, tensor, name in zip(results, types, self._outputs, strict=True):
                set_values(result[part], values[name], tensor.element)

        with one_blas_thread():
            in_parts(work, samples, self.chunk, progress, threads=not self.keeps)
        return results

    def evaluate(self, inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
        """Raws of the chosen nodes (and whatever else is left) for a chunk of samples."""
        sources = self.dataflow.sources.items()
        return self._evaluator.evaluate(
            {name: to_raws(array, tensor) for (name, tensor), array in zip(sources, inputs, strict=True)}
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
