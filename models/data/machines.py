"""`machines`: the sound of a small motor, drawn; in the test split half of the motors are faulty."""

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.sound import Hearing

HEARING = Hearing(16_000, window=1024, hop=512, bands=128, lowest=20, highest=8000)
"""Frames of 64 ms, 32 ms apart."""
FRAMES = 5
TRAIN, TEST = 4000, 1000
TURNS = (45.0, 60.0)
"""Of the motor, a second."""
BODY = ((180.0, 0.12), (620.0, 0.08), (1450.0, 0.05), (2900.0, 0.04))
"""What the motor's case rings at, Hz, and how soon that is damped."""
KNOCK = (4600.0, 0.03)
"""What rings when something knocks."""
SEVERITY = (0.15, 1.0)
FAULTS = ("loose", "knocking", "rubbing")


def load_machines() -> Dataset:
    """x: (samples, 640), 5 frames of 128 bands one after the other, 0 to 255/256 in steps of 1/256. The same ones every
    time.

    No target in the train split, which has sound motors alone; in the test split 1 for those that are faulty, else 0.
    """
    x_train, _ = draw_machines(TRAIN, 0, faulty=0.0)
    x_test, y_test = draw_machines(TEST, 1, faulty=0.5)
    source = (
        f"stand-in for ToyADMOS: drawn motors, {TRAIN:,} sound ones to train, {TEST:,} test sounds of 0.2 s,"
        " half of them faulty"
    )
    return Dataset(x_train, None, x_test, y_test, None, source, task="anomaly")


def draw_machines(count: int, seed: int, faulty: float) -> tuple[np.ndarray, np.ndarray]:
    """Motors as they are heard: a push each half turn, which the case rings at, and noise of what turns.

    Of the faulty ones a third are loose, every fourth push being harder; in a third something knocks once a turn; in a
    third something rubs, a noise that swells once a turn. How bad it is, is drawn.

    Args:
        count: of motors.
        seed: of all that is drawn.
        faulty: share of them that are, 0 to 1.

    Returns:
        float32 (count, 640), and 1 for the faulty ones, int64 (count,).
    """
    random = np.random.default_rng(seed)
    samples = HEARING.samples(FRAMES)
    wrong = random.permutation(np.arange(count) < round(faulty * count))
    fault = np.where(wrong, random.integers(len(FAULTS), size=count), -1)[:, None]
    worse = random.uniform(*SEVERITY, (count, 1))
    turns = random.uniform(*TURNS, (count, 1)) * np.arange(samples) / HEARING.rate + random.uniform(0, 4, (count, 1))

    halves = np.floor(2 * turns)
    pushes = np.diff(halves, axis=1, prepend=halves[:, :1])
    pushes[pushes > 0] = random.lognormal(0, 0.15, np.count_nonzero(pushes))
    pushes *= np.where((fault == 0) & (halves % 4 == 0), 1 + 3 * worse, 1.0)
    once = np.diff(np.floor(turns), axis=1, prepend=np.floor(turns[:, :1]))
    knocks = np.where(fault == 1, 0.6 * worse, 0.0) * once
    swells = np.where(fault == 2, worse, 0.0) * np.maximum(0, np.sin(2 * np.pi * turns)) ** 4
    noise = random.standard_normal((count, samples), np.float32)
    heard = _ringing(pushes, BODY) + _ringing(knocks, (KNOCK,)) + noise * (0.01 + 0.1 * swells)
    loud = random.lognormal(0, 0.3, (count, 1))
    levels = np.floor((np.log2(HEARING.powers(heard * loud) + 2.0**-14) + 14) / 32 * 256)
    return (np.clip(levels, 0, 255) / 256).astype(np.float32).reshape(count, -1), wrong.astype(np.int64)


def _ringing(pushes: np.ndarray, modes: tuple[tuple[float, float], ...]) -> np.ndarray:
    """What pushes, (motors, samples), make of things that ring: a damped sine for each push and mode."""
    samples = pushes.shape[1]
    seconds = np.arange(samples) / HEARING.rate
    answer = sum(np.sin(2 * np.pi * pitch * seconds) * np.exp(-seconds / damped) for pitch, damped in modes)
    spectrum = np.fft.rfft(pushes, 2 * samples, axis=1) * np.fft.rfft(answer, 2 * samples)
    return np.fft.irfft(spectrum, axis=1)[:, :samples]
