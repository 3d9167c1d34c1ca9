"""What a data set does to every layer's types: values reached, overflows, saturations."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.fixed_point import Overflow
from netloom.hls.dataflow import Cast, Dataflow, Evaluator, in_dtype


@dataclass(frozen=True)
class LayerStatistics:
    """One layer over a data set. Ranges are values, not raws.

    Attributes:
        layer: its name.
        seen_min: least value of its result.
        seen_max: greatest value of its result.
        type_min: least value its result's type can hold.
        type_max: greatest value its result's type can hold.
        overflows: elements that wrapped, were set to zero, or saturated in an accumulator: numbers lost by mistake.
        saturations: elements clipped by a saturating result type: a quantizer doing its work.
    """

    layer: str
    seen_min: float
    seen_max: float
    type_min: float
    type_max: float
    overflows: int
    saturations: int


class StatisticsCollector:
    """Collects `LayerStatistics` chunk by chunk."""

    def __init__(self, dataflow: Dataflow) -> None:
        self._dataflow = dataflow
        self._evaluator = Evaluator(dataflow, list(dataflow.types), least=np.int64)
        self._seen: dict[str, tuple[int, int]] = {}
        self._overflows = dict.fromkeys((layer.name for layer in dataflow.layers), 0)
        self._saturations = dict(self._overflows)

    def _add_input(self, name: str, values: np.ndarray) -> None:
        """Count what the quantization of a source clips: float values, any shape."""
        element = self._dataflow.types[name].element
        half = element.step / 2
        clipped = (values < element.min - half) | (values > element.max + half)
        self._count(name, element.overflow, int(clipped.sum()), quantizer=True)

    def add(self, inputs: Sequence[np.ndarray]) -> None:
        """Count a chunk.

        Args:
            inputs: float values of every source, batch first.
        """
        sources = {}
        ends = self._dataflow.ends
        scales, sent = ends.inputs or (None,) * len(inputs), ends.sent(inputs)
        for (name, tensor), scale, values, given in zip(
            self._dataflow.sources.items(), scales, inputs, sent, strict=True
        ):
            if scale is None:
                self._add_input(name, values)
            else:
                self._count(name, Overflow.SAT, scale.outside(values), quantizer=True)
            sources[name] = tensor.element.from_float(given)
        raws = self._evaluator.evaluate(sources)
        for step in self._evaluator.steps:
            node, types = step.node, self._dataflow.input_types(step.node)
            found = node.operation.overflows(types, [in_dtype(raws[name], step.dtype) for name in node.inputs])
            if found is not None:
                overflow = self._dataflow.types[node.results[0]].element.overflow
                self._count(node.layer, overflow, int(found.sum()), quantizer=isinstance(node.operation, Cast))
        for layer in self._dataflow.layers:
            result = raws[layer.node]
            if result.size:
                low, high = self._seen.get(layer.name, (int(result.min()), int(result.max())))
                self._seen[layer.name] = min(low, int(result.min())), max(high, int(result.max()))

    def _count(self, layer: str, overflow: Overflow, count: int, *, quantizer: bool) -> None:
        clips = quantizer and overflow in (Overflow.SAT, Overflow.SAT_SYM)
        counts = self._saturations if clips else self._overflows
        if layer in counts:  # a node of no layer is in no record
            counts[layer] += count

    def records(self) -> list[LayerStatistics]:
        """Every layer, in the order of the graph; ranges are NaN if there was no sample."""
        records = []
        for layer in self._dataflow.layers:
            element = self._dataflow.types[layer.node].element
            low, high = self._seen.get(layer.name, (np.nan, np.nan))
            records.append(
                LayerStatistics(
                    layer=layer.name,
                    seen_min=low * element.step,
                    seen_max=high * element.step,
                    type_min=element.min,
                    type_max=element.max,
                    overflows=self._overflows[layer.name],
                    saturations=self._saturations[layer.name],
                )
            )
        return records
