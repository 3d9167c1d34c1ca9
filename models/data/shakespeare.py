"""Tiny Shakespeare: a million characters of plays, cut into pieces whose next characters are to be foreseen."""

from collections.abc import Mapping

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.download import download
from netloom.models.data.examples import as_floats
from netloom.models.data.loader import Loader, NamedArrays

FILE = "tiny-shakespeare/input.txt"
ADDRESS = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/"
    "data/tinyshakespeare/input.txt"
)
STEPS = 100
"""Characters of a piece."""
STRETCH, STRETCHES = 10_000, 10
"""Characters of a stretch of the text; and of so many stretches the last one is the test split's."""


def _text(content: bytes) -> NamedArrays:
    return {"text": np.frombuffer(content, np.uint8)}


def _parse(files: Mapping[str, bytes]) -> NamedArrays:
    return _text(files[FILE])


def _fetch() -> NamedArrays:
    return _text(download(ADDRESS))


def _prepare(arrays: NamedArrays, place: str) -> Dataset:
    """x: numbers of characters, uint8 (samples, 100); y: those that come after each, int64 (samples, 100).

    Both splits are of the same plays: every tenth stretch of 10,000 characters is the test split's. Its pieces follow
    one another; those of the train split overlap by half.
    """
    letters, numbers = np.unique(arrays["text"], return_inverse=True)
    stretches = [numbers[start : start + STRETCH] for start in range(0, len(numbers), STRETCH)]
    test = stretches[STRETCHES - 1 :: STRETCHES]
    train = [stretch for number, stretch in enumerate(stretches) if number % STRETCHES != STRETCHES - 1]
    x_train, y_train = _of_all(train, STEPS // 2)
    x_test, y_test = _of_all(test, STEPS)
    names = tuple(map(chr, letters))
    source = (
        f"tiny Shakespeare ({place}), {sum(map(len, train)):,} train and {sum(map(len, test)):,} test characters of the"
        f" same plays, {len(names)} different, in {len(x_train):,} and {len(x_test):,} pieces of {STEPS}"
    )
    return Dataset(x_train, y_train, as_floats(x_test), y_test, names, source, task="characters")


def _of_all(stretches: list[np.ndarray], apart: int) -> tuple[np.ndarray, np.ndarray]:
    found = [pieces(stretch, apart) for stretch in stretches]
    return np.concatenate([x for x, _ in found]), np.concatenate([y for _, y in found])


def pieces(numbers: np.ndarray, apart: int) -> tuple[np.ndarray, np.ndarray]:
    """Pieces of a text that begin `apart` characters after one another, and the same moved on by one."""
    starts = np.arange(0, len(numbers) - STEPS, apart)
    there = starts[:, None] + np.arange(STEPS)
    return numbers[there].astype(np.uint8), numbers[there + 1].astype(np.int64)


SHAKESPEARE = Loader(
    name="shakespeare",
    files={FILE: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"},
    parse=_parse,
    public_source="github.com/karpathy/char-rnn",
    fetch=_fetch,
    prepare=_prepare,
    digest="4401a03ff7a6bb69cdd9a68c2278b531373fdd5cc7ae2454dab41bc356b08767",
)
