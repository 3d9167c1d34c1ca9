"""Small LSTMs and GRUs all the way: trained weights are no matter, so float Keras models go to a routed bitstream."""

import keras
import numpy as np
import pytest
from keras import layers

import netloom
from netloom.quantize.layers import RecurrentDecoder

STEPS, INPUTS, UNITS = 4, 2, 3
CELLS = {
    "lstm": lambda: layers.LSTM(UNITS, name="cell"),
    "gru": lambda: layers.GRU(UNITS, name="cell"),
    "gru that resets before": lambda: layers.GRU(UNITS, reset_after=False, name="cell"),
}


def routed(model, folder, arrays, target_ii):
    """The report of a run to a bitstream: nothing differs, timing is met, cycles are as they were counted."""
    model.save(folder / "model.keras")
    np.savez(folder / "data.npz", **arrays)
    settings = netloom.RunSettings(
        bits=6, fine_tune_epochs=0, hardware=netloom.HardwareSettings(board="ULX3S-12F", target_ii=target_ii)
    )
    report = netloom.run(
        folder / "model.keras", data=folder / "data.npz", settings=settings, directory=folder / "run"
    ).report
    exact = [one for one in report.fidelity if "float" not in one.engines]
    assert {engine for one in exact for engine in one.engines} >= {"fixed", "csim", "rtl", "netlist"}
    assert not any(one.mismatches or one.layer_mismatches for one in exact)
    found = report.hardware
    assert found.timing_met and found.bitstream
    assert (found.latency, found.interval) == (found.predicted_latency, found.predicted_interval)
    return found


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", CELLS)
def test_to_a_routed_bitstream(name, tmp_path):
    """The netlist, stalls and the cycles included: nothing differs."""
    keras.utils.set_random_seed(0)
    x = keras.Input((STEPS, INPUTS), name="x")
    model = keras.Model(x, layers.Dense(2, name="last")(CELLS[name]()(x)))
    rng = np.random.default_rng(0)
    samples, targets = rng.normal(0, 1, (120, STEPS, INPUTS)).astype(np.float32), rng.integers(0, 2, 120)
    arrays = {"x_train": samples[:80], "x_test": samples[80:], "y_train": targets[:80], "y_test": targets[80:]}
    found = routed(model, tmp_path, arrays, 400)
    print(f"{name}: latency {found.latency}, interval {found.interval}, {found.clock_limit_mhz:.1f} MHz possible")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_decoder_to_a_routed_bitstream(tmp_path):
    """An encoder, and a decoder that begins where that ends and hears the host's noise."""
    keras.utils.set_random_seed(0)
    x, noise = keras.Input((STEPS, INPUTS), name="x"), keras.Input((3, 5), name="noise")
    _, *states = layers.LSTM(UNITS, return_state=True, name="reader")(x)
    parts = layers.Embedding(5, 2, name="words"), layers.LSTM(UNITS, name="speaker"), layers.Dense(5, name="logits")
    writer = RecurrentDecoder(*parts, steps=3, start=1, stop=4, name="writer")
    rng = np.random.default_rng(0)
    arrays = {}
    for part, count in (("x_train", 80), ("x_test", 40)):
        arrays[f"{part}/x"] = rng.normal(0, 1, (count, STEPS, INPUTS)).astype(np.float32)
        arrays[f"{part}/noise"] = rng.gumbel(size=(count, 3, 5)).astype(np.float32)
    found = routed(keras.Model([x, noise], writer(states, noise=noise)), tmp_path, arrays, 600)
    print(f"decoder: latency {found.latency}, interval {found.interval}, {found.clock_limit_mhz:.1f} MHz possible")
