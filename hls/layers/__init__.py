"""netloom's own layers inside hls4ml: those it lacks, or computes wrong. Importing this registers them.

A layer is one file here and one C++ header in `cpp/`: its class says what hls4ml writes, and what that means. The
project that comes out is plain hls4ml, for the vendor's tool as well.
"""

# First: hls4ml's plug-ins, netloom's backend among them, import modules of this package while it is not whole.
import hls4ml.backends  # noqa: F401

from netloom.hls.layers.convolution import NetloomConvolution, convolution, transposed_convolution
from netloom.hls.layers.lines import NetloomLines, lines_of
from netloom.hls.layers.norm import NetloomNorm, norm_of
from netloom.hls.layers.pooling import NetloomPooling, pooling
from netloom.hls.layers.rearrange import NetloomRearrange, rearrange
from netloom.hls.layers.table import NetloomTable, table_of

__all__ = [
    "NetloomConvolution",
    "NetloomLines",
    "NetloomNorm",
    "NetloomPooling",
    "NetloomRearrange",
    "NetloomTable",
    "convolution",
    "lines_of",
    "norm_of",
    "pooling",
    "rearrange",
    "table_of",
    "transposed_convolution",
]
