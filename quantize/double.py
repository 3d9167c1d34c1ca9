"""Double precision: what Keras and QKeras layers mean, where every sum of a network that converts is exact."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def double_precision() -> Iterator[None]:
    """Let QKeras's quantizers work in float64: they read Keras's global float type whenever they are called.

    Layers made meanwhile compute in it too, also those that QKeras makes inside of others and says no type of.
    """
    import keras

    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])


def in_float64(node: Any) -> Any:
    """A configuration of layers with every type policy replaced."""
    if isinstance(node, dict):
        if node.get("class_name") == "DTypePolicy":
            return {**node, "config": {"name": "float64"}}
        return {
            key: "float64" if key == "dtype" and isinstance(value, str) else in_float64(value)
            for key, value in node.items()
        }
    return type(node)(map(in_float64, node)) if type(node) in (list, tuple) else node
