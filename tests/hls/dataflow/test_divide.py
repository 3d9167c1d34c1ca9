"""`Divide`: raws by a constant, towards zero."""

import pytest

from netloom.hls.dataflow import Divide
from netloom.testing.operations import check_operation, random_raws, tensor


@pytest.mark.parametrize("divisor", [1, 2, 3, 7, 9, 49, 100])
@pytest.mark.parametrize("source", ["fixed<9,4>", "ufixed<9,4>", "fixed<20,4>", "fixed<40,4>"])
def test_divide_drops_the_remainder_towards_zero(divisor, source):
    inputs = [tensor((200,), source)]
    result = check_operation(Divide(divisor), inputs)
    raws = random_raws(inputs)[0]
    expected = [[abs(int(raw)) // divisor * (1 if raw > 0 else -1) for raw in row] for row in raws]
    assert result.tolist() == expected


def test_divide_has_no_modes_of_its_own():
    assert Divide(3).outputs([tensor((2,), "fixed<9,4,RND,SAT>")]) == (tensor((2,), "fixed<9,4>"),)
