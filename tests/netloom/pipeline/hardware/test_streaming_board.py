"""A real recurrent network, a step at a time on an emulated board, gives what the whole sequence gives."""

import keras
import numpy as np
import pytest
from keras import layers

import netloom
from netloom.pipeline import rundir
from netloom.quantize import Policy, quantize, save_model, streaming
from netloom.sim.hardware.emulate import emulate

STEPS, INPUTS = 5, 3


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_an_lstm_step_by_step_gives_what_the_whole_sequence_gives(tmp_path):
    keras.utils.set_random_seed(0)
    x = keras.Input((STEPS, INPUTS), name="x")
    steps = layers.LSTM(3, return_sequences=True, name="lstm")(x)
    sequences = np.random.default_rng(0).normal(0, 1.2, (8, STEPS, INPUTS)).astype(np.float32)
    twin = quantize(keras.Model(x, layers.Dense(2, name="last")(steps)), Policy(), sequences, fine_tune_epochs=0)
    expected = np.asarray(twin.predict(sequences, verbose=0))
    assert len(np.unique(expected)) > STEPS

    save_model(streaming(twin, 1), tmp_path / "step.keras")
    parts = sequences.reshape(-1, 1, INPUTS)
    np.savez(tmp_path / "parts.npz", x_train=parts, x_test=parts)
    run = netloom.run(
        tmp_path / "step.keras",
        data=tmp_path / "parts.npz",
        settings=netloom.RunSettings(hardware=netloom.HardwareSettings(board="ULX3S-25F", target_ii=200)),
        directory=tmp_path / "run",
        until="design",
    )
    with (
        emulate(run.directory / rundir.DESIGN) as emulator,
        netloom.Board(emulator.port, run.directory, samples=emulator.samples) as board,
    ):
        for sequence, wanted in zip(sequences[:3], expected, strict=False):
            board.reset_state()
            for number, (step, one) in enumerate(zip(sequence, wanted, strict=True)):
                np.testing.assert_array_equal(board.predict_next(step[None, None])[0, 0], one)
                # The product of the state needs no input, and is there before a later step comes.
                assert board.cycles == board.design.latency if number == 0 else board.cycles <= board.design.latency
        for _ in range(2):
            # It begins anew each time, whatever was before.
            np.testing.assert_array_equal(board.predict(sequences[0][:, None])[:, 0], expected[0])
        goes_on = board.predict_next(sequences[0][:1, None])[0, 0]
        assert (goes_on != expected[0, 0]).any()
