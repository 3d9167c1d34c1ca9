"""Sound as bands of frequencies."""

import numpy as np
import pytest

from netloom.models.data.sound import Hearing

HEARING = Hearing(8000, window=256, hop=128, bands=24, lowest=60, highest=3900)


def tone(pitch, samples):
    return np.sin(2 * np.pi * pitch * np.arange(samples) / HEARING.rate)


def test_a_higher_tone_is_heard_in_a_higher_band():
    samples = HEARING.samples(5)
    powers = HEARING.powers(np.stack([tone(pitch, samples) for pitch in (200, 600, 1500, 3500)]))
    assert powers.shape == (4, 5, 24)
    loudest = powers.argmax(axis=2)
    assert (np.ptp(loudest, axis=1) == 0).all()
    assert (np.diff(loudest[:, 0]) > 0).all()


def test_a_frame_hears_its_window_and_nothing_else():
    audio = np.zeros(HEARING.samples(6))
    audio[3 * HEARING.hop + 1] = 1
    assert (HEARING.powers(audio).sum(axis=1) > 0).tolist() == [False, False, True, True, False, False]


@pytest.mark.parametrize("samples", [HEARING.samples(3), HEARING.samples(3) + HEARING.hop - 1])
def test_what_does_not_fill_a_frame_is_left_out(samples):
    assert HEARING.powers(np.ones(samples)).shape == (3, 24)
