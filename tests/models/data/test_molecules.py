"""Molecules: what the table says, what is merged, and labels that are missing, from training to a run's scores."""

import dataclasses
import gzip
import hashlib
import json
import sys

import numpy as np
import pytest

from netloom.errors import DataUnavailableError
from netloom.models import Dataset, get_network, load_dataset, train
from netloom.models.data import molecules as data
from netloom.models.data.dataset import digest_arrays

RANDOM = np.random.default_rng(0)
TABLE = "\n".join(
    [
        ",".join([*data.ASSAYS, "mol_id", "smiles"]),
        *(f"{number % 2},,{number % 3 == 0:d}" + "," * 9 + f",T{number},{'C' * (number + 1)}" for number in range(9)),
        ",1,1" + "," * 9 + ",T9,CCC",  # once more
        "1" + "," * 11 + ",T10,this is no molecule",
    ]
)


def drawn(count):
    """Fingerprints of few bits, three of which decide; a third of what could be known is not."""
    x = (RANDOM.random((count, data.BITS)) < 0.05).astype(np.float32)
    x[:, :3] = RANDOM.random((count, 3)) < 0.5
    y = np.tile(x[:, :3], 4)
    y[RANDOM.random(y.shape) < 0.3] = np.nan
    return x, y


def test_the_table_is_read_and_what_is_empty_is_not_known():
    arrays = data._read(gzip.compress(TABLE.encode()))
    assert arrays["smiles"][:3].tolist() == ["C", "CC", "CCC"]
    np.testing.assert_array_equal(arrays["y"][1, :4], [1, np.nan, 0, np.nan])
    np.testing.assert_array_equal(arrays["y"][9, :4], [np.nan, 1, 1, np.nan])


def test_a_molecule_is_taken_once_with_all_that_is_known_of_it(tmp_path, monkeypatch):
    pytest.importorskip("rdkit")
    content = gzip.compress(TABLE.encode())
    (tmp_path / data.FILE).parent.mkdir()
    (tmp_path / data.FILE).write_bytes(content)
    monkeypatch.setenv("NETLOOM_DATA", str(tmp_path))
    found = dataclasses.replace(data.TOX21, files={data.FILE: hashlib.sha256(content).hexdigest()}).load()
    assert found.task == "multilabel"
    assert (found.x_train.shape, found.x_test.shape) == ((7, 1024), (2, 1024))  # 9, without the one that is none
    both = np.concatenate([found.y_train, found.y_test])
    assert np.isin(np.concatenate([found.x_train, found.x_test]), (0, 1)).all()
    assert sum(row[1] == 1 for row in both) == 1
    merged = next(row for row in both if row[1] == 1)
    assert merged[:3].tolist() == [0, 1, 1]  # NaN and 1, 0 and NaN, 0 and 1


def test_the_public_source_must_give_what_is_expected(monkeypatch):
    monkeypatch.setattr(data, "download", lambda address: gzip.compress(TABLE.encode()))
    with pytest.raises(DataUnavailableError, match="not the expected data, SHA-256"):
        load_dataset("tox21")


def test_without_rdkit_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdkit", None)
    monkeypatch.setattr(data, "download", lambda address: gzip.compress(TABLE.encode()))
    arrays = data._read(gzip.compress(TABLE.encode()))
    with pytest.raises(DataUnavailableError, match=r"need RDKit: pip install rdkit$"):
        dataclasses.replace(data.TOX21, digest=digest_arrays(arrays)).load()


@pytest.mark.slow
def test_the_network_learns_from_what_is_known():
    (x, y), network = drawn(600), get_network("molecules")
    model = network.build()
    dataset = Dataset(x[:500], y[:500], x[500:], y[500:], data.ASSAYS, "drawn", task="multilabel")
    history = train(model, dataset, dataclasses.replace(network.training, epochs=20, batch_size=16))
    assert np.isfinite(history["loss"]).all()
    from netloom.models.tasks import find_task

    assert find_task("multilabel").measure(model.predict(x[500:], verbose=0), y[500:])["mean_roc_auc"] > 0.8


@pytest.mark.slow
def test_missing_labels_go_through_a_users_run(tmp_path):
    """From a user's file, fine-tuning included, to scores that are the same for every engine that must be equal."""
    keras = pytest.importorskip("keras")
    import netloom

    x, y = drawn(300)
    x = x[:, :32]
    np.savez(tmp_path / "d.npz", x_train=x[:240], y_train=y[:240], x_test=x[240:], y_test=y[240:])
    model = keras.Sequential([keras.Input((32,)), keras.layers.Dense(12, name="labels")])
    settings = netloom.RunSettings(fine_tune_epochs=1)
    netloom.run(model, data=tmp_path / "d.npz", settings=settings, directory=tmp_path / "r")
    found = json.loads((tmp_path / "r/report.json").read_text())
    assert found["task"]["name"] == "multilabel"
    assert set(found["scores"]["fixed"]) == {"mean_roc_auc", "label_accuracy", "exact_match"}
    assert found["scores"]["fixed"] == found["scores"]["csim"]
