"""Molecules, and in which of twelve tests of toxicity each is active (Tox21); many were not tried in all of them."""

import csv
import gzip
import io
from collections.abc import Sequence

import numpy as np

from netloom.errors import DataUnavailableError
from netloom.models.data.dataset import Dataset
from netloom.models.data.download import download
from netloom.models.data.loader import Loader, NamedArrays

FILE = "tox21/tox21.csv.gz"
ADDRESS = (
    "https://raw.githubusercontent.com/deepchem/deepchem/fbe3b911a94a6eb8c84c1a9e7ac67a472c49ea80/datasets/tox21.csv.gz"
)
ASSAYS = (
    *("NR-AR", "NR-AR-LBD", "NR-AhR", "NR-Aromatase", "NR-ER", "NR-ER-LBD", "NR-PPAR-gamma"),
    *("SR-ARE", "SR-ATAD5", "SR-HSE", "SR-MMP", "SR-p53"),
)
BITS, RADIUS = 1024, 2
"""Of a fingerprint: its length, and over how many bonds around an atom it reaches."""
TEST_FRACTION = 0.2


def _read(content: bytes) -> NamedArrays:
    """`smiles`, text, and `y`: 1 active, 0 inactive, NaN not measured, (molecules, 12)."""
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(content).decode("ascii"))))
    y = [[float(row[assay]) if row[assay] else np.nan for assay in ASSAYS] for row in rows]
    return {"smiles": np.array([row["smiles"] for row in rows]), "y": np.array(y, np.float32)}


def _prepare(arrays: NamedArrays, place: str) -> Dataset:
    """x: (molecules, 1024), 0 or 1: the fingerprint. What is measured more than once is active if it ever was."""
    from sklearn.model_selection import train_test_split

    smiles, of = np.unique(arrays["smiles"], return_inverse=True)
    y = np.full((len(smiles), len(ASSAYS)), np.nan, np.float32)
    np.fmax.at(y, of, arrays["y"])
    x, read = fingerprints(smiles)
    x, y = x[read], y[read]
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=TEST_FRACTION, random_state=0)
    source = (
        f"Tox21 ({place}), {len(x_train):,} train and {len(x_test):,} test molecules, fingerprints of {BITS:,} bits"
    )
    return Dataset(x_train, y_train, x_test, y_test, ASSAYS, source, task="multilabel")


def fingerprints(smiles: Sequence[str] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which substructures each molecule has, hashed into bits, and which molecules can be read.

    Args:
        smiles: molecules as text.

    Returns:
        float32, (molecules, 1024), 0 or 1; and bool, (molecules,).

    Raises:
        DataUnavailableError: there is no RDKit.
    """
    try:
        from rdkit import Chem, rdBase
        from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
    except ImportError as error:
        raise DataUnavailableError(
            "data set 'tox21': fingerprints of molecules need RDKit: pip install rdkit"
        ) from error
    rdBase.DisableLog("rdApp.*")
    generator = GetMorganGenerator(radius=RADIUS, fpSize=BITS)
    bits, read = np.zeros((len(smiles), BITS), np.float32), np.zeros(len(smiles), bool)
    for number, text in enumerate(smiles):
        molecule = Chem.MolFromSmiles(str(text))
        if molecule is not None:
            bits[number], read[number] = generator.GetFingerprintAsNumPy(molecule), True
    return bits, read


TOX21 = Loader(
    name="tox21",
    files={FILE: "48b34e4e59a2bae6f95734cd206c1869ab355f50a5e50bb7371a21f861d5e297"},
    parse=lambda files: _read(files[FILE]),
    public_source="github.com/deepchem/deepchem",
    fetch=lambda: _read(download(ADDRESS)),
    prepare=_prepare,
    digest="f02781013838ea0022af120ae90d50f7a77c149d97594025ec72483dcf95f23f",
)
