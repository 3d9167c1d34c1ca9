"""`order_matters`: whether the order in which a sum is taken matters."""

from collections.abc import Sequence

from netloom.fixed_point import Overflow
from netloom.hls.dataflow import Bounds, DepthwiseMatVec, MatVec, Pool, Reduce, TensorType


def order_matters(
    operation: MatVec | DepthwiseMatVec | Pool | Reduce, inputs: Sequence[TensorType], bounds: Sequence[Bounds]
) -> bool:
    """Whether a sum may leave a saturating accumulator on the way, so that the order of its terms matters.

    Args:
        operation: that sums; a maximum never does.
        inputs: types of what it reads.
        bounds: proven ranges of that.
    """
    if operation.accum is None or operation.accum.overflow is Overflow.WRAP:
        return False
    return operation.may_overflow(inputs, bounds)
