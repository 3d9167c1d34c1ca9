"""`Evaluator`: a graph made ready to compute chosen results, every node in the cheapest dtype that is proven exact."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from netloom.hls.dataflow.graph import Dataflow, Node
from netloom.hls.dataflow.operations.operation import Bounds, Compute, Keeping, in_dtype


@dataclass(frozen=True)
class ReadyNode:
    """One node made ready: its function, the dtype it takes, its results, and which nobody needs afterwards."""

    node: Node
    run: Compute
    dtype: type
    results: tuple[str, ...]
    last_use_of: tuple[str, ...]


class Evaluator:
    """Computes chosen results of a graph for a batch of samples.

    Attributes:
        dataflow: the graph.
        steps: its nodes, made ready.
    """

    def __init__(
        self,
        dataflow: Dataflow,
        outputs: Sequence[str],
        bounds: Mapping[str, Bounds] | None = None,
        least: type = np.float32,
    ) -> None:
        """Args: the graph; names of sources and results to keep; proven ranges, if narrower ones than the graph's own
        are known; the cheapest dtype a node may choose."""
        self.dataflow = dataflow
        self._outputs = list(outputs)
        self.steps = list(self._steps(dataflow.bounds if bounds is None else bounds, least))

    def _steps(self, bounds: Mapping[str, Bounds], least: type) -> Iterator[ReadyNode]:
        nodes = self.dataflow.nodes
        last_use = {name: index for index, node in enumerate(nodes) for name in (*node.results, *node.inputs)}
        for index, node in enumerate(nodes):
            ranges = [bounds[name] for name in node.inputs]
            run, dtype = node.operation.prepare(self.dataflow.input_types(node), ranges, least)
            freed = {name for name in (*node.results, *node.inputs) if last_use[name] == index}
            yield ReadyNode(node, run, dtype, node.results, tuple(freed.difference(self._outputs)))

    @property
    def keeps(self) -> bool:
        """Whether samples depend on those before them: then they must come in their order."""
        return any(step.node.operation.keeps for step in self.steps)

    def reset(self) -> None:
        """Forget the samples that came before."""
        for step in self.steps:
            if isinstance(step.run, Keeping):
                step.run.reset()

    def evaluate(self, sources: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Raws of the chosen results, in whatever dtypes, from raws of the sources in any that hold them; batch first.

        Sources that nobody reads are among them.
        """
        values = dict(sources)
        for step in self.steps:
            results = step.run([in_dtype(values[name], step.dtype) for name in step.node.inputs])
            values.update(zip(step.results, results, strict=True))
            for name in step.last_use_of:
                del values[name]
        return values
