"""Averages whose accumulator loses bits: hls4ml's C++ casts sums to it, not what is added."""

import re

import numpy as np
import pytest
from qkeras import QActivation, quantized_bits

from netloom import HlsSettings, convert, simulate
from netloom.errors import LayerNotSupportedError
from netloom.testing import random_networks

SPECIFICATION = {
    "outputs": ["act1"],
    "seed": 1000234,
    "input": {"shape": [7, 2], "bits": 6, "signed": True},
    "layers": [
        {"kind": "pool", "name": "pool0", "function": "Average", "global": False, "exact": False}
        | {"size": [2], "strides": None, "padding": "valid"}
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
        random_networks.check(network(rounding, overflow), tmp_path / "n")


@pytest.mark.parametrize("rounding", ["TRN", pytest.param("RND", marks=pytest.mark.slow), "RND_MIN_INF"])
def test_the_way_out_equals_the_cpp(rounding, tmp_path):
    assert random_networks.check(network(rounding, "WRAP"), tmp_path / "n") is None


@pytest.mark.parametrize("signed", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["signed", "unsigned"])
@pytest.mark.parametrize(
    "accum", ["fixed<4,1,RND_CONV,SAT>", "ufixed<3,2,RND_ZERO,SAT_ZERO>", "fixed<3,1,RND_INF,SAT_SYM>"]
)
def test_the_type_that_the_refusal_names_is_taken(accum, signed, tmp_path):
    import keras

    source = keras.Input((4, 2), name="x")
    x = QActivation(quantized_bits(6, 2, keep_negative=signed, alpha=1), name="quantizer")(source)
    model = keras.Model(source, keras.layers.AveragePooling1D(2, name="pool")(x))

    def firmware(accum, name):
        return convert(model, HlsSettings(io_type="io_parallel", precision={"pool": {"accum": accum}}), tmp_path / name)

    with pytest.raises(LayerNotSupportedError, match="'pool': the accumulator") as refusal:
        firmware(accum, "refused")
    named = re.search(r"give it (\S+>),", str(refusal.value)).group(1)
    assert named.split(",")[2:] == accum.split(",")[2:]
    taken = firmware(named, "taken")
    data = np.random.default_rng(0).uniform(-4, 4, (200, 4, 2))
    np.testing.assert_array_equal(simulate(taken, data), simulate(taken, data, "csim"))
