"""`Window` against naive loops."""

import pytest
from naive_windows import naive_windows

from netloom.hls.dataflow import Window
from netloom.testing.operations import check_operation, random_raws, run, tensor

WINDOWS = [
    ((7, 2), Window((3,), (1,), ((0, 0),))),
    ((7, 2), Window((3,), (2,), ((1, 1),))),
    ((6, 3), Window((2,), (3,), ((0, 2),))),
    ((5, 1), Window((5,), (1,), ((0, 0),))),
    ((4, 1), Window((1,), (2,), ((0, 0),))),
    ((5, 6, 2), Window((2, 3), (1, 1), ((0, 0), (0, 0)))),
    ((5, 6, 2), Window((3, 2), (2, 1), ((1, 1), (0, 1)))),
    ((4, 4, 3), Window((1, 1), (2, 2), ((0, 0), (0, 0)))),
    ((3, 8, 1), Window((3, 3), (1, 2), ((1, 1), (2, 0)))),
    ((2, 2, 1), Window((3, 3), (1, 1), ((2, 2), (2, 2)))),
    ((9, 2), Window((3,), (2,), ((1, 0),), (3,))),
    ((7, 6, 2), Window((3, 2), (1, 2), ((0, 1), (1, 0)), (2, 3))),
    ((5, 8, 2), Window((2, 3), (2, 1), ((1, 1), (0, 0)), (3, 1))),
]


@pytest.mark.parametrize(("shape", "window"), WINDOWS, ids=str)
@pytest.mark.parametrize("source", ["fixed<6,3>", "ufixed<6,3>"])
def test_window(shape, window, source):
    inputs = [tensor(shape, source)]
    result = check_operation(window, inputs)
    for x, windows in zip(random_raws(inputs)[0], result, strict=True):
        assert (windows == naive_windows(x, window.kernel_size, window.stride, window.padding, window.dilation)).all()


def test_window_takes_arrays_that_are_not_contiguous():
    window = Window((2, 2), (1, 1), ((0, 0), (0, 0)))
    inputs = [tensor((4, 5, 2), "fixed<6,3>")]
    x = random_raws([tensor((5, 4, 2), "fixed<6,3>")])[0].transpose(0, 2, 1, 3)
    assert (run(window, inputs, [x])[3] == naive_windows(x[3], (2, 2), (1, 1), ((0, 0), (0, 0)))).all()


def test_bounds_of_padding_are_zero():
    window = Window((3,), (1,), ((1, 1),))
    inputs = [tensor((3, 1), "ufixed<4,4>")]
    from netloom.testing.operations import full_bounds

    (bounds,) = window.bounds(inputs, full_bounds(inputs))
    assert bounds.high.tolist() == [[0, 15, 15], [15, 15, 15], [15, 15, 0]]
