"""The model of `DP16KD`: every width, both ports, its registers, and what it makes of a collision."""

import numpy as np
import pytest

from netloom.testing.clocked_bench import Instance, clocked

CLOCKS = 400
PINS = {"DIA": 18, "ADA": 14, "DIB": 18, "ADB": 14}
LOW_ADDRESS = {1: 0, 2: 1, 4: 2, 9: 3, 18: 4}
"""Address bits below the word's number."""


def instance(width, **parameters):
    pins = {f"{name}{i}": f"{name.lower()}[{i}]" for name, bits in PINS.items() for i in range(bits)}
    control = {"CEA": "1'b1", "CEB": "1'b1", "OCEA": "1'b1", "OCEB": "1'b1", "RSTA": "1'b0", "RSTB": "1'b0"}
    return Instance(
        "DP16KD",
        {f"DO{port}{i}": 1 for port in "AB" for i in range(18)},
        {"DATA_WIDTH_A": width, "DATA_WIDTH_B": width} | parameters,
        pins | control | {"CLKA": "clk", "CLKB": "clk", "WEA": "wea", "WEB": "1'b0"},
    )


def output(result, port, width):
    return [sum(bits[i] << i for i in range(width)) for bits in zip(*(result[f"DO{port}{i}"] for i in range(width)),
                                                                    strict=True)]  # fmt: skip


@pytest.mark.parametrize("width", LOW_ADDRESS)
def test_what_one_port_writes_the_other_reads(width):
    rng = np.random.default_rng(width)
    words = rng.choice(2**14 >> LOW_ADDRESS[width], 24, replace=False).tolist()
    data = rng.integers(0, 2**width, CLOCKS).tolist()
    write = (rng.random(CLOCKS) < 0.6).astype(int).tolist()
    to, back = rng.integers(0, 24, (2, CLOCKS)).tolist()
    enables = 3 if width == 18 else 0
    inputs = {
        "dia": (18, data), "dib": (18, [0] * CLOCKS), "wea": (1, write),
        "ada": (14, [words[i] << LOW_ADDRESS[width] | enables for i in to]),
        "adb": (14, [words[i] << LOW_ADDRESS[width] for i in back]),
    }  # fmt: skip
    plain, late = clocked([instance(width), instance(width, REGMODE_B="OUTREG")], inputs)
    memory = [0] * 24
    given, registered = output(plain, "B", width), output(late, "B", width)
    for clock in range(CLOCKS - 2):
        # A word that is read while it is written is not defined: the model turns its bits over.
        collides = write[clock] and to[clock] == back[clock]
        expected = memory[back[clock]] ^ (2**width - 1 if collides else 0)
        assert given[clock + 1] == expected
        assert registered[clock + 2] == expected
        if write[clock]:
            memory[to[clock]] = data[clock]


def test_nine_bits_are_written_alone():
    inputs = {
        "dia": (18, [0x3FFFF, 0, 0, 0]), "dib": (18, [0] * 4), "wea": (1, [1, 1, 0, 0]),
        "ada": (14, [3, 2, 0, 0]), "adb": (14, [16, 16, 0, 0]),
    }  # fmt: skip
    (result,) = clocked([instance(18)], inputs)
    assert output(result, "B", 18)[3] == 0x001FF


def test_a_write_shows_on_its_own_port_if_it_is_to():
    inputs = {
        "dia": (18, [5, 6, 7]), "dib": (18, [0] * 3), "wea": (1, [1, 1, 0]), "ada": (14, [3, 3, 0]),
        "adb": (14, [16] * 3),
    }  # fmt: skip
    through, normal = clocked([instance(18, WRITEMODE_A="WRITETHROUGH"), instance(18)], inputs)
    assert output(through, "A", 18)[1:] == [5, 6]
    # NORMAL: a clock that writes leaves the output as it was.
    assert output(normal, "A", 18)[1] == output(normal, "A", 18)[2]


def test_words_that_are_there_from_the_start():
    init = "320'h" + "".join(f"{word:05x}" for word in range(16, 0, -1))
    inputs = {
        "dia": (18, [0] * 17), "dib": (18, [0] * 17), "wea": (1, [0] * 17), "ada": (14, [0] * 17),
        "adb": (14, [*(i << 4 for i in range(16)), 0]),
    }  # fmt: skip
    (result,) = clocked([instance(18, INITVAL_00=init)], inputs)
    assert output(result, "B", 18)[1:] == list(range(1, 17))
