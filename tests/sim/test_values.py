"""Values that are kept: in half the memory where that loses nothing, and only there."""

from fractions import Fraction

import numpy as np
import pytest

from netloom.sim.crosscheck import joined
from netloom.sim.values import kept

WIDEST = 2**24 - 1


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([-WIDEST * 2.0**-30, 0.0, 2.0**-149], np.float32),
        ([], np.float32),
        ([0.0, WIDEST + 2.0], np.float64),
        ([0.0, 2.0 * WIDEST + 1], np.float64),
        ([0.0, 1e39], np.float64),
        ([0.0, 2.0**-150], np.float64),
        ([0.1], np.float64),
        ([np.nan], np.float64),
    ],
)
def test_values_are_kept_in_single_precision_if_that_has_them_all(values: list[float], dtype: type) -> None:
    found = kept(np.array(values, dtype=np.float64))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, values)


def test_fractions_are_kept_as_the_nearest_float64() -> None:
    found = kept(np.array([Fraction(2**60 + 2**20 + 1), Fraction(1, 4)], dtype=object))
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [2.0**60 + 2.0**20, 0.25])


def test_a_chunk_that_needs_more_widens_the_whole() -> None:
    (found,) = joined([[kept(np.array([0.5]))], [kept(np.array([0.1]))]])
    np.testing.assert_array_equal(found, [0.5, 0.1])
