"""hls4ml handlers of pooling: hls4ml's own layers where they compute what Keras does, else netloom's."""

from collections.abc import Sequence
from typing import Any

from netloom.hls.frontends.keras.handlers.handler import NetloomHandler
from netloom.hls.layers.argmax import argmax_of
from netloom.hls.layers.pooling import pooling

_MODULE = "keras.src.layers.pooling"


def _described(layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[dict[str, Any], ...]:
    """One `NetloomPooling`."""
    in_shape, out_shape = tuple(in_tensors[0].shape[1:]), tuple(out_tensors[0].shape[1:])
    size = tuple(getattr(layer, "pool_size", in_shape[:-1]))
    config = pooling(
        layer.name,
        in_shape,
        out_shape,
        average="Average" in type(layer).__name__,
        size=size,
        strides=tuple(getattr(layer, "strides", size)),
        padding=getattr(layer, "padding", "valid"),
    )
    return (
        {
            **config,
            "input_keras_tensor_names": [in_tensors[0].name],
            "output_keras_tensor_names": [out_tensors[0].name],
            "input_shape": [list(in_shape)],
        },
    )


class PoolingHandler(NetloomHandler):
    """`MaxPooling1D`, `MaxPooling2D`, `AveragePooling1D`, `AveragePooling2D`."""

    handles = tuple(
        f"{_MODULE}.{kind}_pooling{rank}d.{kind.title()}Pooling{rank}D"
        for kind in ("max", "average")
        for rank in (1, 2)
    )
    own_only = True

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> Any:
        """hls4ml's layer where windows tile the input; it pads wrong, and streams no others."""
        size, strides = tuple(layer.pool_size), tuple(layer.strides)
        spatial = in_tensors[0].shape[1:-1]
        padded = layer.padding == "same" and any(n % step for n, step in zip(spatial, strides, strict=True))
        if size == strides and not padded:
            return self.before(layer)(layer, in_tensors, out_tensors)
        return _described(layer, in_tensors, out_tensors)


class Pooling3DHandler(NetloomHandler):
    """Pooling over three axes, windowed and global."""

    handles = tuple(
        f"{_MODULE}.{scope}{kind}_pooling3d.{scope.strip('_').title()}{kind.title()}Pooling3D"
        for scope in ("", "global_")
        for kind in ("max", "average")
    )

    def lacks(self, layer: Any, in_tensors: Sequence[Any]) -> bool:
        """hls4ml has none of them."""
        del layer, in_tensors
        return True

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[dict[str, Any], ...]:
        """One `NetloomPooling`."""
        return _described(layer, in_tensors, out_tensors)


class ArgMaxHandler(NetloomHandler):
    """netloom's `ArgMax`."""

    handles = ("netloom.quantize.layers.argmax.ArgMax",)

    def lacks(self, layer: Any, in_tensors: Sequence[Any]) -> bool:
        """hls4ml has none."""
        del layer, in_tensors
        return True

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[dict[str, Any], ...]:
        """One `NetloomArgMax`."""
        del out_tensors
        return ({**self.default_config, **argmax_of(layer.name, tuple(in_tensors[0].shape[1:]))},)
