"""`multiplier_logic` and `multiplier_block` against Python's integers, in whatever each family makes them of."""

from itertools import product

import pytest

from netloom.firmware.families import FAMILIES
from netloom.firmware.units.products.multiplier import LATENCY
from netloom.testing.clocked_bench import Instance, clocked, signed
from netloom.testing.pipeline_bench import operands


@pytest.mark.parametrize("family", FAMILIES.values(), ids=str)
@pytest.mark.parametrize(
    ("module", "a", "b"),
    [
        *(("multiplier_logic", *widths) for widths in ((1, 1), (5, 1), (4, 4), (5, 3), (2, 6), (9, 5), (12, 9))),
        *(("multiplier_block", *widths) for widths in ((1, 1), (5, 3), (16, 9))),
    ],
)
def test_products(module, a, b, family):
    signs = list(product((True, False), repeat=2))
    instances = [
        Instance(
            module,
            {"product": a + b},
            {"A_WIDTH": a, "A_SIGNED": int(a_signed), "B_WIDTH": b, "B_SIGNED": int(b_signed)},
        )
        for a_signed, b_signed in signs
    ]
    left, right = zip(*product(operands(a).tolist(), operands(b).tolist()), strict=True)
    rest = (0,) * LATENCY
    results = clocked(instances, {"a": (a, left + rest), "b": (b, right + rest)}, family=family)
    for (a_signed, b_signed), result in zip(signs, results, strict=True):
        expected = [signed(x, a, a_signed) * signed(y, b, b_signed) % 2 ** (a + b)
                    for x, y in zip(left, right, strict=True)]  # fmt: skip
        assert result["product"][LATENCY:] == expected, (a_signed, b_signed)
