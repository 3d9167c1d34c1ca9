"""hls4ml handlers of QKeras layers with a kernel: dense, convolution, depthwise and separable convolution.

hls4ml 1.3 has them in their Keras-2 form only; these are for Keras 3. Kernels and biases
are handed over as QKeras computes with them, with the type that holds them exactly.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from hls4ml.converters.keras_v3.conv import gen_conv_config

from netloom.hls.frontends.keras.handlers.activation import activation_layer
from netloom.hls.frontends.keras.handlers.chain import chained
from netloom.hls.frontends.keras.handlers.handler import NetloomHandler
from netloom.hls.frontends.keras.handlers.quantizer import GridQuantizer, is_plain, quantized_values
from netloom.hls.layers.convolution import convolution, transposed_convolution


def _folds(layer: Any) -> bool:
    """Whether a layer folds a batch normalization of its own into its weights (`QConv2DBatchnorm` and the like)."""
    return hasattr(layer, "get_folded_weights")


def _kernel(layer: Any, name: str, prefix: str = "kernel") -> tuple[np.ndarray, GridQuantizer]:
    quantizer = getattr(layer, f"{prefix}_quantizer_internal", None)
    stored = layer.get_folded_weights()[0] if _folds(layer) else getattr(layer, name)
    values, grid = quantized_values(layer, stored, quantizer, name)
    # QConv2DBatchnorm takes a mask, and computes without it.
    mask = None if _folds(layer) else getattr(layer, "_mask", None)
    return values if mask is None else values * np.asarray(mask, dtype=np.float64), GridQuantizer(grid)


def _bias(layer: Any) -> dict[str, Any]:
    if not (layer.use_bias or _folds(layer)):
        return {"bias_data": None, "bias_quantizer": None}
    stored = layer.get_folded_weights()[1] if _folds(layer) else layer.bias
    values, grid = quantized_values(layer, stored, getattr(layer, "bias_quantizer_internal", None), "bias")
    return {"bias_data": values, "bias_quantizer": GridQuantizer(grid)}


class _LinearHandler(NetloomHandler):
    """Finish what the subclasses describe: tensor names, and QKeras's `activation=` as a layer of its own."""

    @abstractmethod
    def layers(self, layer: Any, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> list[dict[str, Any]]:
        """The hls4ml layers, in order, without their tensor names."""

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[dict[str, Any], ...]:
        """Chain the layers between the Keras layer's tensors."""
        in_shape, out_shape = tuple(in_tensors[0].shape[1:]), tuple(out_tensors[0].shape[1:])
        chain = self.layers(layer, in_shape, out_shape)
        activation = activation_layer(layer, getattr(layer, "activation", None), out_shape)
        if activation is not None:
            chain.append(activation)
        shaped = [config | {"input_shape": [list(in_shape)]} for config in chain]
        return chained(shaped, layer, in_tensors[0], out_tensors[0])


class QDenseHandler(_LinearHandler):
    """`QDense` and `QDenseBatchnorm`."""

    handles = ("qkeras.qlayers.QDense", "qkeras.qdense_batchnorm.QDenseBatchnorm")

    def layers(self, layer: Any, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> list[dict[str, Any]]:
        """One `Dense`."""
        del in_shape, out_shape
        kernel, quantizer = _kernel(layer, "kernel")
        return [
            {
                "name": layer.name,
                "class_name": "Dense",
                "data_format": "channels_last",
                "weight_data": kernel,
                "weight_quantizer": quantizer,
                "n_in": kernel.shape[0],
                "n_out": kernel.shape[1],
                "use_bias": layer.use_bias or _folds(layer),
                **_bias(layer),
            }
        ]


def _conv_config(layer: Any, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> dict[str, Any]:
    return {
        "data_format": "channels_last",
        "use_bias": layer.use_bias or _folds(layer),
        **gen_conv_config(
            in_shape=in_shape,
            out_shape=out_shape,
            ker_px_shape=layer.kernel_size,
            strides=layer.strides,
            padding=layer.padding,
            data_format="channels_last",
            name=layer.name,
        ),
    }


def _is_plain(layer: Any, groups: int = 1, depthwise: bool = False) -> bool:
    """Whether hls4ml computes a convolution as Keras does, with io_parallel and with io_stream."""
    size, strides = tuple(layer.kernel_size), tuple(layer.strides)
    # With io_stream hls4ml knows no row stride where the kernel has one row, but in pointwise convolutions.
    rows_skipped = len(size) == 2 and size[0] == 1 and strides[0] > 1 and (depthwise or size != (1, 1))
    dilated = max(_by_axis(layer)) > 1
    return not dilated and groups == 1 and not rows_skipped and len(size) < 3


def _by_axis(layer: Any) -> tuple[int, ...]:
    rate = layer.dilation_rate
    return tuple(rate) if isinstance(rate, list | tuple) else (rate,) * len(layer.kernel_size)


def _options(layer: Any) -> dict[str, Any]:
    return {"padding": layer.padding, "strides": tuple(layer.strides), "dilation": _by_axis(layer)}


class QConvHandler(_LinearHandler):
    """`QConv1D`, `QConv2D` and `QConv2DBatchnorm`: one of hls4ml's, or netloom's own."""

    handles = (
        "qkeras.qconvolutional.QConv1D",
        "qkeras.qconvolutional.QConv2D",
        "qkeras.qconv2d_batchnorm.QConv2DBatchnorm",
        "netloom.quantize.layers.convolution.QConv3D",
    )

    def layers(self, layer: Any, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> list[dict[str, Any]]:
        """One `Conv1D`, `Conv2D` or `NetloomConvolution`."""
        kernel, quantizer = _kernel(layer, "kernel")
        groups = getattr(layer, "groups", 1)
        if not _is_plain(layer, groups):
            shapes = in_shape, out_shape
            own = convolution(layer.name, (kernel, quantizer), *shapes, groups=groups, **_options(layer))
            return [own | _bias(layer)]
        return [
            {
                "name": layer.name,
                "class_name": f"Conv{len(layer.kernel_size)}D",
                "weight_data": kernel,
                "weight_quantizer": quantizer,
                **_conv_config(layer, in_shape, out_shape),
                **_bias(layer),
            }
        ]


class QDepthwiseConvHandler(_LinearHandler):
    """`QDepthwiseConv2D` and `QDepthwiseConv2DBatchnorm`."""

    handles = (
        "qkeras.qconvolutional.QDepthwiseConv2D",
        "qkeras.qdepthwiseconv2d_batchnorm.QDepthwiseConv2DBatchnorm",
        "netloom.quantize.layers.convolution.QDepthwiseConv1D",
    )

    def layers(self, layer: Any, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> list[dict[str, Any]]:
        """One `DepthwiseConv2D` or `NetloomConvolution`."""
        kernel, quantizer = _kernel(layer, "depthwise_kernel", "depthwise")
        return [_depthwise(layer, layer.name, kernel, quantizer, in_shape, out_shape) | _bias(layer)]


def _depthwise(
    layer: Any,
    name: str,
    kernel: np.ndarray,
    quantizer: GridQuantizer,
    in_shape: tuple[int, ...],
    out_shape: tuple[int, ...],
) -> dict[str, Any]:
    *size, channels, multiplier = kernel.shape
    if multiplier > 1 or not _is_plain(layer, depthwise=True):
        filters = kernel.reshape(*size, 1, channels * multiplier)
        own = convolution(name, (filters, quantizer), in_shape, out_shape, groups=channels, **_options(layer))
        return own | {"bias_data": None, "bias_quantizer": None}
    return {
        **_conv_config(layer, in_shape, (*out_shape[:-1], in_shape[-1])),
        "name": name,
        "class_name": f"DepthwiseConv{len(layer.kernel_size)}D",
        "depthwise_data": kernel,
        "depthwise_quantizer": quantizer,
        "depth_multiplier": 1,
        "bias_data": None,
        "bias_quantizer": None,
    }


class QSeparableConvHandler(_LinearHandler):
    """`QSeparableConv1D` and `QSeparableConv2D`."""

    handles = ("qkeras.qconvolutional.QSeparableConv1D", "qkeras.qconvolutional.QSeparableConv2D")

    def _answers(self, backend: str, layer: Any, in_tensors: Sequence[Any]) -> bool:
        """At the front door hls4ml's own where it takes the layer: its configuration has one name for both halves."""
        if not super()._answers(backend, layer, in_tensors):
            return False
        quantizers = (layer.depthwise_quantizer_internal, layer.pointwise_quantizer_internal)
        plain = all(type(quantizer).__name__ == "quantized_bits" and is_plain(quantizer) for quantizer in quantizers)
        linear = getattr(layer.activation, "__name__", "linear" if layer.activation is None else "") == "linear"
        return not (plain and linear and layer.depth_multiplier == 1)

    def layers(self, layer: Any, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> list[dict[str, Any]]:
        """A depthwise convolution and a pointwise one, as hls4ml would split it."""
        rank = len(layer.kernel_size)
        depthwise, depthwise_quantizer = _kernel(layer, "depthwise_kernel", "depthwise")
        pointwise, pointwise_quantizer = _kernel(layer, "pointwise_kernel", "pointwise")
        middle = (*out_shape[:-1], in_shape[-1] * layer.depth_multiplier)
        return [
            _depthwise(layer, f"{layer.name}_depthwise", depthwise, depthwise_quantizer, in_shape, middle)
            | {"use_bias": False},
            {
                "name": f"{layer.name}_pointwise",
                "class_name": f"Conv{rank}D",
                "data_format": "channels_last",
                "weight_data": pointwise,
                "weight_quantizer": pointwise_quantizer,
                "use_bias": layer.use_bias or _folds(layer),
                **gen_conv_config(
                    in_shape=middle,
                    out_shape=out_shape,
                    ker_px_shape=(1,) * rank,
                    strides=(1,) * rank,
                    padding="valid",
                    data_format="channels_last",
                    name=layer.name,
                ),
                **_bias(layer),
            },
        ]


class QConvTransposeHandler(_LinearHandler):
    """Transposed convolutions, of QKeras and of netloom."""

    handles = (
        "qkeras.qconvolutional.QConv2DTranspose",
        "netloom.quantize.layers.convolution.QConv1DTranspose",
        "netloom.quantize.layers.convolution.QPaddedConv2DTranspose",
        "netloom.quantize.layers.convolution.QConv3DTranspose",
    )

    def lacks(self, layer: Any, in_tensors: Sequence[Any]) -> bool:
        """hls4ml has none of them."""
        del layer, in_tensors
        return True

    def layers(self, layer: Any, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> list[dict[str, Any]]:
        """One `NetloomConvolution`."""
        kernel = _kernel(layer, "kernel")
        return [transposed_convolution(layer.name, kernel, in_shape, out_shape, **_options(layer)) | _bias(layer)]
