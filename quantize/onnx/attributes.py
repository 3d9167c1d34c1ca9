"""Attributes of a node of ONNX."""

from collections.abc import Sequence
from typing import Any


def attributes(node: Any) -> dict[str, Any]:
    """A node's attributes as Python values."""
    from onnx import helper

    return {one.name: helper.get_attribute_value(one) for one in node.attribute}


def whole(values: Sequence[int] | None, rank: int, value: int) -> tuple[int, ...]:
    """An attribute of one number an axis, or its default for each."""
    return tuple(values) if values is not None else (value,) * rank
