"""netloom's own layers inside hls4ml: those it lacks, or computes wrong. Importing this registers them.

A layer is one file here and one C++ header in `cpp/`: its class says what hls4ml writes, and what that means. The
project that comes out is plain hls4ml, for the vendor's tool as well.
"""

# First: hls4ml's plug-ins, netloom's backend among them, import modules of this package while it is not whole.
import hls4ml.backends  # noqa: F401

from netloom.hls.layers import argmax, convolution, lines, mask, matmul, norm, pooling, rearrange, recurrent, table

__all__ = ["argmax", "convolution", "lines", "mask", "matmul", "norm", "pooling", "rearrange", "recurrent", "table"]
