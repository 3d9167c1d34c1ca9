"""`DataflowEngine`: a dataflow graph in int64, operation by operation; what hardware is held against."""

import numpy as np
from designs import evaluate

from netloom.hls.dataflow import Dataflow, traced
from netloom.sim.engine import Engine, SamplesDone


class DataflowEngine(Engine):
    """Evaluates a graph that comes from no network. Layers are traced by their own names, those in bodies as well."""

    name = "dataflow"

    def __init__(self, dataflow: Dataflow) -> None:
        self.dataflow = dataflow
        self.input_names = dataflow.input_names
        self.input_shapes = [tensor.shape for tensor in dataflow.sources.values()]

    def values(self, inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
        """Values of every node, and of the layers in bodies."""
        tensors, watched = self.dataflow.sources.values(), traced(self.dataflow)
        raws = [tensor.element.from_float(array) for tensor, array in zip(tensors, inputs, strict=True)]
        types = watched.types
        return {name: array * types[name].element.step for name, array in evaluate(watched, raws).items()}

    def _predict(self, inputs: list[np.ndarray], progress: SamplesDone) -> list[np.ndarray]:
        del progress
        values = self.values(inputs)
        return [values[name] for name in self.dataflow.outputs]

    def _trace(self, inputs: list[np.ndarray], progress: SamplesDone) -> dict[str, np.ndarray]:
        del progress
        values = self.values(inputs)
        return {layer.name: values[layer.node] for layer in traced(self.dataflow).layers}
