"""Small LSTMs and GRUs all the way: trained weights are no matter, so float Keras models go to a routed bitstream."""

import keras
import numpy as np
import pytest
from keras import layers

import netloom

STEPS, INPUTS, UNITS = 4, 2, 3
CELLS = {
    "lstm": lambda: layers.LSTM(UNITS, name="cell"),
    "gru": lambda: layers.GRU(UNITS, name="cell"),
    "gru that resets before": lambda: layers.GRU(UNITS, reset_after=False, name="cell"),
}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", CELLS)
def test_to_a_routed_bitstream(name, tmp_path):
    """The netlist, stalls and the cycles included: nothing differs."""
    keras.utils.set_random_seed(0)
    x = keras.Input((STEPS, INPUTS), name="x")
    keras.Model(x, layers.Dense(2, name="last")(CELLS[name]()(x))).save(tmp_path / "model.keras")
    rng = np.random.default_rng(0)
    samples, targets = rng.normal(0, 1, (120, STEPS, INPUTS)).astype(np.float32), rng.integers(0, 2, 120)
    np.savez(
        tmp_path / "data.npz", x_train=samples[:80], x_test=samples[80:], y_train=targets[:80], y_test=targets[80:]
    )
    settings = netloom.RunSettings(
        bits=6, fine_tune_epochs=0, hardware=netloom.HardwareSettings(board="ULX3S-12F", target_ii=400)
    )
    report = netloom.run(
        tmp_path / "model.keras", data=tmp_path / "data.npz", settings=settings, directory=tmp_path / "run"
    ).report
    exact = [one for one in report.fidelity if "float" not in one.engines]
    assert {engine for one in exact for engine in one.engines} >= {"fixed", "csim", "rtl", "netlist"}
    assert not any(one.mismatches or one.layer_mismatches for one in exact)
    found = report.hardware
    assert found.timing_met and found.bitstream
    assert (found.latency, found.interval) == (found.predicted_latency, found.predicted_interval)
    print(f"{name}: latency {found.latency}, interval {found.interval}, {found.clock_limit_mhz:.1f} MHz possible")
