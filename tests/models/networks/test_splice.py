"""Splice junctions: the data set, and what each mutation does to the score."""

import dataclasses
import hashlib
import io

import numpy as np
import pytest

from netloom.errors import DataUnavailableError
from netloom.models import Dataset, get_network, load_dataset, train
from netloom.models.data import splice as data
from netloom.models.data.dataset import digest_arrays
from netloom.models.networks.splice import effects, mutants, pictures
from netloom.models.tasks import Shows

RANDOM = np.random.default_rng(0)
SEQ = np.concatenate([RANDOM.integers(0, 4, (1500, 60)), RANDOM.integers(0, 8, (20, 60))]).astype(np.uint8)
RAW = {"seq": np.concatenate([SEQ, SEQ[:30]]), "y": (np.arange(1550) % 3).astype(np.uint8)}
WEIGHTS = RANDOM.integers(-8, 9, (60, 4, 3)) / 8


def table(arrays):
    """As the public source writes it."""
    letters = ["".join(data.LETTERS[number] for number in row) for row in arrays["seq"]]
    rows = [
        f"{data.CLASS_NAMES[y]},  X-{number}, {text}"
        for number, (y, text) in enumerate(zip(arrays["y"], letters, strict=True))
    ]
    return "\n".join(["Class, Donor, Sequence", *rows, ""]).encode()


def test_sequences_are_one_hot_and_none_is_in_both_splits(tmp_path, monkeypatch):
    file = io.BytesIO()
    np.savez(file, **RAW)
    (tmp_path / data.FILE).parent.mkdir()
    (tmp_path / data.FILE).write_bytes(file.getvalue())
    monkeypatch.setenv("NETLOOM_DATA", str(tmp_path))
    files = {data.FILE: hashlib.sha256(file.getvalue()).hexdigest()}
    found = dataclasses.replace(data.SPLICE, files=files).load()
    assert found.source == "splice junctions (NETLOOM_DATA), 920 train and 600 test sequences of 60 bases"
    assert found.x_train.shape == (920, 60, 4)
    both = np.concatenate([found.x_train, found.x_test])
    assert len(np.unique(both, axis=0)) == len(both) == 1520
    assert np.isin(both, (0, 1)).all()
    assert (both.sum(axis=2) == 0).sum() == (SEQ > 3).sum()  # letters that are no base
    assert data.one_hot(np.array([[2, 7]]))[0].tolist() == [[0, 0, 1, 0], [0, 0, 0, 0]]


def test_the_public_source_gives_the_same_arrays_and_no_others(monkeypatch):
    monkeypatch.setattr(data, "download", lambda address: table(RAW))
    with pytest.raises(DataUnavailableError, match="not the expected data, SHA-256"):
        load_dataset("splice-junctions")
    found = dataclasses.replace(data.SPLICE, digest=digest_arrays(RAW)).load()
    assert found.x_test.shape == (600, 60, 4)
    assert "github.com" in found.source


def linear(engine, x):
    """Stands in for an engine: a score a class that is a sum over the bases."""
    assert engine == "fixed"
    return {"conv": x, "logits": np.tensordot(x.astype(float), WEIGHTS, 2)}


def test_a_mutant_has_one_base_changed():
    sequence = data.one_hot(SEQ[:1])[0]
    changed = mutants(sequence)
    assert changed.shape == (60, 4, 60, 4)
    assert (changed.sum(axis=3) == 1).all()
    differ = (changed != sequence).any(axis=3).sum(axis=2)
    assert (differ == 1 - sequence).all()


def test_effects_are_what_the_engine_says_of_mutants():
    x = data.one_hot(SEQ[:60])
    sequences = x[linear("fixed", x)["logits"].argmax(axis=1) == 1][:3]
    found = effects(Shows(sequences, None, (), {}, linear), sequences, 1)
    for sample, place, base in [(0, 0, 1), (1, 30, 2), (2, 59, 3)]:
        changed = sequences[sample].copy()
        changed[place] = np.eye(4)[base]
        before, after = np.tensordot(np.stack([sequences[sample], changed]).astype(float), WEIGHTS, 2)
        margins = [one[1] - max(one[0], one[2]) for one in (before, after)]
        assert found[sample, place, base] == pytest.approx(margins[1] - margins[0])
    assert (found[sequences == 1] == 0).all()


def test_a_map_is_drawn_for_each_kind_of_junction_that_is_found():
    figure_of = pytest.importorskip("matplotlib.figure").Figure
    x = data.one_hot(SEQ[:60])
    scores = linear("fixed", x)["logits"]
    labels = scores.argmax(axis=1)
    (picture,) = pictures(Shows(x, labels, data.CLASS_NAMES, {"fixed": [scores]}, linear))
    figure = figure_of(figsize=picture.size)
    picture.draw(figure)
    assert [axes.get_title(loc="left").split(";")[0] for axes in figure.axes] == [
        "EI: an intron begins",
        "",
        "IE: an intron ends",
        "",
    ]
    nothing = Shows(x, np.full(60, 2), data.CLASS_NAMES, {"fixed": [np.tile([9.0, 0, 0], (60, 1))]}, linear)
    assert pictures(nothing) == ()


@pytest.mark.slow
def test_the_network_learns_what_marks_a_junction():
    """Drawn sequences: GTAAGT in the middle for EI, TTTCAG before it for IE, anything for N."""
    seq, y = RANDOM.integers(0, 4, (900, 60)), np.arange(900) % 3
    seq[y == 0, 30:36], seq[y == 1, 24:30] = (2, 3, 0, 0, 2, 3), (3, 3, 3, 1, 0, 2)
    x = data.one_hot(seq)
    network = get_network("splice")
    model = network.build()
    training = dataclasses.replace(network.training, epochs=8)
    train(model, Dataset(x[:700], y[:700], x[700:], y[700:], data.CLASS_NAMES, "drawn"), training)
    assert (model.predict(x[700:], verbose=0).argmax(axis=1) == y[700:]).mean() > 0.8
