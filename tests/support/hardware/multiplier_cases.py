"""`multiplier_block` and `multiplier_logic` against Python's integers."""

from itertools import product

from netloom.firmware.families.family import Family
from netloom.firmware.units.products.multiplier import LATENCY
from netloom.testing.clocked_bench import Instance, clocked, signed
from netloom.testing.pipeline_bench import operands


def check_products(module: str, a: int, b: int, family: Family) -> None:
    """Products of operands of `a` and `b` bits, signed or not, as one family makes the module."""
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
