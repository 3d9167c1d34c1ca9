"""`Scan` in hardware: the body once, and what it carries on streams that run back."""

from collections.abc import Collection
from dataclasses import replace
from functools import partial

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.firmware.map.builder import DesignBuilder
from netloom.firmware.map.folding.fold import divisors
from netloom.firmware.map.mapping import OperationMapping
from netloom.firmware.map.operations.permute import permuted
from netloom.firmware.stream import Stream
from netloom.firmware.units.streams.scan_last import ScanLast
from netloom.firmware.units.streams.scan_start import ScanStart
from netloom.firmware.units.streams.scan_state import ScanState
from netloom.firmware.units.streams.stream_fifo import StreamFifo
from netloom.firmware.units.unit import Unit
from netloom.hls.dataflow import Dataflow, Node, Permute, Scan


def _lay_out(builder: DesignBuilder, node: Node, scan: Scan) -> None:
    """Inputs step by step into the body, a `ScanState` or `ScanStart` a carry, a `ScanLast` where one step is kept."""
    results = zip(node.results, scan.body.outputs, scan.every, strict=True)
    leaving = [(name, output, every) for name, output, every in results if builder.used(name)]
    read = {name for each in scan.body.nodes for name in each.inputs} | {output for _, output, _ in leaving}
    carries = [(*carry, raws) for carry, raws in zip(scan.carries, scan.initial, strict=True) if carry[0] in read]
    carried = [result for _, result, _ in carries]
    _check_all_is_read(node, scan, read | set(carried))

    begun = dict(zip(scan.begun, node.inputs[len(scan.fed) :], strict=True))
    body = builder.within(scan.body, scan.steps, [output for _, output, _ in leaving], carried)
    for name, source in zip(scan.fed, node.inputs, strict=False):
        body.give(node, _a_step(builder, body, node, name, builder.take(source), scan), name)
    states = {source: _state(body, node, source, result) for source, result, _ in carries}
    body.lay_out(body)

    for name, output, every in leaving:
        stream = body.take(output)
        if every:
            stream = replace(stream, beats=stream.beats * scan.steps)
            stream = _apart(builder, node, stream, scan, scan.steps, scan.interleave)
        else:
            stream = _last(builder, node, stream, scan)
        builder.give(node, stream, name)
    for source, result, raws in carries:
        stream = body.with_lanes(node, body.take(result), states[source].lanes)
        name = states[source].name.removesuffix("_out")
        unit: Unit
        all_states = replace(stream, beats=stream.beats * scan.interleave)
        if raws is None:
            start = builder.with_lanes(node, builder.take(begun[source]), stream.lanes)
            start = replace(start, beats=all_states.beats)
            unit = ScanStart(name, all_states, scan.steps, start, target=builder.target)
        else:
            initial = tuple(int(raw) for raw in raws.ravel()) * scan.interleave
            unit = ScanState(name, all_states, scan.steps, initial, target=builder.target, keep=scan.keep)
        body.place(unit, node.layer, (node.name,), scan.interleave)
    body.tap(_ahead(scan.body, [*scan.fed, *scan.begun]))


def _check_all_is_read(node: Node, scan: Scan, read: Collection[str]) -> None:
    """A stream that nobody takes would stop the loop."""
    for name in (*scan.fed, *scan.begun, *(result for each in scan.body.nodes for result in each.results)):
        if name not in read:
            raise LayerNotSupportedError(
                f"layer {node.layer!r}: nothing reads {name!r} in the body of its loop, and hardware would wait for "
                "it; leave it out"
            )


def _a_step(builder: DesignBuilder, body: DesignBuilder, node: Node, name: str, stream: Stream, scan: Scan) -> Stream:
    """An input of all steps as the body sees it: one step after the other, in lanes that divide a step."""
    tensor = body.dataflow.types[name]
    stream = _apart(builder, node, stream, scan, scan.interleave, scan.steps, backwards=scan.reverse)
    lanes = body.lanes_within(tensor.size, stream.lanes, lambda lanes: tensor.size // lanes)
    return replace(builder.with_lanes(node, stream, lanes), beats=tensor.size // lanes)


def _state(body: DesignBuilder, node: Node, source: str, result: str) -> Stream:
    """The stream of a state, before there is the unit that gives it; in lanes that its reader wants, fast enough."""
    tensor = body.dataflow.types[result]
    least = next(d for d in divisors(tensor.size) if tensor.size // d <= body.interval)
    lanes = max([least, *body.lanes_wanted(source, tensor.size)[:1]])
    stream = Stream(f"{body.unique(f'{node.name}_{source}')}_out", tensor.element, lanes, tensor.size // lanes)
    body.give(node, stream, source)
    return stream


def _apart(
    builder: DesignBuilder, node: Node, stream: Stream, scan: Scan, outer: int, inner: int, *, backwards: bool = False
) -> Stream:
    """A stream of a group's samples and steps, `outer` of the one with `inner` of the other in each, exchanged; and the
    inner axis, then that of the steps, turned round if `backwards`. The stream has the beats of one sample."""
    group, size = scan.interleave, stream.beats * stream.lanes
    order = np.arange(group * size).reshape(outer, inner, -1)
    order = (order[:, ::-1] if backwards else order).swapaxes(0, 1)
    move = Permute(order.ravel())
    if move.reshapes([move.indices.size]):
        return stream
    return permuted(builder, node, stream, move, group)


def _last(builder: DesignBuilder, node: Node, stream: Stream, scan: Scan) -> Stream:
    """The last step's beats, those of all samples of a group in their order.

    They come in one step, as fast as the body works, and are taken at the pace of samples: a FIFO holds those of the
    whole group, so that the loop goes on with the next one.
    """
    all_states = replace(stream, beats=stream.beats * scan.interleave)
    last = builder.add(
        node, f"{node.name}_last", lambda name: ScanLast(name, all_states, scan.steps), samples=scan.interleave
    )
    if scan.interleave > 1:
        fifo = partial(StreamFifo, source=last, depth=all_states.beats, target=builder.target)
        last = builder.add(node, f"{node.name}_group", fifo, samples=scan.interleave)
    return replace(last, beats=stream.beats)


def _ahead(body: Dataflow, fed: list[str]) -> set[str]:
    """What needs no input: it begins the next sequence before there is one, so nobody knows how many beats it gives."""
    found = set(body.sources) - set(fed)
    for node in body.nodes:
        if found.issuperset(node.inputs):
            found.update(node.results)
    return found


SCAN = OperationMapping(_lay_out, repeats=lambda scan: scan.steps)
