"""`crc32` against zlib's."""

import zlib

import numpy as np

from netloom.testing.clocked_bench import Instance, clocked

RESIDUE = 0xDEBB20E3


def test_of_bytes_and_of_bytes_with_their_checksum():
    payload = np.random.default_rng(0).integers(0, 256, 40, np.uint8).tobytes()
    whole = payload + zlib.crc32(payload).to_bytes(4, "little")
    valid, data = [0], [0]
    for byte in whole:
        valid += [1, *[0] * 8]
        data += [byte, *[0] * 8]
    clear = [1, *[0] * (len(valid) - 1)]
    (result,) = clocked(
        [Instance("crc32", {"busy": 1, "value": 32})],
        {"clear": (1, clear), "valid": (1, valid), "data": (8, data)},
    )
    assert result["busy"][2:10] == [1] * 8
    for count in range(len(payload) + 1):
        # A byte takes the clock in which it comes, and eight more.
        assert result["value"][1 + 9 * count] ^ 0xFFFFFFFF == zlib.crc32(payload[:count])
    assert not any(result["busy"][1::9])
    (last,) = clocked(
        [Instance("crc32", {"value": 32})],
        {"clear": (1, [*clear, 0]), "valid": (1, [*valid, 0]), "data": (8, [*data, 0])},
    )
    assert last["value"][-1] == RESIDUE
