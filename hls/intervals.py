"""How often a layer can take a new input: a lower bound, from hls4ml's own pipelining directives.

Nothing is synthesized. hls4ml writes `PIPELINE II=reuse_factor` over loops of known length; the vendor's tool may miss
an interval, never undercut it.
"""

from math import prod
from typing import Any

_OWN = ("NetloomConvolution", "NetloomPooling")
"""Loops over positions, one a clock; from streams they read everything first, and write it all afterwards."""

_PRODUCTS = ("Dense", "Conv1D", "Conv2D", "PointwiseConv1D", "PointwiseConv2D", "DepthwiseConv1D", "DepthwiseConv2D")


def layer_interval(node: Any, input_shape: tuple[int, ...], output_shape: tuple[int, ...], stream: bool) -> int:
    """Clock cycles from one inference to the next that a layer needs at least.

    Args:
        node: hls4ml's layer, all flows applied.
        input_shape: of its (first) input, without the batch axis.
        output_shape: of its result.
        stream: whether the network is io_stream: then every layer also reads pixel after pixel.
    """
    pixels_in, pixels_out = prod(input_shape[:-1]), prod(output_shape[:-1])
    if node.class_name in _OWN:
        return pixels_in + 2 * pixels_out if stream else pixels_out
    if node.class_name in ("NetloomRecurrent", "NetloomMaskedRecurrent"):  # a step waits for the one before
        return 2 * pixels_in + pixels_out if stream else pixels_in
    if node.class_name == "NetloomDecoder":  # likewise
        return prod(output_shape)
    if node.class_name not in _PRODUCTS:
        return max(pixels_in, pixels_out) if stream else 1
    reuse = int(node.get_attr("reuse_factor", 1))
    if node.class_name == "Dense":
        return reuse
    if stream:
        return pixels_in * reuse
    return int(node.get_attr("n_partitions", pixels_out)) * reuse
