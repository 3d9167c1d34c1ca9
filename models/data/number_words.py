"""Numbers in English and in French words: a translation with rules, some of them odd."""

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.examples import as_floats
from netloom.models.data.vocabulary import Vocabulary, moved_on

NUMBERS, TEST = 10_000, 1_000
"""From 0 on; and how many of them are held out."""
ENGLISH_WORDS, FRENCH_WORDS = 7, 8
"""Of the longest number; and of the longest with room for its end."""
_ENGLISH = (
    *"zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split(),
    *"seventeen eighteen nineteen".split(),
)
_ENGLISH_TENS = ("", "", *"twenty thirty forty fifty sixty seventy eighty ninety".split())
_FRENCH = (
    *"zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize".split(),
    *"dix-sept dix-huit dix-neuf".split(),
)
_FRENCH_TENS = ("", "", *"vingt trente quarante cinquante soixante".split())
ENGLISH = Vocabulary((*_ENGLISH, *_ENGLISH_TENS[2:], "hundred", "thousand", "and"))
FRENCH = Vocabulary((*_FRENCH, *_FRENCH_TENS[2:], "et", "vingts", "cent", "cents", "mille"))


def english(number: int) -> list[str]:
    """A number below 10,000: `three hundred and five`."""
    if number < 20:
        return [_ENGLISH[number]]
    if number < 100:
        return [_ENGLISH_TENS[number // 10], *(english(number % 10) if number % 10 else [])]
    if number < 1000:
        return [_ENGLISH[number // 100], "hundred", *(["and", *english(number % 100)] if number % 100 else [])]
    rest = number % 1000
    return [
        *english(number // 1000),
        "thousand",
        *(["and"] if 0 < rest < 100 else []),
        *(english(rest) if rest else []),
    ]


def french(number: int) -> list[str]:
    """A number below 10,000: `trois cent cinq`; seventy is sixty and ten, ninety four times twenty and ten."""
    if number < 20:
        return [_FRENCH[number]]
    if number < 70:
        tens, ones = divmod(number, 10)
        return [_FRENCH_TENS[tens], *(["et"] if ones == 1 else []), *(french(ones) if ones else [])]
    if number < 80:
        return ["soixante", *(["et"] if number == 71 else []), *french(number - 60)]
    if number < 100:
        return ["quatre", "vingts"] if number == 80 else ["quatre", "vingt", *french(number - 80)]
    if number < 1000:
        count, rest = divmod(number, 100)
        return [*(french(count) if count > 1 else []), "cent" if rest or count == 1 else "cents", *_and(rest)]
    count, rest = divmod(number, 1000)
    return [*(french(count) if count > 1 else []), "mille", *_and(rest)]


def _and(rest: int) -> list[str]:
    return french(rest) if rest else []


def translated(numbers: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Inputs and targets.

    Returns:
        `english`, uint8 (numbers, 7), and `said`, uint8 (numbers, 8): the French words before each, as if all
        were right so far. The French words, int64 (numbers, 8).
    """
    source = ENGLISH.rows([english(int(one)) for one in numbers], ENGLISH_WORDS)
    target = FRENCH.rows([french(int(one)) for one in numbers], FRENCH_WORDS)
    return {"english": source.astype(np.uint8), "said": moved_on(target).astype(np.uint8)}, target


def load_number_words() -> Dataset:
    """All numbers below 10,000; a tenth of them, drawn, are held out."""
    order = np.random.default_rng(0).permutation(NUMBERS)
    (x_test, y_test), (x_train, y_train) = translated(order[:TEST]), translated(order[TEST:])
    source = f"numbers in English and French words (made), {len(y_train):,} to train and {TEST:,} held out"
    return Dataset(x_train, y_train, as_floats(x_test), y_test, FRENCH.names, source, task="sentences")
