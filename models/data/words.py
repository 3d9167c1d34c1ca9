"""Spoken English digits, as bands of frequencies frame by frame; the test split has speakers of its own."""

import io
import wave
import zipfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import PurePosixPath

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.download import download
from netloom.models.data.loader import Loader, NamedArrays
from netloom.models.data.sound import Hearing

FILE = "free-spoken-digits/fsdd.npz"
ADDRESS = "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/26eb9aaf76e81b692f806f9140c2d2777410d7a1.zip"
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
TEST_SPEAKERS = ("theo", "yweweler")
RATE = 8000
"""Samples a second."""
HEARING = Hearing(RATE, window=256, hop=128, bands=24, lowest=60, highest=3900)
"""Frames of 32 ms, 16 ms apart."""
FRAMES = 62
SPEEDS = ((4, 5), (9, 10), (1, 1), (11, 10), (6, 5))
"""Of the train split's copies: so much longer, and lower, a recording is made."""
LOUDER = 1.5
"""By up to so many powers of two a copy is louder or softer."""
SILENCE, SOONER_OR_LATER = 2000, 1000
"""Samples of silence before a recording; and how much more or less a copy has of it."""
LOUDEST, QUIETEST, MARGIN = 2.0**-8, 0.002, 200
"""Mean square of a recording's loudest 32 ms; what is quieter than so much of that, before and after, is left out, but
for so many samples."""
FAVOURED = 2.0
"""By about so many powers of two a copy's microphone makes more or less of some frequencies, in power; of lower and
higher ones, of the middle, and of thirds."""
NOISE = (-14, -6)
"""Powers of two between which the power of a copy's noise is, in each band."""


def _parse(files: Mapping[str, bytes]) -> NamedArrays:
    with np.load(io.BytesIO(files[FILE]), allow_pickle=False) as file:
        return {name: file[name] for name in ("audio", "offsets", "digit", "speaker")}


def _fetch() -> NamedArrays:
    audio, digit, speaker = [], [], []
    with zipfile.ZipFile(io.BytesIO(download(ADDRESS))) as archive:
        recordings = {PurePosixPath(name): name for name in archive.namelist() if name.endswith(".wav")}
        for path in sorted(recordings, key=lambda path: path.name):
            with archive.open(recordings[path]) as file, wave.open(file) as recording:
                audio.append(np.frombuffer(recording.readframes(recording.getnframes()), "<i2"))
            number, name, _ = path.stem.split("_")
            digit.append(int(number))
            speaker.append(SPEAKERS.index(name))
    return {
        "audio": np.concatenate(audio).astype(np.int16),
        "offsets": np.cumsum([0, *map(len, audio)], dtype=np.int64),
        "digit": np.array(digit, np.uint8),
        "speaker": np.array(speaker, np.uint8),
    }


def _prepare(arrays: NamedArrays, place: str) -> Dataset:
    """x: (samples, 62 frames, 24 bands), as `log_mel` gives them: a quarter of a second of silence, then a word.

    The train split has of each recording five copies: slower and lower to faster and higher, which makes other voices,
    louder or softer, a little sooner or later, through other microphones, with noise.
    """
    recordings = [heard(recording) for recording in sounds(arrays)]
    held_out = np.isin(arrays["speaker"], [SPEAKERS.index(name) for name in TEST_SPEAKERS])
    y = arrays["digit"].astype(np.int64)
    random = np.random.default_rng(0)
    x_train = [one for number in np.flatnonzero(~held_out) for one in _copies(recordings[number], random)]
    x_test = [log_mel(recordings[number], SILENCE) for number in np.flatnonzero(held_out)]
    source = (
        f"free spoken digits ({place}), {np.sum(~held_out):,} train recordings in {len(SPEEDS)} copies"
        f" and {len(x_test):,} test recordings, of {' and '.join(TEST_SPEAKERS)}, who are not in the train split"
    )
    y_train = np.repeat(y[~held_out], len(SPEEDS))
    return Dataset(np.stack(x_train), y_train, np.stack(x_test), y[held_out], tuple("0123456789"), source)


def sounds(arrays: NamedArrays) -> list[np.ndarray]:
    """The recordings, each float64 (samples,), -1 to 1, 8,000 a second; sorted by digit, speaker and take."""
    return [arrays["audio"][start:stop] / 32768 for start, stop in pairwise(arrays["offsets"])]


def heard(recording: np.ndarray) -> np.ndarray:
    """A recording from its first sound to its last, as loud as every other: speakers are as far away as they like.

    Args:
        recording: (samples,), not silent.
    """
    powers = np.convolve(recording**2, np.full(HEARING.window, 1 / HEARING.window), "same")
    sounding = np.flatnonzero(powers > QUIETEST * powers.max())
    part = recording[max(0, sounding[0] - MARGIN) : sounding[-1] + MARGIN]
    return part * np.sqrt(LOUDEST / powers.max())


def _copies(recording: np.ndarray, random: np.random.Generator) -> Iterator[np.ndarray]:
    from scipy.signal import resample_poly

    waves = np.cos(np.pi * np.outer(np.arange(1, 4), np.linspace(0, 1, HEARING.bands)))
    for up, down in SPEEDS:
        audio = resample_poly(recording, up, down) * 2 ** random.uniform(-LOUDER, LOUDER)
        powers = _powers(audio, SILENCE + int(random.integers(-SOONER_OR_LATER, SOONER_OR_LATER)))
        powers *= 2 ** (random.normal(scale=FAVOURED / np.arange(1, 4)) @ waves)
        noise = 2 ** random.uniform(*NOISE) * random.exponential(size=powers.shape)
        yield _levels(powers + noise)


def log_mel(audio: np.ndarray, silence: int = 0) -> np.ndarray:
    """How loud each band of frequencies is in each frame, on a scale of logarithms.

    Args:
        audio: samples, 8,000 a second, -1 to 1, (samples,); what is beyond a second and 8 ms is left out.
        silence: samples of it before.

    Returns:
        float32, (62, 24): frame n hears 32 ms from n * 16 ms on; 0 for -42 dB and less to 255/256 for +30 dB, exact
        multiples of 2**-8.
    """
    return _levels(_powers(audio, silence))


def _powers(audio: np.ndarray, silence: int) -> np.ndarray:
    all_of_it = np.zeros(HEARING.samples(FRAMES))
    audio = audio[: len(all_of_it) - silence]
    all_of_it[silence : silence + len(audio)] = audio
    return HEARING.powers(all_of_it)


def _levels(powers: np.ndarray) -> np.ndarray:
    levels = np.floor((np.log2(powers + 2.0**-14) + 14) / 24 * 256)
    return (np.clip(levels, 0, 255) / 256).astype(np.float32)


SPOKEN_DIGITS = Loader(
    name="spoken-digits",
    files={FILE: "710966ceec1de7205e2a3e6de858144040b883027b6ce40b4c91fa8d49bd7e4f"},
    parse=_parse,
    public_source="github.com/Jakobovski/free-spoken-digit-dataset",
    fetch=_fetch,
    prepare=_prepare,
    digest="9e59e05cacb6ea1f984f86e2ce95fcd6a3d098771854be40a137b569a2b5717c",
)
