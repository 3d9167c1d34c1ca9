"""`frame_receiver`: sound frames, damaged ones, ones that stop, and what comes between them."""

import zlib

import pytest

from netloom.testing.clocked_bench import Instance, clocked

IDLE, GAP = 60, 20
PAYLOAD = bytes(range(3, 8))


def frame(payload=PAYLOAD, tag=9, kind=2):
    body = bytes([tag, kind]) + len(payload).to_bytes(4, "little") + payload
    return b"\xa5\x5a" + body + zlib.crc32(body).to_bytes(4, "little")


def receive(data, broken_after=None, accept_at=None):
    """What is seen when bytes come GAP clocks apart, and then nothing."""
    clocks = GAP * len(data) + 3 * IDLE
    valid, values, broken, accept = ([0] * clocks for _ in range(4))
    for index, byte in enumerate(data):
        valid[GAP * index], values[GAP * index] = 1, byte
    if broken_after is not None:
        broken[GAP * broken_after + 1] = 1
    if accept_at is not None:
        accept[accept_at] = 1
    outputs = {"started": 1, "payload_valid": 1, "payload_data": 8, "done": 1, "status": 8, "tag": 8, "kind": 8}
    (result,) = clocked(
        [Instance("frame_receiver", outputs, {"IDLE": IDLE})],
        {
            "byte_valid": (1, valid), "byte_data": (8, values), "byte_broken": (1, broken), "accept": (1, accept),
        },
    )  # fmt: skip
    payload = bytes(byte for byte, there in zip(result["payload_data"], result["payload_valid"], strict=True) if there)
    return result, payload


@pytest.mark.parametrize("before", [b"", b"\xa5", b"\xa5\x00\x11", b"\x5a\xa5\xa5"])
@pytest.mark.parametrize("payload", [b"", b"\x01", PAYLOAD])
def test_sound(before, payload):
    whole = before + frame(payload)
    result, given = receive(whole)
    assert given == payload
    assert result["done"][-1] and (result["status"][-1], result["tag"][-1], result["kind"][-1]) == (0, 9, 2)
    assert sum(result["started"]) == 1
    # At once: a sound frame needs no silence behind it.
    assert result["done"].index(1) < GAP * len(whole)


@pytest.mark.parametrize("index", [3, 9, -1])
def test_damaged(index):
    data = bytearray(frame())
    data[index] ^= 4
    result, _ = receive(bytes(data))
    assert result["done"][-1] and result["status"][-1] == 1
    # Only when the line has been silent.
    assert result["done"].index(1) >= GAP * (len(data) - 1) + IDLE - 1


def test_a_broken_byte_damages():
    result, _ = receive(frame(), broken_after=8)
    assert result["done"][-1] and result["status"][-1] == 1


@pytest.mark.parametrize("length", [2, 5, 10, len(frame()) - 1])
def test_stopped(length):
    result, _ = receive(frame()[:length])
    assert result["done"][-1] and result["status"][-1] == 2


def test_done_stays_until_it_is_accepted_and_takes_nothing_before():
    once = frame()
    first = GAP * len(once)
    result, payload = receive(once + frame(b"\x44"), accept_at=first - 4)
    assert result["done"][first - 4] and not result["done"][first - 3]
    assert payload == PAYLOAD + b"\x44" and result["status"][-1] == 0
    result, payload = receive(once + frame(b"\x44"))
    assert payload == PAYLOAD and result["done"][-1]
