"""`Permute`: elements moved, dropped, repeated, joined, or zero."""

import numpy as np
import pytest

from netloom.hls.dataflow import Permute
from netloom.testing.operations import check_operation, random_raws, tensor

GRID = np.arange(24).reshape(2, 3, 4)
MOVES = {
    "reshape": (GRID.reshape(6, 4), lambda x: x.reshape(6, 4)),
    "flatten": (GRID.ravel(), lambda x: x.ravel()),
    "transpose": (GRID.transpose(1, 2, 0), lambda x: x.transpose(1, 2, 0)),
    "slice": (GRID[:, 1:, ::2], lambda x: x[:, 1:, ::2]),
    "first part, in order": (GRID.ravel()[:10], lambda x: x.ravel()[:10]),
    "pad": (np.pad(GRID, ((1, 0), (0, 2), (0, 0)), constant_values=-1), lambda x: np.pad(x, ((1, 0), (0, 2), (0, 0)))),
    "upsample": (GRID.repeat(2, axis=0), lambda x: x.repeat(2, axis=0)),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("source", ["fixed<6,3>", "ufixed<6,3>"])
def test_moves(move, source):
    indices, expected = MOVES[move]
    inputs = [tensor((2, 3, 4), source)]
    result = check_operation(Permute(np.ascontiguousarray(indices)), inputs)
    for x, moved in zip(random_raws(inputs)[0], result, strict=True):
        assert moved.tolist() == expected(x).tolist()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_join(axis):
    inputs = [tensor((2, 3, 4), "fixed<6,3>")] * 2
    indices = np.concatenate([GRID, GRID + 24], axis=axis)
    result = check_operation(Permute(indices), inputs)
    a, b = random_raws(inputs)
    assert (result == np.concatenate([a, b], axis=axis + 1)).all()


def test_bounds_move_along():
    from netloom.hls.dataflow import Bounds

    inputs = [tensor((3,), "fixed<6,3>")]
    (moved,) = Permute(np.array([2, -1, 0])).bounds(inputs, [Bounds(np.array([-3, -2, -1]), np.array([1, 2, 3]))])
    assert moved.low.tolist() == [-1, 0, -3]
    assert moved.high.tolist() == [3, 0, 1]
