"""`language`: its words, and what its report shows."""

import dataclasses
import gzip
import hashlib

import numpy as np
import pytest

from netloom.errors import DataUnavailableError
from netloom.models import Dataset, load_dataset
from netloom.models.data import wikitext
from netloom.models.data.sets import DATASETS
from netloom.models.networks import language
from netloom.models.tasks import Shows
from netloom.report.pictures import drawn

TEXT = " \n = The Title = \n The cat and the <unk> . \n \n A cat . \n"


def test_words_are_in_small_letters_and_lines_end() -> None:
    words = wikitext.read_words(TEXT)
    assert " ".join(words) == "= the title = <eos> the cat and the <unk> . <eos> a cat . <eos>"
    names = wikitext.vocabulary(words, 5)
    assert names == ("<unk>", "the", "<eos>", "=", "cat")
    assert wikitext.word_numbers(words[5:12], names).tolist() == [1, 4, 0, 1, 0, 0, 2]
    x, y = wikitext.words_before(np.arange(9))
    assert x.tolist() == [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [2, 3, 4, 5, 6], [3, 4, 5, 6, 7]] and y.tolist() == [
        5,
        6,
        7,
        8,
    ]


def test_the_vocabulary_is_of_the_train_split_alone(tmp_path, monkeypatch) -> None:
    files = {}
    for name, text in zip(wikitext.WIKITEXT.files, (TEXT * 3, "The dog and the cat . \n" * 2), strict=True):
        content = gzip.compress(text.encode())
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
        files[name] = hashlib.sha256(content).hexdigest()
    monkeypatch.setenv("NETLOOM_DATA", str(tmp_path))
    found = dataclasses.replace(wikitext.WIKITEXT, files=files).load()
    assert "its test file to train, 43 words, and its valid file to test, 9; 9 different words" in found.source
    assert "dog" not in found.class_names and found.class_names[0] == "<unk>"
    assert found.x_test[0].tolist() == [found.class_names.index("the"), 0, *found.x_test[0, 2:]]
    assert (found.x_train[1:, :-1] == found.x_train[:-1, 1:]).all() and found.x_train.dtype == np.uint16


def test_the_public_source_gives_these_texts_and_no_others(monkeypatch) -> None:
    monkeypatch.setattr(wikitext, "download", lambda address: TEXT.encode())
    with pytest.raises(DataUnavailableError, match="not the expected data, SHA-256"):
        load_dataset("wikitext-2")


def test_its_pictures_have_n_grams_of_the_same_words_and_a_map(monkeypatch) -> None:
    names = tuple(f"word{number}" for number in range(40))
    x, y = wikitext.words_before(np.arange(400) % 40)
    monkeypatch.setitem(DATASETS, "wikitext-2", lambda: Dataset(x, y, x, y, names, "drawn", task="language"))

    def layers(engine, given):
        return {"vectors": np.eye(40)[given] + np.random.default_rng(0).normal(0, 0.01, (*given.shape, 40))}

    scores = np.zeros((len(y), 1000))
    shows = Shows(x, y, names, {"float": [scores], "fixed": [scores]}, layers)
    beside, words = language.pictures(shows)
    text = drawn(beside, "beside")
    assert "5 words" in text and text.count("1000.00") == 2
    assert "word39" in drawn(words, "words")
