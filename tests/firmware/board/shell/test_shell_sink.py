"""`shell_sink`: beats in, bytes out, whatever the pace."""

import numpy as np
import pytest

from netloom.testing.clocked_bench import Instance, clocked


@pytest.mark.parametrize(
    ("size", "beats", "samples", "bank"),
    [(1, 1, 1, 2048), (1, 5, 3, 2048), (3, 2, 2, 2048), (2, 4, 5, 2048), (2, 4, 5, 8), (1, 9, 1, 4), (1, 3, 1, 2)],
)
@pytest.mark.parametrize("offer", [1.0, 0.4])
def test_bytes_are_the_beats(size, beats, samples, bank, offer):
    rng = np.random.default_rng(size)
    words = beats * samples
    clocks = samples + 20 + 6 * words + 8 * size * words + 20
    valid = (rng.random(clocks) < offer).astype(int).tolist()
    data = rng.integers(0, 2 ** (8 * size), clocks).tolist()
    expect = [1] * samples + [0] * (clocks - samples)
    opened = [0] * (samples + 2) + [1] * (clocks - samples - 2)
    byte_ready = (rng.random(clocks) < 0.7).astype(int).tolist()
    outputs = {"in_ready": 1, "done": 1, "byte_valid": 1, "byte_data": 8, "byte_last": 1}
    (result,) = clocked(
        [Instance("shell_sink", outputs, {"BYTES": size, "BEATS": beats, "SAMPLES": samples, "BANK": bank})],
        {
            "clear": (1, [0] * clocks), "in_valid": (1, valid), "in_data": (8 * size, data),
            "expect_one": (1, expect), "open": (1, opened), "byte_ready": (1, byte_ready),
        },
    )  # fmt: skip
    taken = [
        (clock, word)
        for clock, (word, there, ready) in enumerate(zip(data, valid, result["in_ready"], strict=True))
        if there and ready
    ]
    assert len(taken) == words
    assert result["done"].index(1) == taken[-1][0] + 1
    sent = [
        (byte, last)
        for byte, there, ready, last in zip(
            result["byte_data"], result["byte_valid"], byte_ready, result["byte_last"], strict=True
        )
        if there and ready
    ]
    expected = b"".join(word.to_bytes(size, "little") for _, word in taken)
    assert bytes(byte for byte, _ in sent)[: len(expected)] == expected
    ends = [index + 1 for index, (_, last) in enumerate(sent[: len(expected)]) if last]
    assert ends == [size * beats * (i + 1) for i in range(samples)]
