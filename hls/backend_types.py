"""Types that hls4ml's C++ templates choose by themselves, where its graph carries none."""

from collections.abc import Callable
from typing import Any

from netloom.fixed_point import FixedPoint
from netloom.hls.lower import FromGraph, fixed_point

_DEFAULT_TYPE = "model_default_t"
"""hls4ml's name of a type that nobody has set."""


class FromTemplates(FromGraph):
    """The types of hls4ml's finished graph; for softmax also those that `SoftmaxConfigTemplate` makes up."""

    def choose(self, node: Any, role: str, narrowest: Callable[[], FixedPoint]) -> FixedPoint:
        """The graph's type, or the template's."""
        if node.class_name == "Softmax":
            if role == "inp_norm" and node.get_attr("inp_norm_t") is None:
                return _distance_type(node)
            if role == "inv_inp" and node.get_attr("inv_inp_t").name == _DEFAULT_TYPE:
                role = "exp_table"
        return super().choose(node, role, narrowest)

    def table_size(self, node: Any, role: str, default: int) -> int:
        """The graph's size; the table of exponentials has no more entries than its index has values."""
        size = super().table_size(node, role, default)
        if role != "exp_table_size" or node.get_attr("inp_norm_t") is not None:
            return size
        if str(node.get_attr("implementation", "stable")).lower() != "stable" or not _input_type(node).signed:
            return size
        return min(super().table_size(node, "inv_table_size", default), 2 ** _distance_type(node).width)


def _input_type(node: Any) -> FixedPoint:
    return fixed_point(node.get_input_variable().type.precision)


def _distance_type(node: Any) -> FixedPoint:
    """The input's type without its sign bit: of the distance from the maximum, which wraps if it is larger."""
    element = _input_type(node)
    return FixedPoint(element.width - element.signed, element.integer - element.signed, signed=False)
