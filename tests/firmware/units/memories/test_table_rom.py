"""`table_rom`: words at their addresses, each port by itself."""

import numpy as np
import pytest

from netloom.testing.clocked_bench import Instance, clocked

WORDS = np.random.default_rng(1).integers(0, 2**9, 21).tolist()
MEMORY = {"words.mem": "".join(f"{word:x}\n" for word in WORDS)}


@pytest.mark.parametrize("block", [0, 1])
@pytest.mark.parametrize("ports", [1, 2])
def test_reads_where_it_is_enabled(block, ports):
    rng = np.random.default_rng(ports)
    addresses, enables = rng.integers(0, len(WORDS), (ports, 200)), rng.integers(0, 2, (ports, 200))
    parameters = {"WIDTH": 9, "DEPTH": len(WORDS), "PORTS": ports, "BLOCK": block, "FILE": "words.mem"}
    inputs = {
        "address": (5 * ports, sum(row.astype(object) << 5 * port for port, row in enumerate(addresses))),
        "enable": (ports, sum(row.astype(object) << port for port, row in enumerate(enables))),
    }
    (result,) = clocked([Instance("table_rom", {"data": 9 * ports}, parameters)], inputs, MEMORY)
    for port in range(ports):
        held = None
        for address, enable, word in zip(addresses[port], enables[port], result["data"], strict=True):
            assert held is None or word >> 9 * port & 511 == held
            held = WORDS[address] if enable else held


def test_zeros_without_a_file():
    for block in (0, 1):
        parameters = {"WIDTH": 4, "DEPTH": 3, "BLOCK": block, "FILE": ""}
        (result,) = clocked(
            [Instance("table_rom", {"data": 4}, parameters)], {"address": (2, [0, 1, 2, 0]), "enable": (1, [1] * 4)}
        )
        assert result["data"][1:] == [0, 0, 0]
