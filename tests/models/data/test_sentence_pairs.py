"""Sentence pairs: what is a word, which pairs are taken, and that no English sentence is in both splits."""

import dataclasses
import gzip
import hashlib
import io
import zipfile

import numpy as np
import pytest

from netloom.errors import DataUnavailableError
from netloom.models import load_dataset
from netloom.models.data import sentence_pairs
from netloom.models.data.dataset import digest_arrays
from netloom.models.data.sentence_pairs import FILE, SENTENCE_PAIRS
from netloom.models.data.vocabulary import END, START

LINES = [f"Tom has {number} cats.\tTom a {number} chats." for number in range(40)]
MORE = ["I've left.\tJe suis parti.", "I've left.\tJe suis partie.", "Who's that, over there?\tQui est-ce, là-bas ?"]
TEXT = "\n".join([*LINES, *MORE, f"{'so ' * 8}.\tsi.", f"So.\t{'si ' * 9}."]) + "\n"


@pytest.mark.parametrize(
    ("sentence", "english", "french"),
    [
        ("I don\u2019t know, Tom!", "i don't know tom", "i don' t know tom"),
        ("C'est où, d\u2019ailleurs ?", "c'est où d'ailleurs ?", "c' est où d' ailleurs ?"),
        ("As-tu 20 ans ?", "as tu 20 ans ?", "as -tu 20 ans ?"),
    ],
)
def test_words_are_small_and_french_ones_end_at_an_apostrophe_or_a_hyphen(sentence, english, french):
    assert " ".join(sentence_pairs.english_words(sentence)) == english
    assert " ".join(sentence_pairs.french_words(sentence)) == french


def test_pairs_are_short_and_each_is_taken_once():
    found = sentence_pairs.pairs(TEXT + TEXT)
    assert len(found) == len(LINES) + len(MORE)  # nothing too long, nothing twice
    assert found[-1] == (("who's", "that", "over", "there", "?"), ("qui", "est", "-ce", "là", "-bas", "?"))


def test_a_tenth_of_the_english_sentences_is_held_out_with_one_french_one_each():
    every = sentence_pairs.pairs(TEXT)
    train, test = sentence_pairs.split_pairs(every)
    assert len(test) == len({english for english, _ in every}) // 10 == 4
    assert not {english for english, _ in train} & {english for english, _ in test}
    assert len({english for english, _ in test}) == len(test)
    again = [(english, (*french, "encore")) for english, french in every]
    _, both = sentence_pairs.split_pairs([pair for two in zip(every, again, strict=True) for pair in two])
    assert both == test  # the first French sentence


def test_pairs_with_a_rare_word_are_left_out_and_counted(tmp_path, monkeypatch):
    monkeypatch.setenv("NETLOOM_DATA", str(tmp_path))
    monkeypatch.setattr(sentence_pairs, "WORDS", 12)
    content = gzip.compress(TEXT.encode())
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_bytes(content)
    found = dataclasses.replace(SENTENCE_PAIRS, files={FILE: hashlib.sha256(content).hexdigest()}).load()
    assert found.task == "sentences" and len(found.class_names) == 14
    train, test = (found.x_train, found.y_train), (found.x_test, found.y_test)
    for x, y in (train, test):
        assert x["english"].shape == (len(y), 7) and x["said"].shape == y.shape == (len(y), 9)
        assert (x["said"][:, 0] == START).all() and (x["said"][:, 1:] == y[:, :-1]).all()
        assert (y[:, -1] == END).all()  # there is room for the end
    assert 0 < len(train[1]) < len(LINES)
    assert f"{len(train[1])} to train and {len(test[1])} held out" in found.source and "of 43 pairs" in found.source


def test_the_public_source_gives_pairs_drawn_of_the_short_ones_and_no_others(monkeypatch):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("fra.txt", "\n".join([f"{'so ' * 11}\tlong", *(f"{n}\t{n}" for n in range(60_000))]) + "\n")
    asked = []

    def download(address):
        asked.append(address)
        return file.getvalue()

    monkeypatch.setattr(sentence_pairs, "download", download)
    with pytest.raises(DataUnavailableError, match="not the expected data, SHA-256"):
        load_dataset("sentence-pairs")
    assert asked == [sentence_pairs.ADDRESS]
    expected = "".join(f"{n}\t{n}\n" for n in range(60_000)).encode()
    raw = {"text": np.frombuffer(expected, np.uint8)}
    found = dataclasses.replace(SENTENCE_PAIRS, digest=digest_arrays(raw)).load()
    assert "github.com" in found.source
