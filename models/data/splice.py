"""DNA of primates around the places where genes are cut and joined (splice junctions), and around others."""

import io
from collections.abc import Mapping

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.download import download
from netloom.models.data.loader import Loader, NamedArrays

FILE = "splice-junctions/splice.npz"
ADDRESS = (
    "https://raw.githubusercontent.com/seacevedo/SpliceJunctionPrediction/99f4988f2c02ef83a3417215bcd634efe018d8f1/"
    "splice.csv"
)
BASES = "ACGT"
LETTERS = BASES + "DNRS"
"""The bases, and what stands for one that is not known for certain."""
CLASS_NAMES = ("EI", "IE", "N")
"""The end of an exon, where an intron begins (donor); the end of an intron (acceptor); neither."""
TEST_SAMPLES = 600


def _parse(files: Mapping[str, bytes]) -> NamedArrays:
    with np.load(io.BytesIO(files[FILE]), allow_pickle=False) as file:
        return {"seq": file["seq"], "y": file["y"]}


def _fetch() -> NamedArrays:
    lines = download(ADDRESS).decode("ascii").split("\n")[1:]
    rows = [[field.strip() for field in line.split(",")] for line in lines if line.strip()]
    seq = np.array([[LETTERS.index(letter) for letter in row[2]] for row in rows], np.uint8)
    return {"seq": seq, "y": np.array([CLASS_NAMES.index(row[0]) for row in rows], np.uint8)}


def _prepare(arrays: NamedArrays, place: str) -> Dataset:
    """x: (samples, 60, 4), one-hot over A, C, G, T; zeros for a base that is not known. The junction is in the middle.

    A sequence that occurs more than once is taken once, so that none is in both splits, which are stratified.
    """
    from sklearn.model_selection import train_test_split

    _, first = np.unique(arrays["seq"], axis=0, return_index=True)
    first.sort()
    x = one_hot(arrays["seq"][first])
    y = arrays["y"][first].astype(np.int64)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=TEST_SAMPLES, stratify=y, random_state=0)
    source = f"splice junctions ({place}), {len(x_train):,} train and {len(x_test):,} test sequences of 60 bases"
    return Dataset(x_train, y_train, x_test, y_test, CLASS_NAMES, source)


def one_hot(seq: np.ndarray) -> np.ndarray:
    """Numbers of `LETTERS`, (samples, length), as float32 (samples, length, 4)."""
    return (seq[..., None] == np.arange(len(BASES))).astype(np.float32)


SPLICE = Loader(
    name="splice-junctions",
    files={FILE: "96a9edff74c88b24697fba0e6b028fcd6617f3d069dde65b2e2e534d48f5b001"},
    parse=_parse,
    public_source="github.com/seacevedo/SpliceJunctionPrediction",
    fetch=_fetch,
    prepare=_prepare,
    digest="78b3b0b39557a8009f336cd84e0bad94672c9e1edc1763c31221f093a13b7e0b",
)
