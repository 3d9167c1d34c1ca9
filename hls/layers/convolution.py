"""`NetloomConvolution`: the convolutions that hls4ml lacks or computes wrong."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np
from hls4ml.model.attributes import Attribute, TypeAttribute, WeightAttribute

from netloom.hls.layers.own_layer import OwnLayer
from netloom.hls.lower.context import LoweringContext
from netloom.hls.lower.kernels import Kernel, convolve, convolve_transposed
from netloom.hls.lower.types import stored

AXES = ("depth", "height", "width")


class NetloomConvolution(OwnLayer):
    """A kernel that slides over one to three axes, with dilation, groups, and zeros around and between the elements.

    Position o of an axis meets, with element k of the kernel, place o * stride + k * dilation - before of the input
    that has `upsampling` - 1 zeros between neighbours. Products are cast to the accumulator one by one and added to
    the bias in the kernel's order, channels last.
    """

    _expected_attributes: ClassVar = [
        WeightAttribute("weight"),
        WeightAttribute("bias"),
        TypeAttribute("weight"),
        TypeAttribute("bias"),
        TypeAttribute("accum"),
        *(
            Attribute(name, value_type=list)
            for name in ("kernel_size", "strides", "dilation", "upsampling", "before", "positions")
        ),
        Attribute("groups"),
    ]
    header = "netloom_convolution.h"
    function = "convolution"
    type_roles = ("accum",)
    weight_names = ("weight", "bias")

    def initialize(self) -> None:
        """One filter a column of the weights."""
        super().initialize()
        filters = self.get_attr("weight_data").shape[-1]
        self.add_output_variable([*self.get_attr("positions"), filters])
        self.add_weights(quantizer=self.get_attr("weight_quantizer"))
        self.add_bias(quantizer=self.get_attr("bias_quantizer"))

    def constants(self) -> dict[str, int | bool]:
        """Sizes and steps of every axis, 1 for those that are not there."""
        (*spatial, channels), filters = self.input_shapes()[0], self.get_attr("weight_data").shape[-1]
        by_axis = {
            "in": (spatial, 1),
            "out": (self.get_attr("positions"), 1),
            "filt": (self.get_attr("kernel_size"), 1),
            "stride": (self.get_attr("strides"), 1),
            "dilation": (self.get_attr("dilation"), 1),
            "upsampling": (self.get_attr("upsampling"), 1),
            "before": (self.get_attr("before"), 0),
        }
        return {
            **axis_constants(by_axis),
            "n_chan": channels,
            "n_filt": filters,
            "groups": self.get_attr("groups"),
        }

    def lower(self, context: LoweringContext) -> None:
        """Windows and products."""
        kernel = Kernel(
            *(tuple(self.get_attr(name)) for name in ("kernel_size", "strides", "dilation", "before", "positions"))
        )
        raw, type_ = stored(self.weights["weight"])
        weights = raw.reshape(prod(kernel.size), -1, raw.shape[-1]), type_
        bias, apart = stored(self.weights["bias"]), self.get_attr("upsampling")
        if max(apart) > 1:
            product = convolve_transposed(context, context.inputs[0], kernel, apart, weights, bias)
        else:
            product = convolve(context, context.inputs[0], kernel, weights, bias, self.get_attr("groups"))
        context.finish(product)


def axis_constants(by_axis: Mapping[str, tuple[Sequence[int], int]]) -> dict[str, int | bool]:
    """C++ constants `<name>_depth`, `<name>_height`, `<name>_width` from values of the last axes and a default."""
    return {
        f"{name}_{axis}": int(value)
        for name, (values, missing) in by_axis.items()
        for axis, value in zip(AXES, [*[missing] * (3 - len(values)), *values], strict=True)
    }


def convolution(
    name: str,
    kernel: tuple[np.ndarray, Any],
    in_shape: Sequence[int],
    out_shape: Sequence[int],
    *,
    padding: str,
    strides: Sequence[int],
    dilation: Sequence[int],
    groups: int = 1,
) -> dict[str, Any]:
    """hls4ml's description of a `NetloomConvolution`, for handlers; without tensors' names and bias.

    Args:
        name: of the layer.
        kernel: (*size, channels / groups, filters), and its quantizer.
        in_shape: of the input, without the batch.
        out_shape: of the result.
        padding: Keras's 'valid' or 'same'.
        strides: of every axis.
        dilation: of every axis.
        groups: of channels.
    """
    size = kernel[0].shape[:-2]
    before = [
        zeros_before(padding, *axis)
        for axis in zip(in_shape[:-1], out_shape[:-1], size, strides, dilation, strict=True)
    ]
    return {
        "name": name,
        "class_name": NetloomConvolution.__name__,
        "weight_data": kernel[0],
        "weight_quantizer": kernel[1],
        "kernel_size": list(size),
        "strides": list(strides),
        "dilation": list(dilation),
        "upsampling": [1] * len(size),
        "before": before,
        "positions": list(out_shape[:-1]),
        "groups": groups,
    }


def zeros_before(padding: str, length: int, positions: int, size: int, stride: int, dilation: int) -> int:
    """Zeros in front of an axis."""
    span = (size - 1) * dilation + 1
    return max((positions - 1) * stride + span - length, 0) // 2 if padding == "same" else 0


def transposed_convolution(
    name: str,
    kernel: tuple[np.ndarray, Any],
    in_shape: Sequence[int],
    out_shape: Sequence[int],
    *,
    padding: str,
    strides: Sequence[int],
    dilation: Sequence[int],
) -> dict[str, Any]:
    """hls4ml's description of a transposed convolution: the kernel turned round, over an input with zeros in it.

    Args:
        name: of the layer.
        kernel: (*size, filters, channels), as Keras has it, and its quantizer.
        in_shape: of the input, without the batch.
        out_shape: of the result.
        padding: Keras's 'valid' or 'same'.
        strides: of every axis, from one element of the input to the next in the result.
        dilation: of every axis.
    """
    data, quantizer = kernel
    size = data.shape[:-2]
    turned = np.flip(data, axis=tuple(range(len(size)))).swapaxes(-1, -2)
    before = []
    for length, positions, elements, stride, rate in zip(
        in_shape[:-1], out_shape[:-1], size, strides, dilation, strict=True
    ):
        # What TensorFlow cuts off in front: the padding of the convolution whose gradient this is.
        span = (elements - 1) * rate + 1
        cut = max((length - 1) * stride + span - positions, 0) // 2 if padding == "same" else 0
        before.append(span - 1 - cut)
    return {
        "name": name,
        "class_name": NetloomConvolution.__name__,
        "weight_data": np.ascontiguousarray(turned),
        "weight_quantizer": quantizer,
        "kernel_size": list(size),
        "strides": [1] * len(size),
        "dilation": list(dilation),
        "upsampling": list(strides),
        "before": before,
        "positions": list(out_shape[:-1]),
        "groups": 1,
    }
