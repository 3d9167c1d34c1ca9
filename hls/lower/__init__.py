"""Lowering: hls4ml's optimized graph to the dataflow graph of exact operations."""

from netloom.hls.lower.lowering import LOWERINGS, lower
from netloom.hls.lower.types import RESULT, FromGraph, Planned, TypeSource, fixed_point

__all__ = ["LOWERINGS", "RESULT", "FromGraph", "Planned", "TypeSource", "fixed_point", "lower"]
