"""Networks of the registry from training to the simulated firmware, on a few drawn samples in place of their data."""

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import netloom
from netloom.models import Dataset, get_network, load_dataset, networks
from netloom.models.data.blocks import CAPTIONS, draw_blocks
from netloom.models.data.catching import ACTIONS, drawn_positions
from netloom.models.data.cheques import SYMBOLS, draw_strips
from netloom.models.data.clutter import draw_clutter
from netloom.models.data.examples import Examples, as_floats, take
from netloom.models.data.faces import draw_scenes
from netloom.models.data.films import draw_films
from netloom.models.data.glimpses import MIDDLE, draw_worlds, looks
from netloom.models.data.number_words import FRENCH, translated
from netloom.models.data.sentence_pairs import pair_rows
from netloom.models.data.sets import DATASETS
from netloom.models.data.shakespeare import STEPS, pieces
from netloom.models.data.stories import PLACES, Question, bags
from netloom.models.data.vocabulary import Vocabulary
from netloom.models.data.wikitext import BEFORE, WORDS, words_before
from netloom.models.networks.characters import CHARACTERS
from netloom.models.tasks import find_task
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.testset import TestSet

RANDOM = np.random.default_rng(0)
TRAIN, TEST = 90, 30


def drawn(x: np.ndarray, y: np.ndarray, task: str = "classification") -> Dataset:
    x = x.astype(np.float32)
    return Dataset(x[:TRAIN], y[:TRAIN], x[TRAIN:], y[TRAIN:], None, "drawn", task=task)


def bases() -> Dataset:
    seq, y = RANDOM.integers(0, 4, (TRAIN + TEST, 60)), np.arange(TRAIN + TEST) % 3
    seq[y < 2] = y[y < 2, None]  # one base for each kind of junction: found at once
    return drawn(np.eye(4)[seq], y)


def frames() -> Dataset:
    return drawn(RANDOM.integers(0, 256, (TRAIN + TEST, 62, 24)) / 256, np.arange(TRAIN + TEST) % 10)


def fingerprints() -> Dataset:
    y = RANDOM.integers(0, 2, (TRAIN + TEST, 12)).astype(np.float32)
    y[RANDOM.random(y.shape) < 0.2] = np.nan
    return drawn(RANDOM.random((TRAIN + TEST, 1024)) < 0.03, y, "multilabel")


def faces_in_scenes() -> Dataset:
    windows, ground = RANDOM.random((2, 5, 25, 25)), RANDOM.random((1, 80, 80))
    x, y = draw_scenes(windows[0], windows[1], ground, np.arange(TRAIN + TEST) % 5, seed=0)
    return drawn(x, y, "detection")


def digits_in_clutter() -> Dataset:
    return drawn(*draw_clutter(RANDOM.random((20, 8, 8)), np.arange(20) % 10, TRAIN + TEST, seed=0), "detection")


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Images that stand in for MNIST's: as bright as their number."""
    labels = np.arange(TRAIN + TEST) % 10
    images = RANDOM.integers(0, 256, (TRAIN + TEST, 28, 28, 1)) / 256
    images[:, :4] = images[:, 24:] = images[:, :, :6] = images[:, :, 22:] = 0
    return (images * (labels[:, None, None, None] + 1) / 10).astype(np.float32), labels


def few_labels() -> Dataset:
    data = drawn(*digits())
    return dataclasses.replace(data, x_unlabelled=data.x_train, x_train=data.x_train[:50], y_train=data.y_train[:50])


def images() -> Dataset:
    return dataclasses.replace(drawn(*digits(), "reconstruction"), y_train=None, y_test=None)


def strips() -> Dataset:
    return dataclasses.replace(drawn(*draw_strips(*digits(), TRAIN + TEST, 0), "amounts"), class_names=SYMBOLS)


def signs() -> Dataset:
    return drawn(RANDOM.integers(0, 256, (TRAIN + TEST, 32, 32, 3)) / 256, np.arange(TRAIN + TEST) % 43)


def films() -> Dataset:
    return drawn(*draw_films(RANDOM.random((20, 8, 8)), TRAIN + TEST, seed=0))


def tiles() -> Dataset:
    x = RANDOM.integers(0, 256, (TRAIN + TEST, 32, 32, 1)) / 256
    return drawn(x, (x[..., 0] > 0.5).astype(np.int64), "segmentation")


def jets() -> Dataset:
    return drawn(RANDOM.normal(0, 1, (TRAIN + TEST, 16)), np.arange(TRAIN + TEST) % 5)


def many_digits() -> Dataset:
    """As many as a kernel machine takes examples of."""
    x, y = digits()
    return Dataset(np.repeat(x, 3, axis=0), np.repeat(y, 3), x[:TEST], y[:TEST], None, "drawn")


def motors() -> Dataset:
    faulty = np.arange(TRAIN + TEST) % 2
    given = drawn(RANDOM.random((TRAIN + TEST, 640)) / (1 + faulty[:, None]), faulty, "anomaly")
    return dataclasses.replace(given, x_train=given.x_train[::2], y_train=None)


def coefficients() -> Dataset:
    return drawn(RANDOM.integers(-128, 128, (TRAIN + TEST, 49, 10, 1)) / 128, np.arange(TRAIN + TEST) % 12)


def pixels() -> Dataset:
    return drawn(RANDOM.integers(0, 256, (TRAIN + TEST, 32, 32, 3)) / 256, np.arange(TRAIN + TEST) % 10)


def scenes() -> Dataset:
    x, y = (RANDOM.integers(0, 256, (16, 96, 96, 3)) / 256).astype(np.float32), np.arange(16) % 2
    return Dataset(x[:12], y[:12], x[12:], y[12:], None, "drawn")


def games() -> Dataset:
    screens = drawn_positions(TRAIN + TEST, np.random.default_rng(0)).screens()
    return Dataset(screens[:TRAIN], None, screens[TRAIN:], None, ACTIONS, "drawn", "it is played", "control")


def stories() -> Dataset:
    places = [PLACES[number % len(PLACES)] for number in range(TRAIN + TEST)]
    asked = frozenset("where is john".split())
    told = [(frozenset(f"john went to the {place}".split()), frozenset(["mary"])) for place in places]
    x, y = bags([Question(*one) for one in zip(told, [asked] * len(told), places, strict=True)])
    train, test = ({name: array[part] for name, array in x.items()} for part in (slice(TRAIN), slice(TRAIN, None)))
    return Dataset(train, y[:TRAIN], test, y[TRAIN:], PLACES, "drawn")


def text() -> Dataset:
    x, y = pieces(np.arange((TRAIN + TEST + 1) * STEPS) % 7, STEPS)
    names = ("\n", *(chr(ord("A") + number) for number in range(CHARACTERS - 1)))
    return Dataset(x[:TRAIN], y[:TRAIN], as_floats(x[TRAIN:]), y[TRAIN:], names, "drawn", task="characters")


def number_words() -> Dataset:
    x, y = translated(np.arange(TRAIN + TEST))
    train, test = ({name: array[part] for name, array in x.items()} for part in (slice(TRAIN), slice(TRAIN, None)))
    return Dataset(train, y[:TRAIN], as_floats(test), y[TRAIN:], FRENCH.names, "made", task="sentences")


def sentence_pairs() -> Dataset:
    words = Vocabulary(tuple(f"w{number}" for number in range(WORDS)))
    sentences = [tuple(words.words[word] for word in RANDOM.integers(0, 20, 5)) for _ in range(TRAIN + TEST)]
    x, y = pair_rows([(one, one[::-1]) for one in sentences], words, words)
    train, test = ({name: array[part] for name, array in x.items()} for part in (slice(TRAIN), slice(TRAIN, None)))
    return Dataset(train, y[:TRAIN], as_floats(test), y[TRAIN:], words.names, "drawn", task="sentences")


def articles() -> Dataset:
    x, y = words_before(np.arange(TRAIN + TEST + BEFORE) % 11)
    names = tuple(f"w{number}" for number in range(WORDS))
    return Dataset(x[:TRAIN], y[:TRAIN], as_floats(x[TRAIN:]), y[TRAIN:], names, "drawn", task="language")


def blocks() -> Dataset:
    (x, y), (x_test, y_test) = draw_blocks(TRAIN, 0), draw_blocks(TEST, 1)
    return Dataset(x, y, as_floats(x_test), y_test, CAPTIONS.names, "drawn", task="sentences")


def worlds_to_see() -> Dataset:
    images, labels = digits()
    worlds, best = draw_worlds(images[..., 0], labels, seed=0)
    x_train, x_test = looks(worlds[:TRAIN], best[:TRAIN]), looks(worlds[TRAIN:], np.full(TEST, MIDDLE))
    return Dataset(x_train, worlds[:TRAIN], x_test, worlds[TRAIN:], None, "drawn", task="glimpse")


def overviews() -> Dataset:
    return drawn(RANDOM.integers(0, 256, (TRAIN + TEST, 30, 30, 1)) / 256, np.arange(TRAIN + TEST) % 10)


def steps_of_a_machine(dataset: str = "copying") -> Dataset:
    data = load_dataset(dataset)
    assert data.y_test is not None
    few = {
        name: take(x, slice(count)) for name, x, count in (("train", data.x_train, TRAIN), ("test", data.x_test, TEST))
    }
    return dataclasses.replace(data, x_train=few["train"], x_test=few["test"], y_test=take(data.y_test, slice(TEST)))


SMALL = {
    "splice": bases,
    "words": frames,
    "speech": frames,
    "language": articles,
    "molecules": fingerprints,
    "faces": faces_in_scenes,
    "clutter": digits_in_clutter,
    "pretrain": few_labels,
    "autoencoder": images,
    "cheque": strips,
    "control": games,
    "glimpse": worlds_to_see,
    "glimpse-passive": overviews,
    "characters": text,
    "characters-rnn": text,
    "translation": number_words,
    "translation-pairs": sentence_pairs,
    "captions": blocks,
    "turing": steps_of_a_machine,
    "turing-sort": partial(steps_of_a_machine, "sorting"),
    "memory": stories,
    "memory-two-facts": stories,
    "tiny-ad": motors,
    "tiny-kws": coefficients,
    "tiny-ic": pixels,
    "tiny-vww": scenes,
}
TRAINED = {
    **SMALL,
    **{name: lambda name=name: load_dataset(get_network(name).dataset) for name in ("warp", "digits")},
    **{name: lambda: load_dataset("digits") for name in ("linear-digits", "kernel-digits")},
    **{name: lambda: drawn(*digits()) for name in ("linear", "lenet")},
    "kernel": many_digits,
    "signs": signs,
    "deep": pixels,
    "video": films,
    "cells": tiles,
    "jets": jets,
}
PICTURED = {
    "splice": "What each mutation does",
    "pretrain": "What pre-training gains",
    "autoencoder": "Images, and each again",
    "language": "Beside counted words",
    "words": "How a word is recognized",
    "speech": "How a word is recognized",
    "cheque": "What is read, and where",
    "control": "How it plays",
    "characters": "What it writes",
    "characters-rnn": "What it writes",
    "translation": "Where it looks while it writes",
    "captions": "Where it looks at each word",
    "glimpse": "Where it looks<",
    "turing": "How it copies",
    "turing-sort": "How it sorts",
    "memory": "Where it looks for the answer",
    "memory-two-facts": "Where it looks for the answer",
}


LONG = {"captions", "clutter", "control", "deep", "glimpse", "glimpse-passive", "speech", "splice", "translation-pairs"}
LONG |= {"memory-two-facts", "signs", "tiny-ad", "tiny-ic", "tiny-kws", "tiny-vww", "turing", "turing-sort"}
"""They take seconds to build. A quick one has the same task and kind of layers, or they have tests of their own."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(one.name, marks=[pytest.mark.slow] if one.name in LONG else []) for one in networks()],
)
def test_a_network_trains_in_seconds_on_a_few_samples(name: str) -> None:
    network, data = get_network(name), TRAINED[name]()
    model = network.build()
    before = model.get_weights()
    network.train(model, data, dataclasses.replace(network.training, epochs=1))
    assert all(np.isfinite(weights).all() for weights in model.get_weights())
    assert any((old != new).any() for old, new in zip(before, model.get_weights(), strict=True))
    examples = Examples(data.x_test, data.y_test)
    scores = find_task(network.task).evaluate(lambda x: model.predict(x, verbose=0), examples)
    assert network.score.name in scores


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_network_becomes_firmware_that_equals_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = get_network(name)
    monkeypatch.setitem(DATASETS, network.dataset, SMALL[name])
    changes = {"epochs": 8 if name == "splice" else 1, "fine_tune_epochs": 1}
    settings = netloom.RunSettings.of(network, board=False).model_copy(update=changes)
    report = netloom.run(name, settings=settings, directory=tmp_path / "r").report
    equal = {record.engines: record.mismatches for record in report.fidelity if record.engines[0] != "float"}
    assert set(equal.values()) == {0}
    assert ("fixed", "csim") in equal
    assert network.score.name in report.scores["fixed"]
    assert report.task.name == network.task
    kept, given = TestSet.load(tmp_path / "r" / rundir.DATA).y, SMALL[name]().y_test
    assert np.shape(kept) == np.shape(given)
    page = (tmp_path / "r" / rundir.REPORT_HTML).read_text()
    titles = {PICTURED[name]} if name in PICTURED else set()
    assert {title for title in PICTURED.values() if title in page} == titles
