"""The model of `MULT18X18D`: signs, and a clock for every register that is on."""

from itertools import product

import numpy as np

from netloom.testing.clocked_bench import Instance, clocked, signed

CLOCKS = 100


def test_products():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2**18, (2, CLOCKS)).tolist()
    a[:4], b[:4] = [0, 2**17, 2**17, 2**18 - 1], [1, 2**17, 2**17 - 1, 2**18 - 1]
    registers = ({}, {"REG_INPUTA_CLK": "CLK0", "REG_INPUTB_CLK": "CLK0"}, {"REG_PIPELINE_CLK": "CLK0"})
    cases = [
        (sign, chosen) for sign in product((0, 1), repeat=2) for chosen in (*registers, {"REG_OUTPUT_CLK": "CLK0"})
    ]
    everything = {name: value for chosen in registers for name, value in chosen.items()} | {"REG_OUTPUT_CLK": "CLK0"}
    cases += [((1, 0), everything)]
    instances = [
        Instance(
            "MULT18X18D",
            {f"P{i}": 1 for i in range(36)},
            chosen,
            {f"A{i}": f"a[{i}]" for i in range(18)}
            | {f"B{i}": f"b[{i}]" for i in range(18)}
            | {"SIGNEDA": f"1'b{signs[0]}", "SIGNEDB": f"1'b{signs[1]}", "CLK0": "clk", "CE0": "1'b1", "RST0": "1'b0"},
        )
        for signs, chosen in cases
    ]
    for (signs, chosen), result in zip(cases, clocked(instances, {"a": (18, a), "b": (18, b)}), strict=True):
        late = len({name.removesuffix("A_CLK").removesuffix("B_CLK") for name in chosen})
        given = [sum(bits[i] << i for i in range(36)) for bits in zip(*result.values(), strict=True)]
        expected = [
            signed(x, 18, bool(signs[0])) * signed(y, 18, bool(signs[1])) % 2**36 for x, y in zip(a, b, strict=True)
        ]
        assert given[late:] == expected[: CLOCKS - late], (signs, chosen)


def test_clock_enable_and_reset():
    enable, reset = [1, 0, 1, 1, 1], [0, 0, 0, 1, 0]
    instance = Instance(
        "MULT18X18D",
        {"P0": 1},
        {"REG_OUTPUT_CLK": "CLK0"},
        {f"{name}{i}": "one" if i == 0 else "1'b0" for name in "AB" for i in range(18)}
        | {"SIGNEDA": "1'b0", "SIGNEDB": "1'b0", "CLK0": "clk", "CE0": "enable", "RST0": "reset"},
    )
    (result,) = clocked([instance], {"one": (1, [1, 0, 1, 1, 1]), "enable": (1, enable), "reset": (1, reset)})
    assert result["P0"][1:] == [1, 1, 1, 0]
