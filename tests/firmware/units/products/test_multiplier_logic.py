"""`multiplier_logic` against Python's integers, in whatever logic a family makes it of."""

import pytest
from multiplier_cases import check_products

from netloom.firmware.families import FAMILIES


@pytest.mark.parametrize("family", FAMILIES.values(), ids=str)
@pytest.mark.parametrize(("a", "b"), [(1, 1), (5, 1), (4, 4), (5, 3), (2, 6), (9, 5), (12, 9)])
def test_products(a, b, family):
    check_products("multiplier_logic", a, b, family)
