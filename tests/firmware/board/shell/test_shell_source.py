"""`shell_source`: bytes in, beats out, whatever the pace."""

import numpy as np
import pytest

from netloom.testing.clocked_bench import Instance, clocked


@pytest.mark.parametrize(("size", "beats", "samples"), [(1, 1, 1), (1, 5, 3), (3, 2, 2), (2, 4, 5)])
@pytest.mark.parametrize("accept", [1.0, 0.4])
def test_beats_are_the_bytes(size, beats, samples, accept):
    rng = np.random.default_rng(size)
    data = rng.integers(0, 256, size * beats * samples).tolist()
    load, one = 4 * len(data) + 8, size * beats
    clocks = load + 20 * beats * samples + 20
    valid, values, following = ([0] * clocks for _ in range(3))
    for index, byte in enumerate(data):
        valid[4 * index], values[4 * index] = 1, byte
        if (index + 1) % one == 0:
            following[4 * index + 2] = 1
    ready = (rng.random(clocks) < accept).astype(int).tolist()
    play = [0] * load + [1] * (clocks - load)
    (result,) = clocked(
        [
            Instance(
                "shell_source",
                {"full": 1, "out_valid": 1, "out_data": 8 * size},
                {"BYTES": size, "BEATS": beats, "SAMPLES": samples},
            )
        ],
        {
            "clear": (1, [0] * clocks), "byte_valid": (1, valid), "byte_data": (8, values), "next": (1, following),
            "play": (1, play), "out_ready": (1, ready),
        },
    )  # fmt: skip
    full = [clock for clock, high in enumerate(result["full"]) if high]
    assert full == [4 * (one * (i + 1) - 1) + 2 for i in range(samples)]
    given = [
        word
        for word, there, taken in zip(result["out_data"], result["out_valid"], ready, strict=True)
        if there and taken
    ]
    expected = [int.from_bytes(bytes(data[i : i + size]), "little") for i in range(0, len(data), size)]
    assert given == expected
    if accept == 1:
        sent = [clock for clock, there in enumerate(result["out_valid"]) if there]
        assert sent == list(range(sent[0], sent[0] + len(expected)))
