"""`uart_tx`: the line, bit by bit."""

import pytest

from netloom.testing.clocked_bench import Instance, clocked

BYTES = (0x00, 0xFF, 0xA5, 0x5A, 0x01)


@pytest.mark.parametrize("divider", [4, 5, 16])
@pytest.mark.parametrize("pause", [0, 7])
def test_start_bit_data_and_stop_bit(divider, pause):
    frame = 10 * divider
    clocks = (frame + pause) * len(BYTES) + 3 * divider
    starts = [index * (frame + pause) for index in range(len(BYTES))]
    valid = [0] * clocks
    data = [0] * clocks
    for start, byte in zip(starts, BYTES, strict=True):
        valid[start], data[start] = 1, byte
    (result,) = clocked(
        [Instance("uart_tx", {"ready": 1, "tx": 1}, {"DIVIDER": divider})], {"valid": (1, valid), "data": (8, data)}
    )
    line = [1] * clocks
    for start, byte in zip(starts, BYTES, strict=True):
        bits = [0, *(byte >> i & 1 for i in range(8)), 1]
        line[start + 1 : start + 1 + frame] = [bit for bit in bits for _ in range(divider)]
        assert result["ready"][start]
        assert not any(result["ready"][start + 1 : start + frame])
    assert result["tx"] == line
