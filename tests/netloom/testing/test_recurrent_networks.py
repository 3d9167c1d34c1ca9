"""Two hundred random networks about recurrent layers: stacked, both directions, attention; on three engines."""

from collections import Counter

import pytest

pytest.importorskip("keras")

from netloom.errors import NetloomError, ToolFailedError
from netloom.testing import random_networks

COUNT, TOGETHER = 200, 20
MOST_REFUSED = 1
"""Of those together: 5 %."""


def shown(spec):
    """What a network has that a plain recurrent layer has not."""
    layers = [layer for layer in spec["layers"] if layer["kind"] == "recurrent"]
    found = {
        "stacked": len(layers) > 1 or any(layer["stacked"] for layer in layers),
        "both directions": any(layer["direction"] == "both" for layer in layers),
        "backwards": any(layer["direction"] == "backward" for layer in layers),
        "masks": any(layer["masked"] for layer in layers),
        "states given": any(layer["begins"] != "zeros" for layer in layers),
        "states out": any(layer["states"] for layer in layers),
        "a decoder": any("decoder" in layer for layer in layers),
        "attention": any(layer["kind"] == "attention" for layer in spec["layers"]),
    }
    return [name for name, so in found.items() if so]


def test_each_kind_of_network_is_among_them():
    counts = Counter(name for seed in range(COUNT) for name in shown(random_networks.generate(seed, "recurrent")))
    print(f"of {COUNT}: {dict(counts)}")
    assert min(counts[name] for name in ("stacked", "both directions", "backwards", "masks", "attention")) >= 30
    assert min(counts[name] for name in ("states given", "states out", "a decoder")) >= 10


@pytest.mark.slow
@pytest.mark.timeout(5400)
@pytest.mark.parametrize("first", range(0, COUNT, TOGETHER))
def test_every_layer_is_equal_in_fixed_csim_and_rtl(first, tmp_path):
    refused, counts = {}, Counter()
    for seed in range(first, first + TOGETHER):
        spec = random_networks.generate(seed, "recurrent")
        try:
            failure = random_networks.check(spec, tmp_path / str(seed), hardware=True)
        except NetloomError as error:
            assert not isinstance(error, ToolFailedError), f"seed {seed}: {error}"
            refused[seed] = str(error)
            continue
        assert failure is None, f"seed {seed}: {failure}"
        counts.update(shown(spec))
    equal = TOGETHER - len(refused)
    print(f"seeds {first} to {first + TOGETHER - 1}: {equal} equal, with {dict(counts)}; refused: {refused}")
    assert len(refused) <= MOST_REFUSED, refused
