"""Random networks: `fixed` against hls4ml's C++, layer by layer. A failure is shrunk to a file in tests/regressions."""

import json
from pathlib import Path

import pytest

from netloom.errors import NetloomError, ToolFailedError
from netloom.testing import random_networks

REGRESSIONS = Path(__file__).parents[1] / "regressions"
QUICK = (12, 23, 70, 75)
CHUNKS, CHUNK = 20, 10
REFUSED = 5
"""Further networks of a chunk that netloom may decline, by name, because hls4ml cannot compute them."""


def check_seed(seed: int, folder: Path) -> bool:
    """Whether the network was converted; fails with the path of a reproducer if the engines differ."""
    spec = random_networks.generate(seed)
    try:
        failure = random_networks.check(spec, folder / f"network{seed}")
    except ToolFailedError as error:
        # C++ that netloom let through and that dies is a failure, not a refusal.
        path = REGRESSIONS / f"network_{seed}.json"
        path.write_text(json.dumps({"failure": str(error), "specification": spec}, indent=1) + "\n")
        pytest.fail(f"seed {seed}: {error}; reproducer in {path}")
    except NetloomError as error:
        assert "\n" not in str(error)
        return False
    if failure is not None:
        path = random_networks.shrink(spec, failure, REGRESSIONS)
        pytest.fail(f"seed {seed}: {failure}; reproducer in {path}")
    return True


@pytest.mark.parametrize("seed", QUICK)
def test_sample(seed, tmp_path):
    assert check_seed(seed, tmp_path), "a seed of the quick sample was refused: choose another"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_sweep(chunk, tmp_path, record_property):
    """Ten networks compared in each of twenty chunks: 200, the refused ones not counted."""
    compared, refused = 0, []
    for seed in range(1000 * (chunk + 1), 1000 * (chunk + 1) + CHUNK + REFUSED):
        if compared == CHUNK:
            break
        if check_seed(seed, tmp_path):
            compared += 1
        else:
            refused.append(seed)
    record_property("refused", refused)
    assert compared == CHUNK, f"refused: {refused}"


@pytest.mark.parametrize("path", sorted(REGRESSIONS.glob("*.json")), ids=lambda path: path.stem)
def test_regression(path, tmp_path):
    """Networks that once differed, or once died."""
    spec = json.loads(path.read_text())["specification"]
    try:
        assert random_networks.check(spec, tmp_path / "network") is None
    except ToolFailedError:
        raise
    except NetloomError as error:
        assert "\n" not in str(error)
