"""`Scan` in ONNX: that of ONNX, which has last results as further states."""

from collections.abc import Sequence

import numpy as np

from netloom.errors import LayerNotSupportedError
from netloom.hls.dataflow import Bounds, exact_dtype
from netloom.sim.onnx.site import OnnxSite
from netloom.sim.onnx.writer import BATCH, GraphWriter, OnnxValue, info

_COUNTED = "counted"


def write_scan(writer: GraphWriter, site: OnnxSite) -> list[OnnxValue]:
    """Carries and last results are states; what is kept of every step is a result along the axis of steps.

    Raises:
        LayerNotSupportedError: if it keeps its state from sample to sample.
    """
    scan, body = site.operation, site.operation.body
    if scan.keep:
        raise LayerNotSupportedError(
            f"{scan.carries[0][0]!r} is kept from sample to sample (stateful), and a graph of ONNX keeps nothing: make"
            " the layer's states inputs and outputs of the model (initial_state, return_state)"
        )
    (bounds,), inner = scan.within(site.bounds), GraphWriter(writer)
    inputs = [*(source for source, _ in scan.carries), *scan.fed]
    values = {name: OnnxValue(f"{writer.label}/{name}", _dtype(bounds[name])) for name in inputs}
    taken = [writer.cast(value, values[name].dtype) for name, value in zip(scan.fed, site.values, strict=False)]
    lasts = [name for name, every in zip(body.outputs, scan.every, strict=True) if not every]
    held = [OnnxValue(f"{writer.label}/{name}/last{index}", _dtype(bounds[name])) for index, name in enumerate(lasts)]
    kept = [name for name, every in zip(body.outputs, scan.every, strict=True) if every]
    if not taken:  # the number of steps is that of what is fed: ONNX counts along it
        values[_COUNTED] = OnnxValue(f"{writer.label}/{_COUNTED}", np.float32)
        inputs.append(_COUNTED)
        taken.append(_of_every_sample(writer, site.values[0], np.zeros((scan.steps, 1)), np.float32))
    shapes = [body.types[name].shape if name in body.types else (1,) for name in inputs]
    sources = [
        *(info(values[name], (BATCH, *shape)) for name, shape in zip(inputs, shapes, strict=True)),
    ]
    sources[len(scan.carries) : len(scan.carries)] = [
        info(one, (BATCH, *body.types[name].shape)) for one, name in zip(held, lasts, strict=True)
    ]
    site.write_body(inner, body, bounds, values)
    results = [
        *((result, _dtype(bounds[source])) for source, result in scan.carries),
        *((name, _dtype(bounds[name])) for name in (*lasts, *kept)),
    ]
    ends = [inner.add("Identity", inner.cast(values[name], dtype)) for name, dtype in results]
    shapes = [body.types[name].shape for name, _ in results]
    graph = inner.graph(sources, [info(one, (BATCH, *shape)) for one, shape in zip(ends, shapes, strict=True)])
    begun = iter(site.values[len(scan.fed) :])
    states = [
        writer.cast(next(begun), values[source].dtype)
        if raws is None
        else _of_every_sample(writer, site.values[0], raws, values[source].dtype)
        for (source, _), raws in zip(scan.carries, scan.initial, strict=True)
    ]
    states += [
        _of_every_sample(writer, site.values[0], np.zeros(body.types[name].shape), one.dtype)
        for one, name in zip(held, lasts, strict=True)
    ]
    found = writer.add_loop(
        [*states, *taken],
        [dtype for _, dtype in results],
        graph,
        num_scan_inputs=len(taken),
        scan_input_axes=[1] * len(taken),
        scan_input_directions=[int(scan.reverse)] * len(taken),
        **({"scan_output_axes": [1] * len(kept)} if kept else {}),
    )[len(scan.carries) :]
    last, every = iter(found[: len(lasts)]), iter(found[len(lasts) :])
    return [next(every if of_all else last) for of_all in scan.every]


def _dtype(bounds: Bounds) -> type:
    return exact_dtype(bounds.magnitude)


def _of_every_sample(writer: GraphWriter, like: OnnxValue, raws: np.ndarray, dtype: type) -> OnnxValue:
    """The same raws for as many samples as `like` has."""
    samples = writer.add("Shape", like, dtype=np.int64, end=1)
    shape: Sequence[OnnxValue] = [samples, writer.constant(raws.shape, np.int64)]
    return writer.add("Expand", writer.constant(raws[None], dtype), writer.add("Concat", *shape, axis=0))
