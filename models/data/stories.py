"""Stories and questions about them: tasks 1 and 2 of bAbI, as bags of words."""

import gzip
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.download import download
from netloom.models.data.loader import Loader, NamedArrays

ADDRESS = (
    "https://raw.githubusercontent.com/1202kbs/MemN2N-Tensorflow/4eec02fc619f96555a5f686fc7463d8a78f681a2/bAbI/"
    "en-valid{folder}/qa{number}_{split}.txt"
)
PLACES = ("bathroom", "bedroom", "garden", "hallway", "kitchen", "office")
"""Which all answers are."""
WORDS = (
    *("where", "is", "mary", "john", "daniel", "sandra"),
    *("went", "journeyed", "moved", "travelled", "got", "grabbed", "took", "picked", "put", "discarded", "dropped"),
    *("left", "up", "down", "back", "to", "the", *PLACES, "apple", "football", "milk", "there"),
)
"""In the order in which they stand in a sentence, so that a bag of them reads as the sentence that it was."""
SENTENCES = 15
"""That a network reads: the newest ones of a story. Those of task 1 have up to 10, those of task 2 up to 88."""


@dataclass(frozen=True)
class Question:
    """One question of a data set.

    Attributes:
        story: sentences until it is asked, the newest first; each the words it has.
        asked: its words.
        answer: a word of `PLACES`.
        oldest: so many of the newest sentences have all facts that the answer follows from.
    """

    story: tuple[frozenset[str], ...]
    asked: frozenset[str]
    answer: str
    oldest: int = 1


def questions(text: str) -> Iterator[Question]:
    """What stands in a file of bAbI: numbered lines, where 1 begins a story.

    A question has its answer and the numbers of the lines with its facts behind it, each after a tab.
    """
    story: dict[int, frozenset[str]] = {}
    for line in text.splitlines():
        number, _, rest = line.partition(" ")
        if number == "1":
            story = {}
        asked, *answer = rest.split("\t")
        words = frozenset(re.findall(r"\w+", asked.lower()))
        if answer:
            oldest = min(map(int, answer[1].split()))
            ages = sum(line >= oldest for line in story)
            yield Question(tuple(story.values())[::-1], words, answer[0], ages)
        else:
            story[int(number)] = words


def bags(chosen: list[Question]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Inputs and answers.

    Returns:
        `story`, float32 (questions, 15 sentences, words + 15): the newest sentence first, 1 for each word it has and in
        the column of its age; all 0 where the story has no more sentences, and none of those beyond the newest 15.
        `question`, float32 (questions, words). The answers as numbers in `PLACES`, int64 (questions,).
    """
    story = np.zeros((len(chosen), SENTENCES, len(WORDS) + SENTENCES), np.float32)
    asked = np.zeros((len(chosen), len(WORDS)), np.float32)
    for row, one in enumerate(chosen):
        asked[row, [WORDS.index(word) for word in one.asked]] = 1
        for age, sentence in enumerate(one.story[:SENTENCES]):
            story[row, age, [WORDS.index(word) for word in sentence]] = 1
            story[row, age, len(WORDS) + age] = 1
    answers = np.array([PLACES.index(one.answer) for one in chosen], np.int64)
    return {"story": story, "question": asked}, answers


def sentence(bag: np.ndarray) -> str:
    """The words of a bag, (words, ...), in the order of `WORDS`; empty for none."""
    return " ".join(word for word, there in zip(WORDS, bag, strict=False) if there)


def _files(number: int) -> tuple[str, str]:
    return f"babi-qa/en-10k/qa{number}_train.txt.gz", f"babi-qa/en/qa{number}_test.txt"


def _text(content: bytes) -> np.ndarray:
    return np.frombuffer(content, np.uint8)


def _parse(number: int, files: Mapping[str, bytes]) -> NamedArrays:
    train, test = _files(number)
    return {"train": _text(gzip.decompress(files[train])), "test": _text(files[test])}


def _fetch(number: int) -> NamedArrays:
    train = download(ADDRESS.format(folder="-10k", number=number, split="train"))
    return {"train": _text(train), "test": _text(download(ADDRESS.format(folder="", number=number, split="test")))}


def _prepare(number: int, arrays: NamedArrays, place: str) -> Dataset:
    """All questions; of longer stories the newest sentences, and those without a fact that is older are counted."""
    train, test = (list(questions(arrays[split].tobytes().decode("ascii"))) for split in ("train", "test"))
    source = f"bAbI, task {number} ({place}), {len(train):,} train and {len(test):,} test questions"
    if any(len(one.story) > SENTENCES for one in (*train, *test)):
        known = sum(one.oldest <= SENTENCES for one in test)
        source += (
            f" about the newest {SENTENCES} sentences of a story, which have the facts for {known:,} of the latter"
        )
    return Dataset(*bags(train), *bags(test), PLACES, source)


def _loader(number: int, sums: tuple[str, str], digest: str) -> Loader:
    return Loader(
        name=f"stories-{number}",
        files=dict(zip(_files(number), sums, strict=True)),
        parse=partial(_parse, number),
        public_source="github.com/1202kbs/MemN2N-Tensorflow",
        fetch=partial(_fetch, number),
        prepare=partial(_prepare, number),
        digest=digest,
    )


ONE_FACT = _loader(
    1,
    (
        "4a37be50bd4f9250e3de1e7bfb7906c7ade759bee174b726c90f671c3b832409",
        "55acf66cef2f6d798e2aa1d056e1ec8f24e910ea9215b639450574321132959b",
    ),
    "4e7c64347dd8a6c433ce73fac19b1a394d2f756e512e32b9625ca92ef92622c8",
)
"""One sentence has the answer: `where is john?`"""
TWO_FACTS = _loader(
    2,
    (
        "188292a000c15986d751a11e089ffdaa98a00a959ce1aa376115634d6541d842",
        "eff93fb9cd81ba02eb765772cf7cc269769ed44ec71cbbbc19cfb16ee5eba0f6",
    ),
    "0cac71a4f88a362770e1a33e875348046d9bc0926939311a2b20b3a4abfc61b5",
)
"""Two sentences have it together: who has the football, and where that one is."""
