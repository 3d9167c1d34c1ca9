"""A network as work for the C++: which nodes are one step together, and what no step has a form for."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import (
    Cast,
    Clamp,
    Dataflow,
    DepthwiseMatVec,
    Elementwise,
    Evaluator,
    Gather,
    Lookup,
    MatVec,
    Node,
    Permute,
    Pool,
    ReadyNode,
    Scan,
    Window,
    exact_dtype,
)
from netloom.rounding import Rounding
from netloom.sim.depthwise_convolution import DepthwiseConvolution
from netloom.sim.native.steps import SATURATES, NativeStage, StepKind, confining, shifting

FARTHEST_SHIFT = 100
"""Scales beyond 2**100 come near to the ends of float32."""

_STAGED = (StepKind.PRODUCT, StepKind.DEPTHWISE, StepKind.POOL, StepKind.EACH, StepKind.JOIN)
"""What may go on with numbers one by one."""


@dataclass
class Work:
    """One step to be.

    Attributes:
        kind: what it does.
        node: what it computes.
        inputs: the tensors it reads, none of them a reshape of another.
        result: the tensor it leaves; of a loop, the first.
        stages: what numbers go through before they are stored; in a table, before they are looked up.
    """

    kind: StepKind
    node: Node
    inputs: tuple[str, ...]
    result: str
    stages: list[NativeStage] = field(default_factory=list)

    @property
    def results(self) -> tuple[str, ...]:
        """All tensors it leaves."""
        return self.node.results if self.kind is StepKind.LOOP else (self.result,)

    @property
    def only_moves(self) -> bool:
        """Whether every number of the result is one of the inputs' numbers."""
        largest = isinstance(self.node.operation, Pool) and self.node.operation.accum is None and not self.stages
        return self.kind is StepKind.MOVE or largest


class NoFormError(Exception):
    """A network, or a node of one, that the C++ has no form for: NumPy computes it."""


def works_of(dataflow: Dataflow, outputs: tuple[str, ...]) -> tuple[list[Work], dict[str, str]]:
    """The steps of a network in order, and {tensor: the stored one that has its numbers in its order}.

    Raises:
        NoFormError: if there is none for a node, or one is not exact in float32.
    """
    if not all(_exact(dataflow, step) for step in Evaluator(dataflow, outputs).steps):
        raise NoFormError
    uses = Counter([name for node in dataflow.nodes for name in node.inputs] + list(outputs))
    windows = {node.name: node for node in dataflow.nodes if isinstance(node.operation, Window)}
    stored = {name: name for name in dataflow.sources}
    alone = {name: uses[name] == 1 for name in uses}
    works: list[Work] = []
    by_result: dict[str, Work] = {}
    for node in dataflow.nodes:
        if node.name in windows:
            continue
        read = [windows[name].inputs[0] if name in windows else name for name in node.inputs]
        inputs = tuple(stored[name] for name in read)
        if isinstance(node.operation, Permute) and _reshapes(dataflow, node):
            stored[node.name] = inputs[0]
            alone[node.name] &= alone[node.inputs[0]]
            continue
        work = by_result.get(inputs[0])
        if (
            isinstance(node.operation, Cast | Clamp)
            and work is not None
            and work.kind in _STAGED
            and alone[node.inputs[0]]
        ):
            work.stages += _stages(dataflow, node)
            work.result = node.name
        else:
            work = Work(_kind(dataflow, node, windows), node, inputs, node.name, _stages(dataflow, node))
            works.append(work)
        by_result[node.name] = work
        stored |= {name: name for name in node.results}
    if any(name in windows for name in outputs):
        raise NoFormError
    return works, stored


def _exact(dataflow: Dataflow, step: ReadyNode) -> bool:
    """Whether float32 holds all that a node meets; NumPy looks up at integers, whatever they are."""
    if isinstance(step.node.operation, Lookup):
        return exact_dtype(step.node.operation.headroom(dataflow.input_bounds(step.node))) is np.float32
    return step.dtype is np.float32


def _reshapes(dataflow: Dataflow, node: Node) -> bool:
    types = dataflow.input_types(node)
    return len(types) == 1 and node.operation.reshapes([types[0].size])  # type: ignore[attr-defined]


def _stages(dataflow: Dataflow, node: Node) -> list[NativeStage]:
    """What a node does to numbers one by one, after whatever else it does."""
    types, bounds = dataflow.input_types(node), dataflow.input_bounds(node)
    fraction = types[0].element.fraction
    if isinstance(node.operation, Scan):
        return []
    overflowing = node.operation.may_overflow(types, bounds)
    match node.operation:
        case Lookup() as lookup:
            rounding = Rounding.TRN_ZERO if lookup.toward_zero else Rounding.TRN
            return [*_shifted(lookup.shift, rounding, lookup.scale), _index(lookup.table.size, lookup.offset)]
        case Gather(table=np.ndarray() as table):
            return [*_shifted(fraction, Rounding.TRN), _index(len(table))]
        case Cast(to):
            stages = _shifted(fraction - to.fraction, to.rounding)
        case Clamp(low, high):
            return [NativeStage(1, low, 2**24 if high is None else high, 1, 0, SATURATES)]
        case Pool(accum=FixedPoint() as accum):
            stages = _shifted(fraction - accum.fraction, Rounding.TRN)
        case _:
            stages = []
    if overflowing:
        stages.append(_known(confining(node.operation.outputs(types)[0].element)))
    return stages


def _kind(dataflow: Dataflow, node: Node, windows: dict[str, Node]) -> StepKind:
    """Which step computes a node."""
    types, bounds = dataflow.input_types(node), dataflow.input_bounds(node)
    operation = node.operation
    windowed = any(name in windows for name in node.inputs)
    match operation:
        case MatVec() if not operation.takes_terms_in_order(types, bounds):
            return StepKind.PRODUCT
        case _ if windowed:
            raise NoFormError
        case DepthwiseConvolution():
            return StepKind.DEPTHWISE
        case DepthwiseMatVec() if len(operation.weights) == 1 and not operation.takes_terms_in_order(types, bounds):
            return StepKind.DEPTHWISE
        case Pool() if len(operation.kernel_size) <= 2 and _sums_plainly(dataflow, node):
            return StepKind.POOL
        case Cast() | Clamp():
            return StepKind.EACH
        case Permute():
            return StepKind.MOVE
        case Lookup():
            return StepKind.LOOKUP
        case Gather() if operation.table is not None:
            return StepKind.LOOKUP
        case Scan() if not operation.keep:
            return StepKind.LOOP
        case Elementwise() if types[0].shape == types[1].shape and max(operation.gains(types)) <= 2**24:
            return StepKind.JOIN
    raise NoFormError


def _sums_plainly(dataflow: Dataflow, node: Node) -> bool:
    """Whether a pool is a maximum, or a sum of which nothing is rounded or overflows on the way."""
    pool = node.operation
    assert isinstance(pool, Pool)
    types, bounds = dataflow.input_types(node), dataflow.input_bounds(node)
    if pool.accum is None:
        return True
    return types[0].element.fraction <= pool.accum.fraction and not pool.may_overflow(types, bounds)


def _shifted(shift: int, rounding: Rounding, scale: int = 1) -> list[NativeStage]:
    if abs(shift) > FARTHEST_SHIFT:
        raise NoFormError
    return [_known(shifting(shift, rounding, scale))] if shift or scale != 1 else []


def _index(size: int, offset: int = 0) -> NativeStage:
    """Which entry of a table is read, but for the offset."""
    return NativeStage(1, -offset, size - 1 - offset, 1, 0, SATURATES)


def _known(stage: NativeStage | None) -> NativeStage:
    if stage is None:
        raise NoFormError
    return stage
