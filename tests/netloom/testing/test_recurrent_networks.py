"""Two hundred random networks about recurrent layers: stacked, both directions, states in and out; on three engines."""

import pytest

pytest.importorskip("keras")

from netloom.errors import NetloomError, ToolFailedError
from netloom.testing import random_networks

COUNT, TOGETHER = 200, 5


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("first", range(0, COUNT, TOGETHER))
def test_every_layer_is_equal_in_fixed_csim_and_rtl(first, tmp_path):
    refused = {}
    for seed in range(first, first + TOGETHER):
        spec = random_networks.generate(seed, "recurrent")
        try:
            failure = random_networks.check(spec, tmp_path / str(seed))
        except NetloomError as error:
            assert not isinstance(error, ToolFailedError), f"seed {seed}: {error}"
            refused[seed] = str(error)
            continue
        assert failure is None, f"seed {seed}: {failure}"
    print(f"seeds {first} to {first + TOGETHER - 1}: {TOGETHER - len(refused)} equal, refused: {refused}")
    assert len(refused) < TOGETHER
