"""Dataflow to design: folding, layout in units, buffers, cycles."""
