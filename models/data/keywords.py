"""Keywords: spoken digits in the place of Speech Commands, as coefficients of the cepstrum, with silence and what is
none of them.
"""

from dataclasses import replace
from functools import cache

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.loader import NamedArrays
from netloom.models.data.sound import Hearing
from netloom.models.data.words import RATE, SPOKEN_DIGITS, sounds

HEARING = Hearing(RATE, window=240, hop=160, bands=40, lowest=20, highest=4000)
"""Frames of 30 ms, 20 ms apart."""
FRAMES, COEFFICIENTS = 49, 10
HELD_OUT = 10
"""Each so manieth recording is in the test split: five of every speaker and digit."""
COPIES = 2
"""Of each recording in the train split."""
LOUDER, LATER = 1.5, 2400
"""By up to so many powers of two a copy is louder or softer; up to so many samples later it begins."""
QUIET = 0.02
"""The loudest noise that is called silence, standard deviation, of 1."""
SILENCE, UNKNOWN = "silence", "unknown"


def _prepare(arrays: NamedArrays, place: str) -> Dataset:
    """x: (samples, 49 frames, 10 coefficients, 1), -1 to 127/128 in steps of 1/128; 12 classes.

    Besides the ten digits there are noise, which is `silence`, and digits backwards, which are `unknown`: of each as
    many as of a digit.
    """
    spoken, digits = sounds(arrays), arrays["digit"].astype(np.int64)
    held_out = np.arange(len(spoken)) % HELD_OUT == 0
    random = np.random.default_rng(0)
    splits = []
    for chosen, copies in ((np.flatnonzero(~held_out), COPIES), (np.flatnonzero(held_out), 1)):
        others = random.choice(chosen, len(chosen) // 10, replace=False)
        played = [spoken[number] for number in chosen] + [spoken[number][::-1] for number in others]
        played += [random.normal(0, random.uniform(0, QUIET), HEARING.samples(FRAMES)) for _ in others]
        labels = np.concatenate([digits[chosen], np.full(len(others), 11), np.full(len(others), 10)])
        heard = [_varied(sound, random) if copies > 1 else sound for sound in played for _ in range(copies)]
        splits.append((np.stack([cepstrum(sound) for sound in heard]), np.repeat(labels, copies)))
    (x_train, y_train), (x_test, y_test) = splits
    mean, spread = x_train.mean(axis=(0, 1)), x_train.std(axis=(0, 1))
    x_train, x_test = (
        (np.clip(np.floor((x - mean) / spread * 32), -128, 127) / 128).astype(np.float32)[..., None]
        for x in (x_train, x_test)
    )
    names = (*"0123456789", SILENCE, UNKNOWN)
    source = (
        f"stand-in for Speech Commands: free spoken digits ({place}), silence and digits backwards,"
        f" {len(x_train) // COPIES:,} train in {COPIES} copies and {len(x_test):,} test recordings, the same speakers"
    )
    return Dataset(x_train, y_train, x_test, y_test, names, source)


def _varied(sound: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A copy that is louder or softer, and begins later."""
    later = np.zeros(int(random.integers(LATER)))
    return np.concatenate([later, sound * 2 ** random.uniform(-LOUDER, LOUDER)])


def cepstrum(audio: np.ndarray) -> np.ndarray:
    """The shape of each frame's spectrum: the first coefficients of the cosine transform of its bands' logarithms.

    Args:
        audio: samples, 8,000 a second, -1 to 1, (samples,); what is beyond 0.99 s is left out.

    Returns:
        float64, (49, 10).
    """
    heard = np.zeros(HEARING.samples(FRAMES))
    heard[: len(audio)] = audio[: len(heard)]
    return np.log2(HEARING.powers(heard) + 2.0**-14) @ _cosines()


@cache
def _cosines() -> np.ndarray:
    """(40 bands, 10 coefficients)."""
    middles = (np.arange(HEARING.bands) + 0.5) / HEARING.bands
    return np.cos(np.pi * middles[:, None] * np.arange(COEFFICIENTS)) * np.sqrt(2 / HEARING.bands)


KEYWORDS = replace(SPOKEN_DIGITS, prepare=_prepare)
