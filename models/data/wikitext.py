"""WikiText-2: articles of Wikipedia as words, to foresee the next one from those before it."""

import gzip
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.download import download
from netloom.models.data.examples import as_floats
from netloom.models.data.loader import Loader, NamedArrays

FOLDER = "wikitext-2"
ADDRESS = (
    "https://raw.githubusercontent.com/pytorch/examples/77f55b912142e11fcfdf5b530231fb9c52f181e8/"
    "word_language_model/data/wikitext-2/"
)
TRAIN, TEST = "test", "valid"
"""Files: the train file is not among those at hand, so the test file is learned, and the validation file tests."""
WORDS = 1000
"""Of the vocabulary: the most frequent ones of the train split, in small letters; all others are one, `<unk>`."""
BEFORE = 5
"""Words that are known when one is to be foreseen."""
UNKNOWN, LINE_END = "<unk>", "<eos>"


def _parse(files: Mapping[str, bytes]) -> NamedArrays:
    return {part: _bytes(gzip.decompress(files[f"{FOLDER}/wiki.{part}.txt.gz"])) for part in (TRAIN, TEST)}


def _fetch() -> NamedArrays:
    return {part: _bytes(download(f"{ADDRESS}{part}.txt")) for part in (TRAIN, TEST)}


def _bytes(content: bytes) -> np.ndarray:
    return np.frombuffer(content, np.uint8)


def read_words(text: str) -> list[str]:
    """The words of a text in small letters, and `<eos>` at the end of every line that has some."""
    lines = [line.lower().split() for line in text.split("\n")]
    return [word for line in lines if line for word in (*line, LINE_END)]


def vocabulary(words: Sequence[str], size: int) -> tuple[str, ...]:
    """`<unk>`, then the most frequent words; of equally frequent ones those that come first."""
    counted = Counter(word for word in words if word != UNKNOWN)
    return (UNKNOWN, *(word for word, _ in counted.most_common(size - 1)))


def word_numbers(words: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """Numbers of words in a vocabulary, 0 for those that are not in it, int64 (words,)."""
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers.get(word, 0) for word in words], np.int64)


def words_before(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every word that has `BEFORE` others before it: those, uint16 (words, 5), and itself, int64 (words,)."""
    there = np.arange(len(numbers) - BEFORE)[:, None] + np.arange(BEFORE)
    return numbers[there].astype(np.uint16), numbers[BEFORE:]


def _prepare(arrays: NamedArrays, place: str) -> Dataset:
    texts = {part: read_words(arrays[part].tobytes().decode("utf-8")) for part in (TRAIN, TEST)}
    names = vocabulary(texts[TRAIN], WORDS)
    numbers = {part: word_numbers(text, names) for part, text in texts.items()}
    (x_train, y_train), (x_test, y_test) = words_before(numbers[TRAIN]), words_before(numbers[TEST])
    unknown = (numbers[TEST] == 0).mean()
    source = (
        f"WikiText-2 ({place}), its {TRAIN} file to train, {len(y_train):,} words, and its {TEST} file to test,"
        f" {len(y_test):,}; {len(names):,} different words, others are {UNKNOWN}, {100 * unknown:.0f} % of the latter"
    )
    return Dataset(x_train, y_train, as_floats(x_test), y_test, names, source, task="language")


WIKITEXT = Loader(
    name="wikitext-2",
    files={
        "wikitext-2/wiki.test.txt.gz": "688887879b4b526692cb2e423a516dcc5f6584a01fd3f33a8e164fbed2de8090",
        "wikitext-2/wiki.valid.txt.gz": "3cdd8cb5bb349a05840c7c3bef9578d90d64df77e27e0c25c033ba9342757ee3",
    },
    parse=_parse,
    public_source="github.com/pytorch/examples",
    fetch=_fetch,
    prepare=_prepare,
    digest="edb896e8aa95f796caeb842d8ade51f798e2d586b1629ae8928807eaa7357bcb",
)
