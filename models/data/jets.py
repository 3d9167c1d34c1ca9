"""Simulated LHC jets: 16 high-level features of a jet, five kinds of particle it may stem from."""

import io
import warnings
from collections.abc import Mapping

import numpy as np

from netloom.models.data.dataset import Dataset
from netloom.models.data.loader import Loader, NamedArrays

SAMPLE = "lhc-jets/lhc_jets_1k.npz"
OPENML_ID = 42468
ALL_JETS = 830_000
TEST_FRACTION = 0.2
CLASS_NAMES = ("g", "q", "t", "w", "z")
"""Gluon, light quark, top quark, W boson, Z boson."""


def _parse(files: Mapping[str, bytes]) -> NamedArrays:
    with np.load(io.BytesIO(files[SAMPLE]), allow_pickle=False) as file:
        return {"x": file["x"], "y": file["y"]}


def _fetch() -> NamedArrays:
    from sklearn.datasets import fetch_openml

    with warnings.catch_warnings():
        # One for each retry; what finally fails is raised.
        warnings.simplefilter("ignore", UserWarning)
        # netloom has its own cache, so scikit-learn need not keep a second copy.
        bunch = fetch_openml(data_id=OPENML_ID, as_frame=False, cache=False, n_retries=1, parser="auto")
    names, y = np.unique(bunch.target.astype(str), return_inverse=True)
    if tuple(names) != CLASS_NAMES:
        raise ValueError(f"classes are {', '.join(names)}, not {', '.join(CLASS_NAMES)}")
    return {"x": bunch.data.astype(np.float32), "y": y.astype(np.uint8)}


def _prepare(arrays: NamedArrays, place: str) -> Dataset:
    """x: (samples, 16), each feature with mean 0 and standard deviation 1 over the train split."""
    from sklearn.model_selection import train_test_split

    x, y = arrays["x"].astype(np.float64), arrays["y"].astype(np.int64)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=TEST_FRACTION, stratify=y, random_state=0)
    mean, scale = x_train.mean(axis=0), x_train.std(axis=0)
    x_train, x_test = (((part - mean) / scale).astype(np.float32) for part in (x_train, x_test))
    what = "lhc-jets" if len(x) == ALL_JETS else "lhc-jets sample"
    of_all = "" if len(x) == ALL_JETS else f" (of {ALL_JETS:,})"
    source = f"{what} ({place}), {len(x):,} jets{of_all}: {len(x_train):,} train and {len(x_test):,} test"
    return Dataset(x_train, y_train, x_test, y_test, CLASS_NAMES, source)


LHC_JETS = Loader(
    name="lhc-jets",
    files={SAMPLE: "8e47cf4d4bd522231b0970b5e443770efe904bfc417674bc67052b6de5f5b024"},
    parse=_parse,
    public_source=f"OpenML {OPENML_ID}",
    fetch=_fetch,
    prepare=_prepare,
)
