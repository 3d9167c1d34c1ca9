"""Convolutions: plain, causal, grouped and dilated, depthwise, separable, transposed, over one to three axes."""

from typing import Any

import numpy as np

from netloom.testing.random_networks.kind import (
    Chance,
    Kind,
    Lengths,
    Options,
    bits,
    closing,
    common,
    draw_weights,
    slid,
)


def _draw_steps(chance: Chance, layer: Options, spatial: Lengths, deepest: int) -> Lengths:
    """Kernel, strides, padding and dilation; dilation only without strides, as Keras wants it.

    Args:
        deepest: dilation at most.
    """
    layer["kernel"] = [min(chance.pick(1, 2, 2, 3), size) for size in spatial]
    dilation = chance.pick(1, 1, *range(2, deepest + 1))
    stride = chance.pick(1, 1, 2) if dilation == 1 else 1
    layer |= {"stride": stride, "padding": chance.pick("valid", "same"), "dilation": dilation}
    if any((kernel - 1) * dilation >= size for kernel, size in zip(layer["kernel"], spatial, strict=True)):
        layer["dilation"] = dilation = 1
    return [
        slid(size, kernel, stride, layer["padding"], dilation)
        for size, kernel in zip(spatial, layer["kernel"], strict=True)
    ]


def _steps(layer: Options) -> Options:
    return {"strides": layer["stride"], "padding": layer["padding"], "dilation_rate": layer["dilation"]}


def _draw_conv(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    if len(shape) not in (2, 3, 4):
        return None
    draw_weights(chance, layer)
    spatial = _draw_steps(chance, layer, shape[:-1], 3)
    groups = chance.pick(1, 1, *(n for n in range(2, shape[-1] + 1) if shape[-1] % n == 0))
    layer |= {"groups": groups, "filters": groups * chance.below(1, 4 if groups == 1 else 3), "causal": False}
    layer |= {"folded": False, "mask": False}
    if len(shape) == 2 and layer["stride"] == 1 and chance.often(0.3):
        layer |= {"causal": True, "padding": "valid"}
        spatial = shape[:-1]
    if len(shape) == 3 and groups == 1 and chance.often(0.4):
        layer["folded"] = chance.often(0.6)
        layer["mask"] = not layer["folded"]
    if layer["folded"]:
        layer["activation"] = "linear"
    return [*spatial, layer["filters"]]


def _conv(layer: Options, x: Any) -> Any:
    import keras
    from qkeras import QConv1D, QConv2D, QConv2DBatchnorm

    from netloom.quantize.layers import QConv3D

    kernel = tuple(layer["kernel"])
    if layer["causal"]:
        before = (kernel[0] - 1) * layer["dilation"]
        x = keras.layers.ZeroPadding1D((before, 0), name=f"{layer['name']}_before")(x)
    options = {**_steps(layer), **common(layer), "groups": layer["groups"]}
    cls = (QConv1D, QConv2D, QConv3D)[len(kernel) - 1]
    if layer["folded"]:
        options.pop("groups")
        cls = QConv2DBatchnorm
    if layer["mask"]:
        options["mask"] = np.indices(kernel).sum(axis=0) % 3 < 2
    return cls(layer["filters"], kernel, kernel_quantizer=closing(layer), **options)(x)


def _draw_depthwise(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    if len(shape) not in (2, 3):
        return None
    draw_weights(chance, layer)
    spatial = _draw_steps(chance, layer, shape[:-1], 3)
    layer |= {"multiplier": chance.pick(1, 1, 2, 3), "folded": len(shape) == 3 and chance.often(0.4)}
    if layer["folded"]:
        layer["activation"] = "linear"
    return [*spatial, shape[-1] * layer["multiplier"]]


def _depthwise(layer: Options, x: Any) -> Any:
    from qkeras import QDepthwiseConv2D, QDepthwiseConv2DBatchnorm

    from netloom.quantize.layers import QDepthwiseConv1D

    kernel = tuple(layer["kernel"])
    cls = (QDepthwiseConv1D, QDepthwiseConv2D)[len(kernel) - 1]
    if layer["folded"]:
        cls = QDepthwiseConv2DBatchnorm
    options = {**_steps(layer), **common(layer), "depth_multiplier": layer["multiplier"]}
    return cls(kernel, depthwise_quantizer=closing(layer), **options)(x)


def _draw_separable(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    if len(shape) not in (2, 3):
        return None
    draw_weights(chance, layer)
    spatial = _draw_steps(chance, layer, shape[:-1], 3)
    layer |= {"multiplier": chance.pick(1, 1, 2), "filters": chance.below(1, 4)}
    return [*spatial, layer["filters"]]


def _separable(layer: Options, x: Any) -> Any:
    from qkeras import QSeparableConv1D, QSeparableConv2D

    options = {**_steps(layer), **common(layer), "depth_multiplier": layer["multiplier"]}
    quantizers = {"depthwise_quantizer": closing(layer), "pointwise_quantizer": bits(max(layer["bits"], 2), 0)}
    cls = (QSeparableConv1D, QSeparableConv2D)[len(layer["kernel"]) - 1]
    return cls(layer["filters"], tuple(layer["kernel"]), **quantizers, **options)(x)


def _draw_transposed(chance: Chance, layer: Options, shape: Lengths) -> Lengths | None:
    if len(shape) not in (2, 3, 4):
        return None
    draw_weights(chance, layer)
    layer |= {
        "kernel": [chance.pick(1, 2, 3) for _ in shape[:-1]],
        "stride": chance.pick(1, 2, 2, 3),
        "padding": chance.pick("valid", "same"),
        "output_padding": None,
        "filters": chance.below(1, 4),
    }
    kernel, stride, padded = layer["kernel"], layer["stride"], layer["padding"] == "same"
    if stride > 1 and chance.often(0.3):
        layer["output_padding"] = extra = chance.below(0, stride)
        sizes = [
            (n - 1) * stride + k - (2 * (k // 2) if padded else 0) + extra
            for n, k in zip(shape[:-1], kernel, strict=True)
        ]
        # TensorFlow computes it where a convolution of the result has the input's size.
        if [slid(n, k, stride, layer["padding"]) for n, k in zip(sizes, kernel, strict=True)] != shape[:-1]:
            return None
    else:
        sizes = [
            n * stride if padded else n * stride + max(k - stride, 0) for n, k in zip(shape[:-1], kernel, strict=True)
        ]
    return [*sizes, layer["filters"]]


def _transposed(layer: Options, x: Any) -> Any:
    from qkeras import QConv2DTranspose

    from netloom.quantize.layers import QConv1DTranspose, QConv3DTranspose, QPaddedConv2DTranspose

    kernel = tuple(layer["kernel"])
    options = {"strides": layer["stride"], "padding": layer["padding"], **common(layer)}
    cls = (QConv1DTranspose, QConv2DTranspose, QConv3DTranspose)[len(kernel) - 1]
    if layer["output_padding"] is not None:
        options["output_padding"] = layer["output_padding"]
        cls = QPaddedConv2DTranspose if len(kernel) == 2 else cls
    return cls(layer["filters"], kernel, kernel_quantizer=closing(layer), **options)(x)


KINDS = {
    "conv": Kind(_draw_conv, _conv),
    "depthwise": Kind(_draw_depthwise, _depthwise),
    "separable": Kind(_draw_separable, _separable),
    "transposed": Kind(_draw_transposed, _transposed),
}
