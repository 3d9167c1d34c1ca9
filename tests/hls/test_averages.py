"""Averages whose accumulator loses bits: hls4ml's C++ casts sums to it, not what is added."""

import pytest

from netloom.errors import LayerNotSupportedError
from netloom.testing import random_checks

SPECIFICATION = {
    "outputs": ["act1"],
    "seed": 1000234,
    "input": {"shape": [7, 2], "bits": 6, "signed": True},
    "layers": [
        {"kind": "pool", "bits": 4, "integer": 1, "name": "pool0", "size": [2], "function": "average", "global": False}
    ],
    "settings": {"io_type": "io_parallel", "strategy": "Resource", "reuse_factor": 4},
}


def network(rounding, overflow):
    lossy = {"role": "accum", "drop": 4, "narrow": 3, "rounding": rounding, "overflow": overflow}
    return SPECIFICATION | {"lossy": {"pool0": lossy}}


@pytest.mark.parametrize(
    ("rounding", "overflow", "does"),
    [("TRN_ZERO", "SAT_ZERO", "rounds"), ("RND_CONV", "WRAP", "rounds"), ("TRN", "SAT", "saturates")],
)
def test_what_would_differ_is_refused(rounding, overflow, does, tmp_path):
    with pytest.raises(LayerNotSupportedError, match=f"'pool0': the accumulator .* {does} .* or TRN and WRAP"):
        random_checks.check(network(rounding, overflow), tmp_path / "n")


@pytest.mark.parametrize("rounding", ["TRN", "RND", "RND_MIN_INF"])
def test_the_way_out_equals_the_cpp(rounding, tmp_path):
    assert random_checks.check(network(rounding, "WRAP"), tmp_path / "n") is None
