"""hls4ml handlers of layers of several inputs: any number of them, of shapes that broadcast, one tensor used twice."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from netloom.hls.frontends.keras.handlers.batch_norm import scaled
from netloom.hls.frontends.keras.handlers.handler import NetloomHandler, for_own_conversion
from netloom.hls.layers.matmul import NetloomMatMul
from netloom.hls.layers.rearrange import rearrange


def _grid(shape: Sequence[int]) -> np.ndarray:
    return np.arange(prod(shape), dtype=np.int64).reshape(shape)


class _ChainHandler(NetloomHandler):
    """A layer of many inputs as a chain of layers of two, which is what hls4ml has."""

    def lacks(self, layer: Any, in_tensors: Sequence[Any]) -> bool:
        """More or fewer inputs than two, or one tensor twice: hls4ml cannot."""
        del layer
        return len(in_tensors) != 2 or in_tensors[0] is in_tensors[1]

    def finish(self, layer: Any, configs: list[dict[str, Any]], out_tensor: Any) -> tuple[dict[str, Any], ...]:
        """The last of the layers gets the Keras layer's name and gives its tensor; the others are parts of it."""
        for config in configs:
            config["origin"] = f"{layer.name} (part)"
        configs[-1] |= {"name": layer.name, "output_keras_tensor_names": [out_tensor.name], "origin": layer.name}
        return tuple(configs)


class MergeHandler(_ChainHandler):
    """`Add`, `Subtract`, `Multiply`, `Maximum`, `Minimum`, `Average`."""

    handles = tuple(
        f"keras.src.layers.merging.{name.lower()}.{name}"
        for name in ("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average")
    )

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> Any:
        """Inputs brought to the result's shape, merged two by two; an average is scaled at the end."""
        kind, out = type(layer).__name__, out_tensors[0]
        plain = kind != "Average" and len({tuple(tensor.shape) for tensor in in_tensors}) == 1
        if not self.lacks(layer, in_tensors) and (plain or not for_own_conversion()):
            return self.before(layer)(layer, in_tensors, out_tensors)
        shape = tuple(out.shape[1:])
        configs, names = [], []
        for index, tensor in enumerate(in_tensors):
            name, own = tensor.name, tuple(tensor.shape[1:])
            if own != shape or name in names:
                name = f"{out.name}_in{index}"
                indices = np.ascontiguousarray(np.broadcast_to(_grid(own), shape))
                configs.append(rearrange(f"{layer.name}_in{index}", indices, [tensor.name], name, [own]))
            names.append(name)
        op = "add" if kind == "Average" else kind.lower()
        last = names[0]
        for index, name in enumerate(names[1:]):
            configs.append(_merge(f"{layer.name}_part{index}", op, (last, name), f"{out.name}_part{index}", shape))
            last = f"{out.name}_part{index}"
        if kind == "Average":
            configs.append(scaled(1 / len(names), 0.0, [last], shape))
        return self.finish(layer, configs, out)


def _merge(name: str, op: str, inputs: Sequence[str], output: str, shape: Sequence[int]) -> dict[str, Any]:
    return {
        "name": name,
        "class_name": "Merge",
        "op": op,
        "output_shape": list(shape),
        "input_shape": [list(shape)] * 2,
        "input_keras_tensor_names": list(inputs),
        "output_keras_tensor_names": [output],
    }


class ConcatenateHandler(_ChainHandler):
    """`Concatenate` on any axis."""

    handles = ("keras.src.layers.merging.concatenate.Concatenate",)

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> Any:
        """hls4ml's for two inputs on the last axis; else a chain of `NetloomRearrange`s, which stream as well."""
        out = out_tensors[0]
        axis = layer.axis % len(out.shape) - 1
        if not self.lacks(layer, in_tensors) and axis == len(out.shape) - 2:
            return self.before(layer)(layer, in_tensors, out_tensors)
        configs = []
        last, last_shape = in_tensors[0].name, tuple(in_tensors[0].shape[1:])
        for index, tensor in enumerate(in_tensors[1:]):
            shape = tuple(tensor.shape[1:])
            name, source = f"{out.name}_part{index}", tensor.name
            if source == last:
                source = f"{out.name}_in{index}"
                configs.append(rearrange(f"{layer.name}_in{index}", _grid(shape), [tensor.name], source, [shape]))
            joined = np.concatenate([_grid(last_shape), _grid(shape) + prod(last_shape)], axis=axis)
            configs.append(rearrange(f"{layer.name}_part{index}", joined, [last, source], name, [last_shape, shape]))
            last, last_shape = name, joined.shape
        return self.finish(layer, configs, out)


class MatrixProductHandler(_ChainHandler):
    """netloom's `MatrixProduct`."""

    handles = ("netloom.quantize.layers.product.MatrixProduct",)

    def lacks(self, layer: Any, in_tensors: Sequence[Any]) -> bool:
        """hls4ml has none."""
        del layer, in_tensors
        return True

    def handle(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> Any:
        """A `NetloomMatMul`; a tensor that meets itself is copied first."""
        names = [tensor.name for tensor in in_tensors]
        shapes = [tuple(tensor.shape[1:]) for tensor in in_tensors]
        out, configs = out_tensors[0], []
        if names[0] == names[1]:
            names[1] = f"{out.name}_in1"
            configs.append(rearrange(f"{layer.name}_in1", _grid(shapes[1]), names[:1], names[1], shapes[1:]))
        configs.append(NetloomMatMul.description(layer.name, names, out.name, shapes, transposed=layer.transposed))
        return self.finish(layer, configs, out)
