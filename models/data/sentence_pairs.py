"""`sentence-pairs`: short English sentences and what people have made of them in French, from Tatoeba."""

import gzip
import io
import re
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.download import download
from netloom.models.data.examples import as_floats
from netloom.models.data.loader import Loader, NamedArrays
from netloom.models.data.vocabulary import Vocabulary, moved_on

FILE = "english-french/eng_fra_60k.tsv.gz"
ADDRESS = "https://raw.githubusercontent.com/genimind/seq2seq/4f3f8eb0adde54fcc8b89394336b002e7961244c/fra-eng.zip"
ENGLISH_WORDS, FRENCH_WORDS = 7, 9
"""Places of a sentence; the last French one is for its end."""
WORDS = 1000
"""Of each vocabulary: the most frequent ones of the train split. Pairs with another word are left out."""
PARTS = 10
"""One of so many English sentences is held out."""

Pair = tuple[tuple[str, ...], tuple[str, ...]]
"""The words of an English sentence, and of a French one."""


def english_words(sentence: str) -> tuple[str, ...]:
    """In small letters; of what is no word only the question mark stays."""
    return tuple(re.findall(r"[\w']+|\?", _plain(sentence)))


def french_words(sentence: str) -> tuple[str, ...]:
    """Likewise; `j'ai` and `as-tu` are two words each, `j'` and `ai`, `as` and `-tu`."""
    return tuple(re.findall(r"\w+'|-?\w+|\?", _plain(sentence)))


def _plain(sentence: str) -> str:
    return sentence.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def pairs(text: str) -> list[Pair]:
    """The pairs of a file, a line each with a tab between, that are short enough; each once, in order."""
    lines = (line.split("\t") for line in text.splitlines())
    every = dict.fromkeys((english_words(english), french_words(french)) for english, french in lines)
    return [pair for pair in every if len(pair[0]) <= ENGLISH_WORDS and len(pair[1]) < FRENCH_WORDS]


def frequent(sentences: Sequence[tuple[str, ...]]) -> Vocabulary:
    """The most frequent words; of equally frequent ones those that come first."""
    counted = Counter(word for sentence in sentences for word in sentence)
    return Vocabulary(tuple(word for word, _ in counted.most_common(WORDS)))


def split_pairs(every: list[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Pairs to train and to test: a tenth of the English sentences, drawn, is held out, with the first French one.

    They stand in the order in which they are drawn: the source's is by length, and parts of it are not alike.
    """
    sentences = list(dict.fromkeys(english for english, _ in every))
    order = np.random.default_rng(0).permutation(len(sentences))
    held_out = [sentences[number] for number in order[: len(sentences) // PARTS]]
    first = dict(reversed(every))
    test = [(english, first[english]) for english in held_out]
    known = {*held_out}
    return [pair for pair in every if pair[0] not in known], test


def pair_rows(chosen: list[Pair], english: Vocabulary, french: Vocabulary) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Inputs and targets.

    Returns:
        `english`, uint16 (pairs, 7), and `said`, uint16 (pairs, 9): the French words before each, as if all were right
        so far. The French words, int64 (pairs, 9).
    """
    source = english.rows([one for one, _ in chosen], ENGLISH_WORDS)
    target = french.rows([one for _, one in chosen], FRENCH_WORDS)
    return {"english": source.astype(np.uint16), "said": moved_on(target).astype(np.uint16)}, target


def _text(content: bytes) -> NamedArrays:
    return {"text": np.frombuffer(content, np.uint8)}


def _parse(files: Mapping[str, bytes]) -> NamedArrays:
    return _text(gzip.decompress(files[FILE]))


def _fetch() -> NamedArrays:
    """60,000 of the pairs with at most 10 English and 12 French words, drawn, in the order of the source."""
    with zipfile.ZipFile(io.BytesIO(download(ADDRESS))) as archive:
        lines = archive.read("fra.txt").decode("utf-8").split("\n")
    sides = [(line, [len(side.split()) for side in line.split("\t")]) for line in lines if line]
    short = [line for line, (english, french) in sides if english <= 10 and french <= 12]
    chosen = np.sort(np.random.default_rng(0).choice(len(short), 60_000, replace=False))
    return _text("".join(f"{short[number]}\n" for number in chosen).encode("utf-8"))


def _prepare(arrays: NamedArrays, place: str) -> Dataset:
    every = pairs(arrays["text"].tobytes().decode("utf-8"))
    train, test = split_pairs(every)
    english, french = (frequent([pair[side] for pair in train]) for side in (0, 1))
    known = [
        [pair for pair in part if {*pair[0]} <= {*english.words} and {*pair[1]} <= {*french.words}]
        for part in (train, test)
    ]
    (x_train, y_train), (x_test, y_test) = (pair_rows(part, english, french) for part in known)
    source = (
        f"English and French sentences ({place}) of up to {ENGLISH_WORDS} and {FRENCH_WORDS - 1} words: of"
        f" {len(every):,} pairs those of the {WORDS:,} most frequent words, {len(y_train):,} to train and"
        f" {len(y_test):,} held out"
    )
    return Dataset(x_train, y_train, as_floats(x_test), y_test, french.names, source, task="sentences")


SENTENCE_PAIRS = Loader(
    name="sentence-pairs",
    files={FILE: "9dbedf7310611ac13ab30d156e9b4035efd0177cca0a40c5d9f9c1ee575e394b"},
    parse=_parse,
    public_source="github.com/genimind/seq2seq",
    fetch=_fetch,
    prepare=_prepare,
    digest="4d3421c4ebbeabf70dd93630e0503b66b6b439c4f68d97a0d825c7de4d4f0491",
)
