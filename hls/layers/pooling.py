"""`NetloomPooling`: the poolings that hls4ml lacks or computes wrong."""

from collections.abc import Sequence
from typing import Any, ClassVar

from hls4ml.model.attributes import Attribute, TypeAttribute

from netloom.hls.layers.convolution import axis_constants, zeros_before
from netloom.hls.layers.own_layer import OwnLayer
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.kernels import Kernel
from netloom.hls.lower.pooling import pool_inside


class NetloomPooling(OwnLayer):
    """The greatest or the average of what a window over one to three axes has inside the image.

    An average's elements are cast to the accumulator one by one and added; the sum is divided by their number, and the
    remainder dropped.
    """

    _expected_attributes: ClassVar = [
        TypeAttribute("accum"),
        Attribute("average", value_type=bool),
        *(Attribute(name, value_type=list) for name in ("pool_size", "strides", "before", "positions", "out_shape")),
    ]
    header = "netloom_pooling.h"
    function = "pooling"
    type_roles = ("accum",)

    def initialize(self) -> None:
        """A channel gives a channel."""
        super().initialize()
        self.add_output_variable(self.get_attr("out_shape"))

    def constants(self) -> dict[str, int | bool]:
        """Sizes and steps of every axis, 1 for those that are not there."""
        *spatial, channels = self.input_shapes()[0]
        by_axis = {
            "in": (spatial, 1),
            "out": (self.get_attr("positions"), 1),
            "pool": (self.get_attr("pool_size"), 1),
            "stride": (self.get_attr("strides"), 1),
            "before": (self.get_attr("before"), 0),
        }
        return {**axis_constants(by_axis), "n_chan": channels, "average": self.get_attr("average")}

    def lower(self, context: LoweringContext) -> None:
        """One `Pool`, of a tensor that was padded so that it has nothing to leave out."""
        size, strides, before, positions = (
            tuple(self.get_attr(name)) for name in ("pool_size", "strides", "before", "positions")
        )
        kernel = Kernel(size, strides, (1,) * len(size), before, positions)
        pool_inside(context, kernel, self.get_attr("average"), tuple(self.get_attr("out_shape")))


def pooling(
    name: str,
    in_shape: Sequence[int],
    out_shape: Sequence[int],
    *,
    average: bool,
    size: Sequence[int],
    strides: Sequence[int],
    padding: str,
) -> dict[str, Any]:
    """hls4ml's description of a `NetloomPooling`, for handlers; without tensors' names.

    Args:
        name: of the layer.
        in_shape: of the input, without the batch.
        out_shape: of the result; channels alone for a global pooling.
        average: whether it averages, or takes the greatest.
        size: of the window, for every axis.
        strides: of every axis.
        padding: Keras's 'valid' or 'same'.
    """
    positions = list(out_shape[:-1]) or [1] * len(size)
    axes = zip(in_shape[:-1], positions, size, strides, [1] * len(size), strict=True)
    return {
        "name": name,
        "class_name": NetloomPooling.__name__,
        "average": average,
        "pool_size": list(size),
        "strides": list(strides),
        "before": [zeros_before(padding, *axis) for axis in axes],
        "positions": positions,
        "out_shape": list(out_shape),
    }
