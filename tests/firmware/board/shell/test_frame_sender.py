"""`frame_sender`: the bytes of a frame, whatever the pace of payload and line."""

import zlib

import numpy as np
import pytest

from netloom.testing.clocked_bench import Instance, clocked


@pytest.mark.parametrize("length", [0, 1, 5])
@pytest.mark.parametrize("pace", [1.0, 0.3])
def test_frame(length, pace):
    rng = np.random.default_rng(length)
    clocks = 1500
    payload_valid, byte_ready = (rng.random((2, clocks)) < pace).astype(int).tolist()
    payload_data = rng.integers(0, 256, clocks).tolist()
    start = [0, 0, 1, *[0] * (clocks - 3)]
    (result,) = clocked(
        [Instance("frame_sender", {"busy": 1, "payload_ready": 1, "byte_valid": 1, "byte_data": 8})],
        {
            "start": (1, start), "tag": (8, [7] * clocks), "status": (8, [3] * clocks),
            "length": (32, [length] * clocks), "payload_valid": (1, payload_valid),
            "payload_data": (8, payload_data), "byte_ready": (1, byte_ready),
        },
    )  # fmt: skip
    payload = bytes(
        data
        for data, valid, ready in zip(payload_data, payload_valid, result["payload_ready"], strict=True)
        if valid and ready
    )
    sent = bytes(
        data
        for data, valid, ready in zip(result["byte_data"], result["byte_valid"], byte_ready, strict=True)
        if valid and ready
    )
    body = bytes([7, 3]) + length.to_bytes(4, "little") + payload
    assert len(payload) == length
    assert sent == b"\xa5\x5a" + body + zlib.crc32(body).to_bytes(4, "little")
    assert not result["busy"][2] and result["busy"][3] and not result["busy"][-1]
