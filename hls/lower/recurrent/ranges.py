"""What the types of hls4ml's LSTM and GRU must hold, proven step by step from states that are zero."""

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from netloom.errors import PrecisionError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls.dataflow import Bounds, Cast, Dataflow, MatVec, TensorType
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.recurrent.loop import BuiltLoop, any_step
from netloom.hls.lower.types import ACCUM, RESULT


def needs(built: BuiltLoop, context: LoweringContext, source: str) -> dict[str, list[FixedPoint]]:
    """Types that hold all that is assigned to an accumulator, and those that hold the states.

    Args:
        built: with types so wide that nothing wraps.
        context: of the graph it was built in.
        source: what it reads there.

    Raises:
        PrecisionError: if the numbers grow beyond its types.
    """
    scan = built.scan
    states, found = _reached(built, context)
    results = {result for _, result in scan.carries}
    products = context.builder.build([source], built.products)
    return {
        ACCUM: [*_assigned(products, context.builder.bounds), *_assigned(scan.body, found, results)],
        RESULT: [_holding(bounds, scan.body.types[state]) for state, bounds in states.items()],
    }


def reached(built: BuiltLoop, context: LoweringContext) -> Bounds:
    """The range of what any step gives, for all that the inputs can hold; that of the operation knows no first step.

    Args:
        built: a loop.
        context: of the graph it is in.
    """
    states, _ = _reached(built, context)
    return next(iter(states.values()))


def _reached(built: BuiltLoop, context: LoweringContext) -> tuple[dict[str, Bounds], dict[str, Bounds]]:
    """Ranges of the states, and of all in the body, of all steps together; the states begin as zeros."""
    scan = built.scan
    fed = {name: any_step(context.bounds_of(node)) for name, node in zip(scan.fed, built.products, strict=True)}
    states = {
        name: Bounds(raws, raws) for (name, _), raws in zip(scan.carries, scan.initial, strict=True) if raws is not None
    }
    for _ in range(scan.steps):
        found = scan.body.bounds_within(states | fed)
        grown = {state: _either(states[state], _next(built, found, state, result)) for state, result in scan.carries}
        if all(_same(grown[state], states[state]) for state in states):
            break
        states = grown
    return states, found


def _next(built: BuiltLoop, found: Mapping[str, Bounds], state: str, result: str) -> Bounds:
    """The range of a state after a step, from those of all in the body."""
    body = built.scan.body
    if built.mixed is not None:
        z, candidate = built.mixed
        if found[z].low.min() >= 0 and found[z].high.max() <= 2.0 ** body.types[z].element.fraction:
            # A mixture lies between what is mixed, which the ranges of product and sum do not say.
            (other,) = Cast(body.types[state].element).bounds([body.types[candidate]], [found[candidate]])
            return _either(found[state], other)
    return found[result]


def _assigned(graph: Dataflow, bounds: Mapping[str, Bounds], results: Collection[str] = ()) -> Iterator[FixedPoint]:
    """Types for all sums and casts but those to results."""
    for node in graph.nodes:
        types, ranges = graph.input_types(node), [bounds[name] for name in node.inputs]
        meant = node.name in results and graph.types[node.name].element.overflow is not Overflow.WRAP
        if isinstance(node.operation, Cast | MatVec) and not meant and node.operation.may_overflow(types, ranges):
            raise PrecisionError("its states grow beyond all types")
        if isinstance(node.operation, MatVec):
            yield node.operation.exact_sum(types, ranges)
        elif isinstance(node.operation, Cast) and node.name not in results:
            yield _holding(bounds[node.name], graph.types[node.name])


def _holding(bounds: Bounds, tensor: TensorType) -> FixedPoint:
    return FixedPoint.containing(int(bounds.low.min()), int(bounds.high.max()), tensor.element.fraction)


def _either(a: Bounds, b: Bounds) -> Bounds:
    return Bounds(np.minimum(a.low, b.low), np.maximum(a.high, b.high))


def _same(a: Bounds, b: Bounds) -> bool:
    return bool((a.low == b.low).all() and (a.high == b.high).all())
