"""`uart_rx`: bytes from a line, with clocks that differ, glitches, and missing stop bits."""

import pytest

from netloom.testing.clocked_bench import Instance, clocked

BYTES = (0x00, 0xFF, 0xA5, 0x5A, 0x01)


def line_of(frames, length):
    """The line at every clock; a bit lasts `length` clocks, which need not be whole."""
    bits = [bit for frame in frames for bit in frame]
    return [bits[int(clock / length)] for clock in range(int(len(bits) * length))]


def frame(byte, stop=1):
    return [0, *(byte >> i & 1 for i in range(8)), stop]


def received(line, divider):
    idle = [1] * (3 * divider)
    (result,) = clocked(
        [Instance("uart_rx", {"valid": 1, "data": 8, "broken": 1}, {"DIVIDER": divider})],
        {"rx": (1, [*idle, *line, *idle])},
    )
    data = tuple(byte for byte, valid in zip(result["data"], result["valid"], strict=True) if valid)
    return data, sum(result["broken"])


@pytest.mark.parametrize("divider", [4, 5, 16, 33])
def test_bytes_without_pauses(divider):
    assert received(line_of([frame(byte) for byte in BYTES], divider), divider) == (BYTES, 0)


@pytest.mark.parametrize("off", [0.97, 1.03])
def test_a_sender_with_another_clock(off):
    frames = [[*frame(byte), 1, 1] for byte in BYTES]
    assert received(line_of(frames, 16 * off), 16) == (BYTES, 0)


def test_a_missing_stop_bit_is_told():
    frames = [frame(0x55), [*frame(0x0F, stop=0), 1, 1], frame(0xF0)]
    assert received(line_of(frames, 8), 8) == ((0x55, 0xF0), 1)


def test_a_glitch_is_no_start_bit_and_a_line_held_low_no_byte():
    assert received([0, *[1] * 200], 16) == ((), 0)
    data, broken = received([*[0] * 16 * 40, *[1] * 16, *line_of([frame(0x33)], 16)], 16)
    assert (data, broken) == ((0x33,), 1)
