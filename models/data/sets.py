"""The data sets by name. A new one is a loader in a file of its own and a line here."""

from collections.abc import Callable, Mapping

from netloom.errors import DataUnavailableError
from netloom.models.data.blocks import load_blocks
from netloom.models.data.catching import load_catching
from netloom.models.data.cheques import load_cheques
from netloom.models.data.cifar10 import CIFAR10
from netloom.models.data.clutter import load_clutter
from netloom.models.data.curves import load_curves
from netloom.models.data.dataset import Dataset
from netloom.models.data.digits import load_digits
from netloom.models.data.faces import load_faces
from netloom.models.data.figures import load_figures
from netloom.models.data.films import load_films
from netloom.models.data.glimpses import load_glimpses, load_overviews
from netloom.models.data.jets import LHC_JETS
from netloom.models.data.keywords import KEYWORDS
from netloom.models.data.machines import load_machines
from netloom.models.data.mnist import MNIST, load_few_labels, load_images
from netloom.models.data.molecules import TOX21
from netloom.models.data.nuclei import NUCLEI
from netloom.models.data.number_words import load_number_words
from netloom.models.data.sentence_pairs import SENTENCE_PAIRS
from netloom.models.data.shakespeare import SHAKESPEARE
from netloom.models.data.signs import SIGNS
from netloom.models.data.splice import SPLICE
from netloom.models.data.stories import ONE_FACT, TWO_FACTS
from netloom.models.data.tapes import load_copying, load_sorting
from netloom.models.data.wikitext import WIKITEXT
from netloom.models.data.words import SPOKEN_DIGITS

DATASETS: Mapping[str, Callable[[], Dataset]] = {
    CIFAR10.name: CIFAR10.load,
    "blocks": load_blocks,
    "catching": load_catching,
    "cheques": load_cheques,
    "clutter": load_clutter,
    "copying": load_copying,
    "sorting": load_sorting,
    "curves": load_curves,
    "digits": load_digits,
    "faces": load_faces,
    "figures": load_figures,
    "films": load_films,
    "glimpses": load_glimpses,
    "overviews": load_overviews,
    "keywords": KEYWORDS.load,
    "machines": load_machines,
    MNIST.name: MNIST.load,
    "mnist-few-labels": load_few_labels,
    "mnist-images": load_images,
    SENTENCE_PAIRS.name: SENTENCE_PAIRS.load,
    SHAKESPEARE.name: SHAKESPEARE.load,
    SIGNS.name: SIGNS.load,
    NUCLEI.name: NUCLEI.load,
    "number-words": load_number_words,
    LHC_JETS.name: LHC_JETS.load,
    SPLICE.name: SPLICE.load,
    SPOKEN_DIGITS.name: SPOKEN_DIGITS.load,
    ONE_FACT.name: ONE_FACT.load,
    TWO_FACTS.name: TWO_FACTS.load,
    TOX21.name: TOX21.load,
    WIKITEXT.name: WIKITEXT.load,
}


def load_dataset(name: str) -> Dataset:
    """The data set `name`, one of `DATASETS`, from the first of its sources that has it.

    Sources in order: drawn, or bundled with a dependency; the directory NETLOOM_DATA; the cache (NETLOOM_CACHE, else
    the user's cache directory); the public source.

    Raises:
        DataUnavailableError: there is no such data set, or no source has it; the message says what to do.
        StorageError: a file in NETLOOM_DATA is not the expected one, or the cache cannot be written.
    """
    if name not in DATASETS:
        raise DataUnavailableError(f"there is no data set {name!r}; choose one of {', '.join(DATASETS)}")
    return DATASETS[name]()
