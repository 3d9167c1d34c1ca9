"""`NativePlan`: the steps of a network for the C++, and where each tensor lies in the arena.

Numbers are raws in float32. Where a machine multiplies bytes, tensors that only products read are bytes instead,
raws of 0 to 255, or of -128 to 127 with 128 added; their products are summed in int32. Both are exact: nothing that
is met reaches 2**24 (`Operation.prepare`), nor the bytes' sums 2**31.
"""

from collections.abc import Iterator
from math import prod

import numpy as np

from netloom.hls.dataflow import Bounds, Dataflow, MatVec, Node, Permute, TensorType, Window
from netloom.rounding import magnitude
from netloom.sim.fuse import drop_idle_clamps, group_windows, join_depthwise
from netloom.sim.native.constants import LANES, Constants, group_of
from netloom.sim.native.steps import ROUNDINGS, SATURATES, NativeStage, NativeStep, StepKind
from netloom.sim.native.work import FARTHEST_SHIFT, NoFormError, Work, works_of
from netloom.sim.values import quantizes_in_float

_ALIGNMENT = 64
_ARENA_BYTES = 2**19
"""What a block's tensors may take: they and the weights are to stay in a core's cache."""

_LARGEST_BLOCK = 64


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
        self._dataflow = _rewritten(dataflow, multiplies_bytes)
        self._multiplies_bytes = multiplies_bytes
        self._windows = {node.name: node for node in self._dataflow.nodes if isinstance(node.operation, Window)}
        self._works, self._stored = works_of(self._dataflow, dataflow.outputs)
        self._given = [self._stored[name] for name in dataflow.outputs]
        self._constants = Constants()
        types = self._dataflow.types
        if not all(types[name].element.fits_float64 for name in dataflow.outputs):
            raise NoFormError
        self.rounds = [_rounds(tensor) for tensor in dataflow.sources.values()]
        arena = _Arena()
        made = list(self._take(arena))
        for index, work in enumerate(self._works):
            made += self._steps(work, arena)
            for name in {*work.inputs, work.result} - {*self._given}:
                if not any(name in later.inputs for later in self._works[index + 1 :]):
                    arena.release(name)
        for index, (node, name) in enumerate(zip(dataflow.outputs, self._given, strict=True)):
            step = NativeStep(kind=StepKind.GIVE, from_=arena.at(name), to=index, step=types[node].element.step)
            step.from_size = types[node].size
            made.append(step)
        self.block = int(np.clip(_ARENA_BYTES // max(arena.most, 1), 1, _LARGEST_BLOCK))
        if self.block > 8:
            self.block -= self.block % 8
        self.bytes = arena.most * self.block + _ALIGNMENT
        for step in made:
            if step.kind != StepKind.TAKE:
                step.from_ *= self.block
            if step.kind != StepKind.GIVE:
                step.to *= self.block
            step.other *= self.block
        self.steps = (NativeStep * len(made))(*made)

    def added(self, name: str) -> int | None:
        """What a stored tensor's raws become bytes with, if they are bytes: 0 or 128; None if they are float32."""
        work = next((work for work in self._works if work.result == name), None)
        if work is not None and work.only_moves:
            return self.added(work.inputs[0]) if len(work.inputs) == 1 else None
        wanted = self._multiplies_bytes and self._wanted_as_bytes(name)
        return _offset(self._dataflow.bounds[name]) if wanted else None

    def _wanted_as_bytes(self, name: str) -> bool:
        """Whether all who read a tensor can take bytes, or only move it for others who can."""
        readers = [work for work in self._works if name in work.inputs]
        return bool(readers) and name not in self._given and all(self._reads_bytes(work) for work in readers)

    def _reads_bytes(self, work: Work) -> bool:
        if work.only_moves:
            return len(work.inputs) == 1 and self._wanted_as_bytes(work.result)
        if work.kind is not StepKind.PRODUCT:
            return False
        weights = work.node.operation.scaled_weights(self._dataflow.input_types(work.node))  # type: ignore[attr-defined]
        return magnitude(weights) <= 127 and len(weights) * 255 * 127 < 2**31

    def _take(self, arena: "_Arena") -> Iterator[NativeStep]:
        for index, (name, tensor) in enumerate(self._dataflow.sources.items()):
            element = tensor.element
            stage = NativeStage(1)
            if self.rounds[index]:
                low, high = element.raw_min, element.raw_max
                stage = NativeStage(2.0**element.fraction, low, high, 1, ROUNDINGS[element.rounding], SATURATES)
            step = NativeStep(kind=StepKind.TAKE, from_=index, from_size=tensor.size, to_size=tensor.size)
            self._constants.stages(step, [stage])
            yield self._leaves(step, name, arena)

    def _leaves(self, step: NativeStep, name: str, arena: "_Arena") -> NativeStep:
        """A step with its result's place and kind of number."""
        added, size = self.added(name), self._dataflow.types[name].size
        step.to, step.to_size = arena.room(name, size * (4 if added is None else 1)), size
        step.to_bytes, step.added = added is not None, added or 0
        return step

    def _reads(self, step: NativeStep, name: str, arena: "_Arena") -> NativeStep:
        """A step with its first input's place and kind of number."""
        added = self.added(name)
        step.from_, step.from_bytes, step.fill = arena.at(name), added is not None, added or 0
        step.from_size = self._dataflow.types[name].size
        return step

    def _steps(self, work: Work, arena: "_Arena") -> Iterator[NativeStep]:
        """The steps of one work: of a product, the zeros around its picture first."""
        node, flow = work.node, self._dataflow
        types = flow.input_types(node)
        step = NativeStep(kind=work.kind)
        self._leaves(step, work.result, arena)
        if work.kind is StepKind.MOVE:
            yield from self._moves(work, step, arena)
            return
        self._reads(step, work.inputs[0], arena)
        if work.kind is StepKind.PRODUCT:
            window, shape = self._windows.get(node.inputs[0]), types[0].shape
            view = window.operation if window is not None else None
            assert view is None or isinstance(view, Window)
            if window is not None and view is not None:
                shape = flow.input_types(window)[0].shape
                if any(any(pair) for pair in view.padding):
                    around, shape = self._padded(work.inputs[0], shape, view, arena)
                    yield around
                    step.from_, step.from_size = around.to, around.to_size
                    arena.release("padded")
            self._constants.product(step, node.operation, types, shape, view)
        elif work.kind is StepKind.DEPTHWISE:
            self._constants.depthwise(step, node.operation, types)
        elif work.kind is StepKind.POOL:
            self._constants.pool(step, node.operation, types, flow.types[node.name])
        elif work.kind is StepKind.JOIN:
            step.other = arena.at(work.inputs[1])
            self._constants.join(step, node.operation, types)
        self._constants.stages(step, work.stages)
        yield step

    def _padded(
        self, name: str, shape: tuple[int, ...], view: Window, arena: "_Arena"
    ) -> tuple[NativeStep, tuple[int, ...]]:
        """The step that puts a picture among zeros, and the shape that it has there."""
        step = NativeStep(kind=StepKind.PAD)
        self._reads(step, name, arena)
        shape = self._constants.pad(step, shape, view.padding)
        step.to_size, step.to_bytes = prod(shape), step.from_bytes
        step.to = arena.room("padded", prod(shape) * (1 if step.from_bytes else 4))
        return step, shape

    def _moves(self, work: Work, step: NativeStep, arena: "_Arena") -> Iterator[NativeStep]:
        """A step an input; the first fills the places that none reaches."""
        first = 0
        for index, name in enumerate(work.inputs):
            each = NativeStep.from_buffer_copy(step)
            self._reads(each, name, arena)
            size = each.from_size
            assert isinstance(work.node.operation, Permute)
            self._constants.move(each, work.node.operation.indices, first, size, fills=index == 0)
            first += size
            yield each


class _Arena:
    """Places for tensors, in bytes a sample; those of tensors that nobody reads any more are taken again."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}
        self.most = 0

    def room(self, name: str, size: int) -> int:
        """A place for a tensor: the first gap that is large enough."""
        size = -(-size // _ALIGNMENT) * _ALIGNMENT
        start = 0
        for first, taken in sorted(self._places.values()):
            if first - start >= size:
                break
            start = max(start, first + taken)
        self._places[name] = start, size
        self.most = max(self.most, start + size)
        return start

    def at(self, name: str) -> int:
        """Where a tensor lies."""
        return self._places[name][0]

    def release(self, name: str) -> None:
        """Give a tensor's place to others."""
        del self._places[name]


def _rewritten(dataflow: Dataflow, multiplies_bytes: bool) -> Dataflow:
    unit = group_of(multiplies_bytes)

    def size(dataflow: Dataflow, window: Node, product: Node) -> int:
        """Into how many positions a row is best taken at a time: where the fewest vectors are multiplied."""
        view, operation = window.operation, product.operation
        assert isinstance(view, Window) and isinstance(operation, MatVec)
        width, (kernel, stride) = dataflow.types[window.name].shape[-2], (view.kernel_size[-1], view.stride[-1])
        channels = dataflow.types[window.inputs[0]].shape[-1]
        filters = operation.weights.shape[1]

        def work(group: int) -> int:
            pieces = -(-((kernel + (group - 1) * stride) * channels) // unit)
            return width // group * pieces * -(-group * filters // LANES)

        return min((group for group in range(1, width + 1) if width % group == 0), key=work)

    return join_depthwise(group_windows(drop_idle_clamps(dataflow), size))


def _offset(bounds: Bounds) -> int | None:
    """What must be added to raws within bounds for them to be bytes; None if they are more."""
    low, high = int(bounds.low.min()), int(bounds.high.max())
    if low >= 0 and high <= 255:
        return 0
    return 128 if low >= -128 and high <= 127 else None


def _rounds(tensor: TensorType) -> bool:
    quick = quantizes_in_float(tensor.element, np.dtype(np.float32))
    return quick and abs(tensor.element.fraction) <= FARTHEST_SHIFT
