"""Random networks: `fixed`, hls4ml's C++ and the RTL, layer by layer; a failure is shrunk to a file in regressions."""

import json
from pathlib import Path

import pytest

from netloom.errors import NetloomError, ToolFailedError
from netloom.testing import random_networks

REGRESSIONS = Path(__file__).parents[1] / "regressions"
QUICK = (1, 3, 4)
CHUNKS, CHUNK = 30, 10
REFUSED = 2
"""Networks of a chunk that netloom may decline, by name."""


def check_seed(seed: int, folder: Path) -> bool:
    """Whether the network was converted; fails with the path of a reproducer if the engines differ."""
    spec = random_networks.generate(seed)
    try:
        failure = random_networks.check(spec, folder / f"network{seed}", hardware=True)
    except ToolFailedError as error:
        # C++ that netloom let through and that dies is a failure, not a refusal.
        path = REGRESSIONS / f"network_{seed}.json"
        path.write_text(json.dumps({"failure": str(error), "specification": spec}, indent=1) + "\n")
        pytest.fail(f"seed {seed}: {error}; reproducer in {path}")
    except NetloomError as error:
        assert "\n" not in str(error)
        return False
    if failure is not None:
        path = random_networks.shrink(spec, failure, REGRESSIONS, hardware=True)
        pytest.fail(f"seed {seed}: {failure}; reproducer in {path}")
    return True


@pytest.mark.parametrize("seed", QUICK)
def test_sample(seed, tmp_path):
    assert check_seed(seed, tmp_path), "a seed of the quick sample was refused: choose another"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_sweep(chunk, tmp_path):
    """The 300 networks of `python tests/fuzz/networks.py --first 0 --count 300`."""
    refused = [seed for seed in range(CHUNK * chunk, CHUNK * (chunk + 1)) if not check_seed(seed, tmp_path)]
    assert len(refused) <= REFUSED, refused


LONG = ("recurrent_21", "recurrent_59", "network_26")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=[pytest.mark.slow] if path.stem in LONG else [], id=path.stem)
        for path in sorted(REGRESSIONS.glob("*.json"))
    ],
)
def test_regression(path, tmp_path):
    """Networks that once differed, or once died."""
    spec = json.loads(path.read_text())["specification"]
    try:
        assert random_networks.check(spec, tmp_path / "network") is None
    except ToolFailedError:
        raise
    except NetloomError as error:
        assert "\n" not in str(error)
