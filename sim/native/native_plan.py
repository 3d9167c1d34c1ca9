"""`NativePlan`: the steps of a network for the C++.

Numbers are raws in float32. Where a machine multiplies bytes, tensors that only products read are bytes instead,
raws of 0 to 255, or of -128 to 127 with 128 added; their products are summed in int32. Both are exact: nothing that
is met reaches 2**24 (`Operation.prepare`), nor the bytes' sums 2**31.
"""

from collections.abc import Iterator

import numpy as np

from netloom.hls.dataflow import Dataflow, TensorType
from netloom.sim.native.arena import Arena
from netloom.sim.native.constants import Constants
from netloom.sim.native.form import FARTHEST_SHIFT, NoFormError
from netloom.sim.native.graph_steps import Common, GraphSteps
from netloom.sim.native.operations.table import NATIVE_FORMS
from netloom.sim.native.steps import ROUNDINGS, SATURATES, NativeStage, NativeStep, StepKind
from netloom.sim.values import quantizes_in_float

_ARENA_BYTES = 2**19
"""What a block's tensors may take: they and the weights are to stay in a core's cache."""

_LARGEST_BLOCK = 64
_LEAST_IN_LOOPS = 16
"""A loop reads its inputs a step at a time, and products of few rows read all of their weights for each."""


class NativePlan:
    """The steps of a network.

    Attributes:
        steps: for the C++.
        block: samples that go through all steps at a time.
        bytes: of the arena.
        rounds: for each source, whether its step rounds the numbers that it takes; else it takes raws, float32.

    Raises:
        NoFormError: if the C++ has no form for it.
    """

    def __init__(self, dataflow: Dataflow, multiplies_bytes: bool) -> None:
        types = dataflow.types
        if not all(types[name].element.fits_float64 for name in dataflow.outputs):
            raise NoFormError
        arena, self._constants = Arena(), Constants()
        self._graph = GraphSteps(dataflow, Common(arena, self._constants, multiplies_bytes, NATIVE_FORMS))
        self.rounds = [_rounds(tensor) for tensor in dataflow.sources.values()]
        made = [*self._take(), *self._graph.steps()]
        for index, (node, name) in enumerate(zip(dataflow.outputs, self._graph.given, strict=True)):
            step = NativeStep(kind=StepKind.GIVE, from_=arena.at(name), to=index, step=types[node].element.step)
            step.from_size = types[node].size
            made.append(step)
        least = _LEAST_IN_LOOPS if any(step.kind == StepKind.LOOP for step in made) else 1
        self.block = int(np.clip(_ARENA_BYTES // max(arena.most, 1), least, _LARGEST_BLOCK))
        if self.block > 8:
            self.block -= self.block % 8
        self.bytes = arena.bytes_for(self.block)
        for step in made:
            if step.kind != StepKind.TAKE:
                step.from_ *= self.block
            if step.kind != StepKind.GIVE:
                step.to *= self.block
            step.other *= self.block
        self.steps = (NativeStep * len(made))(*made)

    def _take(self) -> Iterator[NativeStep]:
        for index, (name, tensor) in enumerate(self._graph.dataflow.sources.items()):
            element = tensor.element
            stage = NativeStage(1)
            if self.rounds[index]:
                low, high = element.raw_min, element.raw_max
                stage = NativeStage(2.0**element.fraction, low, high, 1, ROUNDINGS[element.rounding], SATURATES)
            step = NativeStep(kind=StepKind.TAKE, from_=index, from_size=tensor.size, to_size=tensor.size)
            self._constants.stages(step, [stage])
            yield self._graph.leaves(step, name)


def _rounds(tensor: TensorType) -> bool:
    quick = quantizes_in_float(tensor.element, np.dtype(np.float32))
    return quick and abs(tensor.element.fraction) <= FARTHEST_SHIFT
