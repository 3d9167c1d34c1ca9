"""Arrays in files come back as they were, and a file that was there stays whole if one cannot be written."""

from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import numpy as np
import pytest

from netloom.common.arrays import write_arrays


def test_arrays_come_back(tmp_path):
    arrays = {
        "fixed/0": np.arange(12, dtype=np.float64).reshape(3, 4) / 16,
        "bits": np.array([True, False]),
        "none": np.zeros((0, 5), np.float32),
        "one": np.int64(2**62),
    }
    write_arrays(tmp_path / "a.npz", arrays)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as found:
        assert set(found) == set(arrays)
        for name, array in arrays.items():
            assert found[name].dtype == np.asarray(array).dtype
            np.testing.assert_array_equal(found[name], array)


def test_what_hardly_shrinks_is_not_compressed(tmp_path):
    drawn = np.random.default_rng(0).normal(size=10_000)
    write_arrays(tmp_path / "a.npz", {"noise": drawn, "steps": np.round(drawn)})
    with ZipFile(tmp_path / "a.npz") as archive:
        ways = {member.filename: member.compress_type for member in archive.infolist()}
    assert ways == {"noise.npy": ZIP_STORED, "steps.npy": ZIP_DEFLATED}


def test_objects_are_not_written(tmp_path):
    write_arrays(tmp_path / "a.npz", {"x": np.ones(2)})
    before = (tmp_path / "a.npz").read_bytes()
    with pytest.raises(ValueError, match="allow_pickle"):
        write_arrays(tmp_path / "a.npz", {"x": np.array([{}])})
    assert (tmp_path / "a.npz").read_bytes() == before and len(list(tmp_path.iterdir())) == 1
