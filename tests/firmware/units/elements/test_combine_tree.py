"""`combine_tree`: neighbours first, each level confined, and loaded where it is enabled."""

import numpy as np
import pytest

from netloom.fixed_point import FixedPoint
from netloom.testing.clocked_bench import Instance, clocked, signed

WIDTH = 4


def level_of(values, type_, name):
    pairs = [values[i : i + 2] for i in range(0, len(values), 2)]
    if name == "max":
        return [max(pair) for pair in pairs]
    return [int(type_.confine(np.array(sum(pair)))) for pair in pairs]


@pytest.mark.parametrize("terms", [1, 2, 3, 5, 8])
def test_tree(terms):
    cases = [(FixedPoint.parse(f"{kind}<4,4,TRN,{mode}>"), name)
             for kind in ("fixed", "ufixed") for mode in ("WRAP", "SAT") for name in ("sum", "max")]  # fmt: skip
    levels = (terms - 1).bit_length()
    instances = [
        Instance(
            "combine_tree",
            {"result": WIDTH},
            {
                "TERMS": terms,
                "WIDTH": WIDTH,
                "SIGNED": int(type_.signed),
                "FUNCTION": name,
                "OVERFLOW": str(type_.overflow),
            },
        )
        for type_, name in cases
    ]
    rng = np.random.default_rng(terms)
    words = rng.integers(0, 2**WIDTH, (300, terms))
    enable = rng.integers(0, 2 ** max(levels, 1), 300).tolist()
    packed = [sum(int(word) << i * WIDTH for i, word in enumerate(row)) for row in words]
    results = clocked(instances, {"terms": (terms * WIDTH, packed), "enable": (max(levels, 1), enable)})
    for (type_, name), result in zip(cases, results, strict=True):
        held = [None] * levels
        seen = 0
        for row, loads, word in zip(words.tolist(), enable, result["result"], strict=True):
            inputs = [[signed(each, WIDTH, type_.signed) for each in row], *held]
            if inputs[-1] is not None:
                assert [signed(word, WIDTH, type_.signed)] == inputs[-1], (type_, name)
                seen += 1
            held = [
                (inputs[i] and level_of(inputs[i], type_, name)) if loads >> i & 1 else held[i] for i in range(levels)
            ]
        assert seen > 200
