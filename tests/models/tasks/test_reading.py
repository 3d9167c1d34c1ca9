"""The task `reading`, its grammars, and the strips of `cheques`."""

import itertools
import re

import numpy as np
import pytest

from netloom.errors import InputError
from netloom.models.data.cheques import HEIGHT, LONGEST, WIDTH, draw_strips
from netloom.models.tasks import Shows, find_task
from netloom.models.tasks.measures.grammar import AMOUNTS, Grammar, Writes
from netloom.models.tasks.reading import distance, gathered_symbols
from netloom.report.pictures import drawn

RANDOM = np.random.default_rng(0)
AMOUNT = re.compile(r"(0|[1-9]\d?\d?|[1-9]\d?,\d\d\d)\.\d\d")
PAIRS = Grammar(
    "abc",
    (
        Writes("start", "ab", 0.7, "more"),
        Writes("start", "c", 0.3, ""),
        Writes("more", "ab", 0.4, "more"),
        Writes("more", "a", 0.6, ""),
    ),
)


def slowly(grammar: Grammar, scores: np.ndarray) -> tuple[float, ...]:
    """How likely each way through the positions is at best: every one is tried, symbol for symbol."""
    found = {}
    for along in itertools.product(range(len(grammar.symbols) + 1), repeat=len(scores)):
        (string,) = gathered_symbols(np.array([along]))
        text = "".join(grammar.symbols[one - 1] for one in string)
        ways = {grammar.rules[0].place: 0.0}
        for symbol in text:
            then: dict[str, float] = {}
            for rule in grammar.rules:
                if rule.place in ways and rule.place and symbol in rule.symbols:
                    value = ways[rule.place] + np.log(rule.probability / len(rule.symbols))
                    then[rule.then] = max(value, then.get(rule.then, -np.inf))
            ways = then
        if "" in ways:
            found[along] = ways[""] + sum(scores[place, one] for place, one in enumerate(along))
    return max(found, key=lambda along: found[along])


def test_the_likeliest_string_is_that_of_trying_them_all() -> None:
    scores = np.log(RANDOM.dirichlet(np.ones(4) / 2, (40, 5)))
    read = PAIRS.read(scores)
    assert read.tolist() == [list(slowly(PAIRS, one)) for one in scores]
    assert (read != scores.argmax(axis=-1)).any()


def test_where_no_string_fits_in_there_is_none() -> None:
    two = Grammar("a", (Writes("start", "a", 1, "more"), Writes("more", "a", 1, "")))
    scores = np.log(np.full((3, 2, 2), 0.5))
    assert (two.read(scores) == 0).all()  # two that are the same take three positions
    assert two.read(np.log(np.full((1, 3, 2), 0.5))).tolist() == [[1, 0, 1]]
    assert two.read(scores[:0]).shape == (0, 2)


def test_amounts_are_as_they_are_written() -> None:
    texts = {AMOUNTS.draw(RANDOM) for _ in range(500)}
    assert all(AMOUNT.fullmatch(text) for text in texts)
    assert {len(text) for text in texts} == {4, 5, 6, 8, 9}
    by_place: dict[str, float] = {}
    for rule in AMOUNTS.rules:
        by_place[rule.place] = by_place.get(rule.place, 0) + rule.probability
    assert by_place == {place: pytest.approx(1) for place in by_place}


def along(text: str, positions: int = 20) -> np.ndarray:
    """Scores that say a string plainly, two positions a symbol."""
    scores = np.zeros((positions, 13))
    for place, symbol in enumerate(text):
        scores[2 * place, AMOUNTS.symbols.index(symbol) + 1] = 9
    scores[:, 0] = 5
    return scores


def test_a_grammar_mends_what_is_no_amount() -> None:
    wanted = np.zeros((2, 9), np.int64)
    for row, text in zip(wanted, ("1,234.56", "11.00"), strict=True):
        row[: len(text)] = [AMOUNTS.symbols.index(symbol) + 1 for symbol in text]
    outputs = np.stack([along("1,234.56"), along("11.00")])
    outputs[0, 2, [11, 12]] = 9.2, 9  # the comma looks a little more like a point
    task = find_task("amounts")
    plain = find_task("reading").measure(outputs, wanted)
    assert plain == {"exact_strings": 0.5, "character_error_rate": pytest.approx(1 / 13)}
    assert task.measure(outputs[:, None], wanted) == {
        "exact_strings": 1.0,
        "exact_without_grammar": 0.5,
        "character_error_rate": 0.0,
    }
    assert [score.name for score in task.scores] == list(task.measure(outputs, wanted))
    names = ("", *AMOUNTS.symbols)
    assert [task.words(one, names) for one in outputs] == ["1,234.56", "11.00"]
    assert task.target(wanted[1], names).text == "11.00"
    missed = find_task("reading").misjudged(outputs, wanted)
    assert missed is not None and missed.tolist() == [True, False]
    shows = Shows(RANDOM.random((2, 28, 160, 1)), wanted, names, {"fixed": [outputs]}, lambda engine, x: {})
    (picture,) = task.pictures(shows)
    svg = drawn(picture, "reading")
    assert svg.count("<image") >= 4
    (flat,) = [task.pictures(Shows(RANDOM.random((2, 9, 2)), wanted, names, {"fixed": [outputs]}, shows.layers))]
    assert not flat  # samples that are no images


@pytest.mark.parametrize(
    ("one", "other", "edits"), [("", "", 0), ("12", "", 2), ("", "123", 3), ("1234", "124", 1), ("4123", "1235", 2)]
)
def test_edits_are_those_of_levenshtein(one: str, other: str, edits: int) -> None:
    arrays = [np.array([*map(int, text), 0, 0]) for text in (one, other)]
    assert distance(*arrays) == edits
    assert distance(*arrays[::-1]) == edits


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ones(4), r"must be rows of symbol numbers from 1, .* not \(4,\)"),
        (np.full((2, 2), 0.5), "of other values"),
        (np.array([[1, 0], [0, 1]]), "a 0 within the string of sample 1"),
        (np.zeros((2, 3)), "0 everywhere"),
    ],
)
def test_what_is_no_string_is_refused(array: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        find_task("reading").read("y_train", array)


@pytest.mark.parametrize(
    ("task", "shape", "row", "words"),
    [
        ("reading", (13,), [1, 0], "takes scores of the symbols at positions"),
        ("amounts", (9, 11), [1, 2], r"gives 11 scores a position, but amounts takes 13.*take the task reading"),
        ("reading", (9, 3), [1, 3], "has symbol 3, but m has 3 scores"),
        ("reading", (1, 3, 3), [1, 1, 2], "takes 4 positions, .* but m has 3"),
    ],
)
def test_a_model_that_does_not_fit_is_told_what_is_missing(
    task: str, shape: tuple[int, ...], row: list[int], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        find_task(task).check("y_train", "m", shape, np.array([row]))
    find_task("reading").check("y_train", "m", (1, 4, 3), np.array([[1, 1, 2], [1, 2, 0]]))


@pytest.mark.parametrize("function", ["linear", "softmax"])
def test_it_is_trained_by_keras_ctc(function: str) -> None:
    keras = pytest.importorskip("keras")
    logits = RANDOM.normal(0, 1, (3, 1, 7, 4)).astype(np.float32)
    targets = np.array([[1, 2, 3], [3, 3, 0], [1, 0, 0]])
    model = keras.Sequential([keras.Input((1, 7, 4)), keras.layers.Activation(function)])
    loss = find_task("reading").loss(model)(targets, model(logits))
    np.testing.assert_allclose(loss, keras.losses.ctc(targets, logits[:, 0]), rtol=1e-3)


def test_strips_are_amounts_whose_digits_touch() -> None:
    images = np.zeros((10, 28, 28, 1), np.float32)
    for digit in range(10):
        images[digit, 8:20, 9:19] = (digit + 1) / 16  # as bright as its number, ten columns wide
    strips, strings = draw_strips(images, np.arange(10), 60, 0)
    assert strips.shape == (60, HEIGHT, WIDTH, 1) and strings.shape == (60, LONGEST)
    assert (strips * 256 == np.round(strips * 256)).all() and strips.min() >= 0 and strips.max() < 1
    task = find_task("amounts")
    assert (task.read("y", strings) == strings).all()
    gaps = 0
    for strip, string in zip(strips[..., 0], strings, strict=True):
        text = task.words(string, ("", *AMOUNTS.symbols))
        assert AMOUNT.fullmatch(text)
        brightest = strip[10:18].max(axis=0)
        seen = [round(16 * value) - 1 for value in brightest[np.append(True, brightest[1:] != brightest[:-1])] if value]
        assert set(seen) == {int(symbol) for symbol in text if symbol.isdigit()}
        inked = np.flatnonzero(strip.any(axis=0))
        gaps += (np.diff(inked) > 1).sum()
    assert gaps < (strings > 0).sum() / 2  # most touch
    again = draw_strips(images, np.arange(10), 60, 0)
    assert (again[0] == strips).all() and (again[1] == strings).all()
