"""`characters`: its text, and what the report shows of it."""

import dataclasses
import hashlib
from contextlib import contextmanager

import numpy as np
import pytest

from netloom.errors import DataUnavailableError
from netloom.models import load_dataset
from netloom.models.data import shakespeare
from netloom.models.networks import characters
from netloom.models.tasks import Shows
from netloom.report.pictures import drawn

TEXT = ("abcd\n" * 4400).encode()


def test_what_comes_next_is_the_text_moved_on(tmp_path, monkeypatch):
    (tmp_path / shakespeare.FILE).parent.mkdir()
    (tmp_path / shakespeare.FILE).write_bytes(TEXT)
    monkeypatch.setenv("NETLOOM_DATA", str(tmp_path))
    monkeypatch.setattr(shakespeare, "STRETCH", 1000)
    files = {shakespeare.FILE: hashlib.sha256(TEXT).hexdigest()}
    found = dataclasses.replace(shakespeare.SHAKESPEARE, files=files).load()
    assert "20,000 train and 2,000 test characters of the same plays, 5 different, in 360 and 18 pieces" in found.source
    assert found.class_names == tuple("\nabcd")
    text = "".join(found.class_names[number] for number in found.x_train[1])
    assert text == TEXT.decode()[50:150]
    assert (found.x_train[:, 1:] == found.y_train[:, :-1]).all()
    assert (found.x_test[1] == found.x_train[0]).all()  # pieces of the test split follow one another
    assert found.x_train.dtype == np.uint8


def test_no_test_character_is_in_a_train_piece():
    found = shakespeare.SHAKESPEARE.prepare({"text": np.arange(105_000)}, "made")
    train, test = set(found.y_train.ravel()), set(found.y_test.ravel())
    assert len(train) > 90_000 and len(test) == 9_900 and not train & test
    assert min(test) == 90_001 and max(test) == 99_900


def test_the_public_source_gives_this_text_and_no_other(monkeypatch):
    monkeypatch.setattr(shakespeare, "download", lambda address: TEXT)
    with pytest.raises(DataUnavailableError, match="not the expected data, SHA-256"):
        load_dataset("shakespeare")


def test_its_picture_is_a_text_written_step_by_step():
    names, asked = tuple("\nabcd$"), []

    @contextmanager
    def steps():
        def step(x):
            asked.append(int(x[0, 0]))
            return np.where(np.arange(6) == (asked[-1] + 1) % 6, 99.0, 0.0)[None, None]

        yield step

    outputs, y = np.zeros((3, 100, 6)), np.zeros((3, 100), np.int64)
    shows = Shows(np.zeros((3, 100)), y, names, {"float": [outputs], "fixed": [outputs]}, lambda *_: {}, steps)
    text, curve = characters.pictures(shows)
    assert len(asked) == characters.WRITTEN
    assert "abcdS" in drawn(text, "text")
    assert "characters read" in drawn(curve, "curve")
    assert len(characters.pictures(dataclasses.replace(shows, steps=None))) == 1


def test_long_lines_are_folded():
    assert characters.folded("a" * 80 + "\n\nb") == ["a" * 76, "a" * 4, "", "b"]
