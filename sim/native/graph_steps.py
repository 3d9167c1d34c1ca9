"""`GraphSteps`: the steps of one graph, a network or the body of a loop, and where its tensors lie."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from netloom.hls.dataflow import Bounds, Dataflow, MatVec, Node, Operation, Window
from netloom.sim.fuse import drop_idle_clamps, group_windows, join_depthwise
from netloom.sim.native.arena import Arena
from netloom.sim.native.constants import Constants
from netloom.sim.native.form import NativeForm
from netloom.sim.native.loops import products_into_loops
from netloom.sim.native.operations.matvec import LANES, group_of
from netloom.sim.native.operations.window import pad
from netloom.sim.native.steps import NativeStep, StepKind
from netloom.sim.native.work import Work, works_of


@dataclass(frozen=True)
class Common:
    """What a network and the bodies of its loops have in common.

    Attributes:
        arena: of all their tensors.
        constants: what steps point to.
        multiplies_bytes: whether the machine does.
        forms: what operations are in the C++.
    """

    arena: Arena
    constants: Constants
    multiplies_bytes: bool
    forms: Mapping[type[Operation], NativeForm]


class GraphSteps:
    """The steps of one graph.

    Attributes:
        dataflow: the graph, rewritten for the C++.
        shared: with the graphs around it and inside.
        given: for each of its outputs the stored tensor that has its numbers.

    Raises:
        NoFormError: if the C++ has no form for it.
    """

    def __init__(self, dataflow: Dataflow, shared: Common, held: Sequence[str] = ()) -> None:
        """Args: the graph; what it shares; sources whose places are never another tensor's."""
        self.dataflow = _rewritten(dataflow, shared.multiplies_bytes)
        self.shared = shared
        self._windows = {node.name: node for node in self.dataflow.nodes if isinstance(node.operation, Window)}
        self._works, self._stored = works_of(self.dataflow, dataflow.outputs, shared.forms)
        self.given = [self._stored[name] for name in dataflow.outputs]
        self._kept = {*self.given, *held}

    def steps(self) -> Iterator[NativeStep]:
        """All of them in order; tensors that nobody reads any more lose their places."""
        for index, work in enumerate(self._works):
            yield from self._steps(work)
            for name in {*work.inputs, *work.results} - self._kept:
                if not any(name in later.inputs for later in self._works[index + 1 :]):
                    self.shared.arena.release(name)

    def release(self) -> None:
        """Give the places of what was kept to others."""
        for name in self._kept:
            self.shared.arena.release(name)

    def added(self, name: str) -> int | None:
        """What a stored tensor's raws become bytes with, if they are bytes: 0 or 128; None if they are float32."""
        work = next((work for work in self._works if name in work.results), None)
        if work is not None and work.only_moves:
            return self.added(work.inputs[0]) if len(work.inputs) == 1 else None
        wanted = self.shared.multiplies_bytes and self._wanted_as_bytes(name)
        return _offset(self.dataflow.bounds[name]) if wanted else None

    def _wanted_as_bytes(self, name: str) -> bool:
        """Whether all who read a tensor can take bytes, or only move it for others who can."""
        readers = [work for work in self._works if name in work.inputs]
        return bool(readers) and name not in self.given and all(self._reads_bytes(work) for work in readers)

    def _reads_bytes(self, work: Work) -> bool:
        if work.only_moves:
            return len(work.inputs) == 1 and self._wanted_as_bytes(work.result)
        return work.form.reads_bytes(work.site)

    def leaves(self, step: NativeStep, name: str) -> NativeStep:
        """A step with its result's place and kind of number."""
        added, size = self.added(name), self.dataflow.types[name].size
        step.to, step.to_size = self.shared.arena.room(name, size * (4 if added is None else 1)), size
        step.to_bytes, step.added = added is not None, added or 0
        return step

    def reads(self, step: NativeStep, name: str) -> NativeStep:
        """A step with its first input's place and kind of number."""
        added = self.added(name)
        step.from_, step.from_bytes, step.fill = self.shared.arena.at(name), added is not None, added or 0
        step.from_size = self.dataflow.types[name].size
        return step

    def _steps(self, work: Work) -> Iterator[NativeStep]:
        """The steps of one work: of a product, the zeros around its picture first."""
        if work.form.spread is not None:
            yield from work.form.spread(self, work)
            return
        step = self.leaves(NativeStep(kind=work.form.kind), work.result)
        if work.form.kind is StepKind.MOVE:
            yield from self._moves(work, step)
            return
        self.reads(step, work.inputs[0])
        if len(work.inputs) > 1:
            step.other = self.shared.arena.at(work.inputs[1])
        site = work.site
        if work.form.kind is StepKind.PRODUCT:
            window = self._windows.get(work.node.inputs[0])
            shape = site.types[0].shape
            if window is not None and isinstance(view := window.operation, Window):
                shape = self.dataflow.input_types(window)[0].shape
                if any(any(pair) for pair in view.padding):
                    around, shape = self._padded(work.inputs[0], shape, view)
                    yield around
                    step.from_, step.from_size = around.to, around.to_size
                    self.shared.arena.release("padded")
                site = replace(site, view=view)
            site = replace(site, picture=shape)
        work.form.lay(step, site, self.shared.constants)
        self.shared.constants.stages(step, work.stages)
        yield step

    def _padded(self, name: str, shape: tuple[int, ...], view: Window) -> tuple[NativeStep, tuple[int, ...]]:
        """The step that puts a picture among zeros, and the shape that it has there."""
        step = NativeStep(kind=StepKind.PAD)
        self.reads(step, name)
        shape = pad(step, shape, view.padding)
        step.to_size, step.to_bytes = prod(shape), step.from_bytes
        step.to = self.shared.arena.room("padded", prod(shape) * (1 if step.from_bytes else 4))
        return step, shape

    def _moves(self, work: Work, step: NativeStep) -> Iterator[NativeStep]:
        """A step an input."""
        for part, name in enumerate(work.inputs):
            each = self.reads(NativeStep.from_buffer_copy(step), name)
            work.form.lay(each, replace(work.site, part=part), self.shared.constants)
            yield each


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

    return join_depthwise(group_windows(drop_idle_clamps(products_into_loops(dataflow)), size))


def _offset(bounds: Bounds) -> int | None:
    """What must be added to raws within bounds for them to be bytes; None if they are more."""
    low, high = int(bounds.low.min()), int(bounds.high.max())
    if low >= 0 and high <= 255:
        return 0
    return 128 if low >= -128 and high <= 127 else None
