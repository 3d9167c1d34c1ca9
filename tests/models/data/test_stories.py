"""bAbI: what its files say, and how it is given to a network."""

import dataclasses
import gzip
import hashlib

import numpy as np
import pytest

from netloom.errors import DataUnavailableError
from netloom.models import load_dataset
from netloom.models.data import stories
from netloom.models.data.dataset import digest_arrays

SHORT = """1 Mary moved to the bathroom.
2 John went back to the hallway.
3 Where is Mary? \tbathroom\t1
4 Daniel travelled to the office.
5 Where is John? \thallway\t2
1 Sandra moved to the garden.
2 Where is Sandra? \tgarden\t1
"""
LONG = "\n".join(
    [f"{number} John went to the kitchen." for number in range(1, 17)]
    + ["17 Where is John?\tkitchen\t16", "18 John got the milk.", "19 Where is the milk?\tkitchen\t18 2"]
)


def test_a_question_has_the_story_until_then_the_newest_first():
    first, second, third = stories.questions(SHORT)
    assert [sorted(sentence) for sentence in first.story] == [
        ["back", "hallway", "john", "the", "to", "went"],
        ["bathroom", "mary", "moved", "the", "to"],
    ]
    assert second.story[1:] == first.story and "daniel" in second.story[0]
    assert (first.answer, second.answer, third.answer) == ("bathroom", "hallway", "garden")
    assert sorted(first.asked) == ["is", "mary", "where"]
    assert len(third.story) == 1
    assert [one.oldest for one in (first, second, third)] == [2, 2, 1]
    assert [one.oldest for one in stories.questions(LONG)] == [1, 16]


def test_sentences_that_are_not_there_are_zeros_and_others_say_how_old_they_are():
    x, y = stories.bags(list(stories.questions(SHORT)))
    assert x["story"].shape == (3, 15, 48) and x["question"].shape == (3, 33)
    assert [(x["story"] != 0).any(axis=2).sum(axis=1).tolist(), y.tolist()] == [[2, 3, 1], [0, 3, 2]]
    for sample, count in enumerate((2, 3, 1)):
        ages = x["story"][sample, :, len(stories.WORDS) :]
        assert (ages == np.eye(15) * (np.arange(15) < count)).all()
    assert stories.sentence(x["story"][0, 0]) == "john went back to the hallway"
    assert stories.sentence(x["question"][2]) == "where is sandra"
    assert stories.sentence(x["story"][0, 5]) == ""


@pytest.fixture
def raw():
    both = {"train": (SHORT * 2).encode(), "test": (SHORT + LONG).encode()}
    return {split: np.frombuffer(text, np.uint8) for split, text in both.items()}


def test_of_long_stories_the_newest_sentences_are_told_and_facts_that_are_older_counted(raw, tmp_path, monkeypatch):
    content = {next(iter(stories.ONE_FACT.files)): gzip.compress(raw["train"].tobytes())}
    content["babi-qa/en/qa1_test.txt"] = raw["test"].tobytes()
    for name, data in content.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    monkeypatch.setenv("NETLOOM_DATA", str(tmp_path))
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    found = dataclasses.replace(stories.ONE_FACT, files=sums).load()
    assert found.source == (
        "bAbI, task 1 (NETLOOM_DATA), 6 train and 5 test questions about the newest 15 sentences of a story, which have"
        " the facts for 4 of the latter"
    )
    assert found.class_names == stories.PLACES
    told = [stories.sentence(found.x_test["story"][4, age]) for age in range(15)]
    assert told == ["john got the milk", *["john went to the kitchen"] * 14]


def test_the_public_source_gives_the_same_text_and_no_other(raw, monkeypatch):
    asked = []

    def download(address):
        asked.append(address.rpartition("bAbI/")[2])
        return raw["train" if "train" in address else "test"].tobytes()

    monkeypatch.setattr(stories, "download", download)
    with pytest.raises(DataUnavailableError, match="not the expected data, SHA-256"):
        load_dataset("stories-2")
    assert asked == ["en-valid-10k/qa2_train.txt", "en-valid/qa2_test.txt"]
    found = dataclasses.replace(stories.TWO_FACTS, digest=digest_arrays(raw)).load()
    assert found.y_test.tolist() == [0, 3, 2, 4, 4]
    assert "github.com" in found.source
