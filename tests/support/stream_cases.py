"""Streams and random numbers for the tests of units that move beats without looking into them."""

import numpy as np

from netloom.firmware.stream import Stream
from netloom.quantize.fixed_point import FixedPoint


def stream(element: str, lanes: int, beats: int) -> Stream:
    """A stream called `source`."""
    return Stream("source", FixedPoint.parse(element), lanes, beats)


def raws(source: Stream, samples: int, seed: int = 0) -> np.ndarray:
    """Random raws: int64 (samples, elements)."""
    rng = np.random.default_rng(seed)
    element = source.element
    return rng.integers(element.raw_min, element.raw_max + 1, (samples, source.beats * source.lanes))
