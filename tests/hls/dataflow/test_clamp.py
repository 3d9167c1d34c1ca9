"""`Clamp`: limits, and the type they leave."""

import numpy as np
import pytest

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Clamp
from netloom.testing.operations import check_operation, random_raws, tensor


@pytest.mark.parametrize("limits", [(0, None), (0, 12), (-8, 5), (3, 12), (0, 10**6), (-(10**6), None)])
@pytest.mark.parametrize("source", ["fixed<6,3>", "ufixed<5,3>", "fixed<28,3>"])
def test_clamp(limits, source):
    inputs = [tensor((40,), source)]
    low, high = limits
    result = check_operation(Clamp(low, high), inputs)
    expected = np.clip(random_raws(inputs)[0], low, high)
    assert result.tolist() == expected.tolist()


def test_relu_gives_an_unsigned_type_one_bit_narrower():
    assert Clamp(0).outputs([tensor((3,), "fixed<8,3,RND,SAT>")]) == (tensor((3,), "ufixed<7,2>"),)
    assert Clamp(0, 4).outputs([tensor((3,), "fixed<8,3>")])[0].element == FixedPoint.parse("ufixed<3,-2>")
