"""`Scan`: a body graph run step after step, with results carried from one step to the next."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from netloom.fixed_point import Overflow
from netloom.hls.dataflow.evaluator import Evaluator
from netloom.hls.dataflow.graph import Dataflow
from netloom.hls.dataflow.operations.cast import Cast
from netloom.hls.dataflow.operations.operation import (
    Bounds,
    Cost,
    Keeping,
    Operation,
    Ready,
    TensorType,
    exact_dtype,
    in_dtype,
)

MAX_STEPS = 2**16

MOST_INTERLEAVED = 64

LoopState = dict[str, np.ndarray]
"""Raws by source of the body, batch first."""


@dataclass(frozen=True, eq=False)
class Scan(Operation):
    """A recurrent layer: `body`, once for each of `steps`.

    `carries` are pairs (source of the body, result of the body): what the source holds in the next step. `initial` has
    the raws each source holds in the first, or None for what an input brings. The other sources of the body are fed:
    one input each, in their order, with a leading axis of steps, read from the last step on if `reverse`; the inputs
    that bring initial values come after those.

    One result for each of `body.outputs`: where `every` says so that of all steps, in the order they were computed,
    along a leading axis, else that of the last step computed.

    There is an input at least, of whichever kind. Every carried result is that of a `Cast`: so its type bounds what the
    source can hold.

    With `keep` a sample begins where the one before it ended, the first one with `initial`: samples are the parts of
    one long sequence. What `prepare` gives then has a state of its own, and a `reset`.

    `interleave` changes no number: in hardware the body works on so many samples in turn, a step of each.
    """

    body: Dataflow
    carries: tuple[tuple[str, str], ...]
    initial: tuple[np.ndarray | None, ...]
    steps: int
    every: tuple[bool, ...]
    reverse: bool = False
    keep: bool = False
    interleave: int = 1

    @property
    def keeps(self) -> bool:
        """Whether it keeps its state from sample to sample."""
        return self.keep

    @property
    def results(self) -> int:
        """One for each of the body's outputs."""
        return len(self.body.outputs)

    @property
    def bodies(self) -> tuple[Dataflow, ...]:
        """The body."""
        return (self.body,)

    @cached_property
    def fed(self) -> list[str]:
        """Sources of the body that an input each is read into, step by step."""
        carried = {source for source, _ in self.carries}
        return [name for name in self.body.sources if name not in carried]

    @cached_property
    def begun(self) -> list[str]:
        """Carried sources of the body whose initial values an input each brings."""
        return [source for (source, _), raws in zip(self.carries, self.initial, strict=False) if raws is None]

    def outputs(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Those of the body, with an axis of steps where all are kept."""
        del inputs
        types = [self.body.types[name] for name in self.body.outputs]
        return tuple(
            TensorType((self.steps, *tensor.shape), tensor.element) if every else tensor
            for tensor, every in zip(types, self.every, strict=True)
        )

    def watched(self, bodies: Sequence[Dataflow]) -> "Scan":
        """With the layers of the body as further outputs of it."""
        (body,) = bodies
        outputs = (*body.outputs, *(layer.node for layer in body.layers))
        every = (*self.every, *(True for _ in body.layers))
        return replace(self, body=replace(body, outputs=outputs), every=every)

    def interleaved(self, sequences: int) -> "Scan":
        """Of so many sequences in turn."""
        return replace(self, interleave=sequences)

    def within(self, bounds: Sequence[Bounds]) -> tuple[dict[str, Bounds]]:
        """Proven ranges of the body, of all steps together."""
        sources = {source: Bounds.of(self.body.types[source]) for source, _ in self.carries}
        for name, bound in zip(self.fed, bounds, strict=False):
            sources[name] = Bounds(bound.low.min(axis=0), bound.high.max(axis=0))
        return (self.body.bounds_within(sources),)

    def bounds(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> tuple[Bounds, ...]:
        """Those of the body, for inputs of any step and anything a carry's type can hold."""
        (within,) = self.within(bounds)
        return tuple(
            Bounds(*(np.broadcast_to(end, tensor.shape) for end in (within[name].low, within[name].high)))
            for name, tensor in zip(self.body.outputs, self.outputs(inputs), strict=True)
        )

    def prepare(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds], least: type = np.float32) -> Ready:
        """The body made ready once; each of its nodes in the dtype it needs."""
        del inputs
        kept = [*self.body.outputs, *(result for _, result in self.carries)]
        evaluator = Evaluator(self.body, kept, *self.within(bounds), least)

        def run(arrays: Sequence[np.ndarray], state: LoopState | None = None) -> tuple[np.ndarray, ...]:
            seen: list[list[np.ndarray]] = [[] for _ in self.body.outputs]
            for values in self._stepped(evaluator, arrays, self._begin(arrays) if state is None else state):
                for found, name, every in zip(seen, self.body.outputs, self.every, strict=True):
                    found[:] = [*(found if every else ()), values[name]]
            return tuple(
                np.stack(found, axis=1) if every else found[0] for found, every in zip(seen, self.every, strict=True)
            )

        dtype = exact_dtype(max(bound.magnitude for bound in bounds), least)
        return KeptScan(self, run) if self.keep else run, dtype

    def _begin(self, arrays: Sequence[np.ndarray]) -> LoopState:
        state = dict(zip(self.begun, arrays[len(self.fed) :], strict=True))
        for (source, _), raws in zip(self.carries, self.initial, strict=True):
            if raws is not None:
                state[source] = np.broadcast_to(raws, (len(arrays[0]), *raws.shape))
        return state

    def _stepped(self, evaluator: Evaluator, arrays: Sequence[np.ndarray], state: LoopState) -> Iterator[LoopState]:
        """What the body computes, step after step; `state` becomes that after the last one."""
        for step in range(self.steps)[:: -1 if self.reverse else 1]:
            fed = {name: array[:, step] for name, array in zip(self.fed, arrays, strict=False)}
            values = evaluator.evaluate(state | fed)
            state.update((source, values[result]) for source, result in self.carries)
            yield values

    def holds(self, inputs: Sequence[TensorType]) -> bool:
        """Whether carries, initial values and inputs fit the body, and a `Cast` ends every carry."""
        types, made = self.body.types, {node.name: node.operation for node in self.body.nodes}
        sources = [source for source, _ in self.carries]
        return (
            1 <= self.steps <= MAX_STEPS
            and not (self.keep and self.begun)
            and 1 <= self.interleave <= (1 if self.keep else MOST_INTERLEAVED)
            and not any(node.operation.keeps for node in self.body.nodes)
            and len(self.every) == self.results >= 1
            and len(set(sources)) == len(sources) == len(self.initial)
            and set(sources) <= set(self.body.sources)
            and all(isinstance(made.get(result), Cast) for _, result in self.carries)
            and all(_alike(types[source], types[result]) for source, result in self.carries)
            and all(_fits(raws, types[source]) for source, raws in zip(sources, self.initial, strict=True))
            and len(inputs) >= 1
            and len(inputs) == len(self.fed) + len(self.begun)
            and all(_alike(tensor, needed) for tensor, needed in zip(inputs, self._needed(), strict=True))
        )

    def _needed(self) -> list[TensorType]:
        """Types of the inputs."""
        types = self.body.types
        fed = [TensorType((self.steps, *types[name].shape), types[name].element) for name in self.fed]
        return [*fed, *(types[name] for name in self.begun)]

    def may_overflow(self, inputs: Sequence[TensorType], bounds: Sequence[Bounds]) -> bool:
        """Whether any operation of the body may, but for casts that saturate: those are quantizers and mean to."""
        del inputs
        (within,) = self.within(bounds)
        return any(
            node.operation.may_overflow(self.body.input_types(node), [within[name] for name in node.inputs])
            for node in self.body.nodes
            if not _quantizes(node.operation)
        )

    @cached_property
    def _watched(self) -> Evaluator:
        return Evaluator(self.body, list(self.body.types), least=np.int64)

    def overflows(self, inputs: Sequence[TensorType], arrays: Sequence[np.ndarray]) -> np.ndarray | None:
        """Where operations of the body met their overflow mode, in any step: (samples, places), but no quantizers."""
        del inputs
        if not self.keep:
            return self._lost(arrays, self._begin(arrays))
        state = self._begin([array[:1] for array in arrays])
        found = [lost for one in _one_by_one(arrays) if (lost := self._lost(one, state)) is not None]
        return np.concatenate(found) if found else None

    def _lost(self, arrays: Sequence[np.ndarray], state: LoopState) -> np.ndarray | None:
        lost = []
        for values in self._stepped(self._watched, arrays, state):
            for step in self._watched.steps:
                node, given = step.node, [in_dtype(values[name], step.dtype) for name in step.node.inputs]
                found = node.operation.overflows(self.body.input_types(node), given)
                if found is not None and not _quantizes(node.operation):
                    lost.append(found.reshape(len(found), -1))
        return np.concatenate(lost, axis=1) if lost else None

    def cost(self, inputs: Sequence[TensorType]) -> Cost:
        """The body's work every step, its weights once."""
        del inputs
        once = sum((node.operation.cost(self.body.input_types(node)) for node in self.body.nodes), Cost())
        return Cost(once.multiply_accumulates * self.steps, once.weight_bits, once.parameters)


class KeptScan(Keeping):
    """A `Scan` at work that keeps its state: samples one after the other, also from call to call."""

    def __init__(self, scan: Scan, run: Callable[[Sequence[np.ndarray], LoopState], tuple[np.ndarray, ...]]) -> None:
        """Args: the operation; what runs it from a state, which it leaves as that after the last step."""
        self._scan, self._run = scan, run
        self._state: LoopState = {}

    def reset(self) -> None:
        """Begin anew with the next sample."""
        self._state = {}

    def __call__(self, arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """Results of all samples."""
        if not len(arrays[0]):
            return tuple(np.zeros((0, *tensor.shape)) for tensor in self._scan.outputs(()))
        found = []
        for one in _one_by_one(arrays):
            self._state = self._state or self._scan._begin(one)
            found.append(self._run(one, self._state))
        return tuple(np.concatenate(results) for results in zip(*found, strict=True))


def _one_by_one(arrays: Sequence[np.ndarray]) -> Iterator[list[np.ndarray]]:
    return ([array[index : index + 1] for array in arrays] for index in range(len(arrays[0])))


def _quantizes(operation: Operation) -> bool:
    """Whether it is a cast that saturates, which means to."""
    return isinstance(operation, Cast) and operation.to.overflow in (Overflow.SAT, Overflow.SAT_SYM)


def _alike(a: TensorType, b: TensorType) -> bool:
    return a.shape == b.shape and a.element.with_modes() == b.element.with_modes()


def _fits(raws: np.ndarray | None, tensor: TensorType) -> bool:
    return raws is None or (raws.shape == tensor.shape and not Bounds(raws, raws).exceeds(tensor.element))
