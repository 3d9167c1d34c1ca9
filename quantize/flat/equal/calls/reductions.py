"""Operations over axes: sums, means, the largest, norms, and running sums."""

from collections.abc import Callable
from typing import Any

import numpy as np

from netloom.quantize.flat.equal import pools
from netloom.quantize.flat.equal.calls.call import Call
from netloom.quantize.flat.equal.functions import log_sum_exp
from netloom.quantize.flat.equal.layouts import axes_of
from netloom.quantize.flat.equal.masks import truth

_MOST_FACTORS = 16


def _reduced(call: Call) -> Any:
    """`sum`, `mean`, `max`, `min`."""
    one = call.operation
    if getattr(one, "initial", None) is not None:
        call.refuse("it has an initial value: leave that out")
    return _over(call, call.kind.removeprefix("A").title(), call.tensors[0])


def _over(call: Call, kind: str, tensor: Any) -> Any:
    return pools.reduced(kind, tensor, call.operation.axis, call.operation.keepdims, call.parts)


def _any(call: Call) -> Any:
    return _over(call, "Max", truth(call.tensors[0], call.parts))


def _place_of_largest(call: Call) -> Any:
    return pools.place_of_largest(call.tensors[0], call.operation.axis, call.operation.keepdims, call.parts)


def _variance(call: Call) -> Any:
    return pools.variance(call.tensors[0], call.operation.axis, call.operation.keepdims, call.parts)


def _deviation(call: Call) -> Any:
    return call.parts.function(_variance(call), "sqrt")


def _norm(call: Call) -> Any:
    """The root of the sum of squares, the sum of what is without sign, or the largest of it."""
    (tensor,), order = call.tensors, call.operation.ord
    if order in (None, 2, "fro") and (order is None or np.size(call.operation.axis) == (2 if order == "fro" else 1)):
        return call.parts.function(_over(call, "Sum", call.parts.layer("Multiply", [tensor, tensor])), "sqrt")
    if order not in (1, np.inf) or np.size(call.operation.axis) != 1 or call.operation.axis is None:
        call.refuse(f"of ord={order!r} there is no layer: use 2, 1 or infinity, over one axis")
    size = call.parts.layer("Maximum", [tensor, call.scaled(-1, 0)])
    return _over(call, "Sum" if order == 1 else "Max", size)


def _log_sum_exp(call: Call) -> Any:
    """The largest, and the logarithm of the sum of the exponentials of what all are less than that."""
    (tensor,), one = call.tensors, call.operation
    axes = axes_of(0 if one.axis is None else one.axis, len(tensor.shape))
    if 0 in axes:
        call.refuse("it runs over samples: a network computes each on its own; give it an axis other than 0")
    logarithm = call.parts.gathered(tensor, axes, lambda flat: log_sum_exp(flat, call.parts)[1])
    largest = _over(call, "Max", tensor)
    return call.parts.layer("Add", [largest, call.parts.reshape(logarithm, largest.shape[1:])])


def _running_sum(call: Call) -> Any:
    """A matrix of ones on and below the diagonal, along the axis."""
    (tensor,), axis = call.tensors, call.operation.axis
    if axis is None or axis % len(tensor.shape) == 0:
        call.refuse("it runs over samples: a network computes each on its own; give it an axis other than 0")
    axis %= len(tensor.shape)
    return call.parts.along(tensor, axis, np.tri(tensor.shape[axis]))


def _product(call: Call) -> Any:
    """All elements along an axis, each a tensor, multiplied."""
    (tensor,), one = call.tensors, call.operation
    axis, *others = axes_of(0 if one.axis is None else one.axis, len(tensor.shape))
    if others or axis == 0:
        call.refuse("it takes one axis, other than that of the samples")
    if not 1 < tensor.shape[axis] <= _MOST_FACTORS:
        call.refuse(f"it multiplies {tensor.shape[axis]} factors, and 2 to {_MOST_FACTORS} are taken")
    grid = np.arange(int(np.prod(tensor.shape[1:]))).reshape(tensor.shape[1:])
    factors = [call.parts.rearrange(tensor, part) for part in np.split(grid, tensor.shape[axis], axis=axis - 1)]
    result = call.parts.layer("Multiply", factors)
    shape = [size for place, size in enumerate(result.shape[1:], 1) if one.keepdims or place != axis]
    return call.parts.reshape(result, shape)


CALLS: dict[str, Callable[[Call], Any]] = {
    **dict.fromkeys(("Mean", "Max", "Amax", "Min", "Amin", "Sum"), _reduced),
    "Any": _any,
    "Argmax": _place_of_largest,
    "Var": _variance,
    "Std": _deviation,
    "Norm": _norm,
    "Logsumexp": _log_sum_exp,
    "Cumsum": _running_sum,
    "Prod": _product,
}
