"""`Scan` in C++: a loop over the steps of its body."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from netloom.hls.dataflow import Scan
from netloom.sim.native.form import NativeForm
from netloom.sim.native.graph_steps import GraphSteps
from netloom.sim.native.steps import NativeStep, StepKind
from netloom.sim.native.work import Work


def _loop(graph: GraphSteps, work: Work) -> Iterator[NativeStep]:
    """What states begin with; the loop, and behind it its body, from a step's inputs to what the next one reads."""
    scan = work.node.operation
    assert isinstance(scan, Scan)
    sources, results = zip(*scan.carries, strict=True) if scan.carries else ((), ())
    once = replace(scan.body, outputs=(*scan.body.outputs, *results), layers=())
    body = GraphSteps(once, graph.shared, sources)
    begun = iter(work.inputs[len(scan.fed) :])
    for source, raws in zip(sources, scan.initial, strict=True):
        start = body.leaves(NativeStep(kind=StepKind.FILL if raws is not None else StepKind.COPY), source)
        if raws is not None:
            start.weights = graph.shared.constants.array(raws.ravel(), np.float32)
        else:
            graph.reads(start, next(begun))
            start.numbers[0] = start.to_size
        yield start
    into = [graph.leaves(NativeStep(kind=StepKind.COPY), name) for name in work.results]
    inside = []
    for source, name in zip(scan.fed, work.inputs, strict=False):
        given = body.leaves(graph.reads(NativeStep(kind=StepKind.COPY), name), source)
        given.numbers[:2] = given.to_size, given.to_size
        inside.append(given)
    inside += body.steps()
    for step, name, every in zip(into, body.given, scan.every, strict=False):
        body.reads(step, name)
        step.numbers[:3] = step.from_size, 0, step.from_size if every else 0
        inside.append(step)
    for source, name in zip(sources, body.given[len(into) :], strict=True):
        inside.append(_carry(body, name, source))
    body.release()
    loop = NativeStep(kind=StepKind.LOOP)
    loop.numbers[:3] = len(inside), scan.steps, scan.reverse
    yield loop
    yield from inside


def _carry(body: GraphSteps, name: str, source: str) -> NativeStep:
    """The step that puts a result where a source lies that has its place already."""
    step = body.reads(NativeStep(kind=StepKind.COPY), name)
    added = body.added(source)
    step.to, step.to_size = body.shared.arena.at(source), step.from_size
    step.to_bytes, step.added, step.numbers[0] = added is not None, added or 0, step.from_size
    return step


SCAN = NativeForm(StepKind.LOOP, stages=lambda _: [], fits=lambda site: not site.operation.keep, spread=_loop)
