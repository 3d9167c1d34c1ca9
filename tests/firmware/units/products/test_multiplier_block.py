"""`multiplier_block` against Python's integers, in the DSP block of every family that names one."""

import pytest
from multiplier_cases import check_products

from netloom.firmware.families import FAMILIES


@pytest.mark.parametrize("family", FAMILIES.values(), ids=str)
@pytest.mark.parametrize(("a", "b"), [(1, 1), (5, 3), (16, 9)])
def test_products(a, b, family):
    check_products("multiplier_block", a, b, family)
