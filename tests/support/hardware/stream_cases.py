"""Streams and random numbers for the tests of units, and what their types say of sums."""

from collections.abc import Mapping, Sequence

import numpy as np

from netloom.firmware.emit.library import modules
from netloom.firmware.map.mapping import order_matters
from netloom.firmware.stream import Stream
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Bounds, DepthwiseMatVec, MatVec, Pool, Reduce, TensorType
from netloom.sim.hardware.verilator import StreamPort, build


def stream(element: str, lanes: int, beats: int) -> Stream:
    """A stream called `source`."""
    return Stream("source", FixedPoint.parse(element), lanes, beats)


def raws(source: Stream, samples: int, seed: int = 0) -> np.ndarray:
    """Random raws: int64 (samples, elements)."""
    rng = np.random.default_rng(seed)
    element = source.element
    return rng.integers(element.raw_min, element.raw_max + 1, (samples, source.beats * source.lanes))


def may_saturate(
    operation: MatVec | DepthwiseMatVec | Pool | Reduce, shape: tuple[int, ...], element: FixedPoint
) -> bool:
    """`order_matters` where nothing but the shape and type of the terms is known."""
    tensor = TensorType(shape, element)
    return order_matters(operation, [tensor], [Bounds.of(tensor)])


def elaborate(module: str, parameters: Mapping[str, int | str], inputs: Sequence[str] = ("in",)) -> None:
    """Give a module to Verilator with ports of one bit, and without those in it, which would complain as well."""
    build(
        {f"{module}.sv": modules()[module]},
        module,
        [StreamPort(f"{port}_", 1) for port in inputs],
        [StreamPort("out_", 1)],
        parameters=parameters,
    )
