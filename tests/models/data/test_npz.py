import io
import zipfile

import numpy as np
import pytest

from netloom.errors import InputError, StorageError
from netloom.models import Dataset


@pytest.fixture
def write(tmp_path):
    """Writes a good file of 6 + 4 samples in 3 classes, some of its arrays replaced (None: left out)."""

    def write(**replaced):
        arrays = {
            "x_train": np.arange(12, dtype=np.float32).reshape(6, 2),
            "y_train": np.array([0, 1, 2, 0, 1, 2]),
            "x_test": np.ones((4, 2), np.float32),
            "y_test": np.array([2, 1, 0, 0]),
        } | replaced
        path = tmp_path / "mine.npz"
        np.savez_compressed(path, **{name: array for name, array in arrays.items() if array is not None})
        return path

    return write


def test_a_good_file_is_read_as_it_is(write):
    dataset = Dataset.from_npz(write())
    assert dataset.x_train.dtype == dataset.x_test.dtype == np.float32
    assert dataset.y_train.dtype == dataset.y_test.dtype == np.int64
    assert dataset.x_train.tolist() == np.arange(12).reshape(6, 2).tolist()
    assert dataset.y_test.tolist() == [2, 1, 0, 0]
    assert dataset.class_names is None
    assert dataset.x_train.shape[1:] == (2,)
    assert dataset.source == "mine.npz, 6 train and 4 test samples"


def test_labels_are_optional_and_their_absence_is_said(write):
    dataset = Dataset.from_npz(write(y_train=None, y_test=None))
    assert dataset.y_train is None
    assert dataset.y_test is None
    assert dataset.source.endswith("no y_train and no y_test")


@pytest.mark.parametrize(
    ("targets", "task"),
    [
        (np.array([0, 0, 0.5, 0]), "regression"),
        (np.array([[0], [-3.25], [1], [2]]), "regression"),
        (np.full((4, 2), 0.5), "regression"),
        (np.ones((4, 3), np.uint8), "multilabel"),
        (np.zeros((4, 2, 2)), "segmentation"),
        (np.array([0, 1, 2, 0]), "classification"),
    ],
    ids=["measured", "column", "probabilities", "several classes", "picture", "classes"],
)
def test_the_task_is_guessed_from_the_targets(write, targets, task):
    dataset = Dataset.from_npz(write(y_train=None, y_test=targets))
    assert (dataset.task, dataset.guessed) == (task, True)
    np.testing.assert_array_equal(dataset.y_test.ravel(), targets.ravel())


@pytest.mark.parametrize("labels", [np.array([0, -1, 0, 0]), np.array([0, 10**9, 0, 0]), np.array(list("abcd"))])
def test_the_ways_out_of_wrong_labels(write, labels):
    with pytest.raises(InputError, match=r"number the classes from 0, or leave it out and do without accuracy$"):
        Dataset.from_npz(write(y_test=labels))
    assert Dataset.from_npz(write(y_test=None)).unlabelled == "its test set has no labels"
    numbered = Dataset.from_npz(write(y_test=np.unique(labels, return_inverse=True)[1]))
    assert numbered.unlabelled == ""


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.float16, np.float64, bool, ">f4"])
def test_numbers_of_any_kind_become_float32_but_short_whole_ones_to_train_on(write, dtype):
    x = np.array([[0, 1]] * 6).astype(dtype)
    dataset = Dataset.from_npz(write(x_train=x, x_test=x[:4]))
    whole = dtype in (np.uint8, np.int16, bool)
    assert dataset.x_train.dtype == (dtype if whole else np.float32)
    assert dataset.x_test.dtype == np.float32
    assert dataset.x_train.tolist() == [[0, 1]] * 6


@pytest.mark.parametrize(
    "labels",
    [
        np.eye(3)[[2, 1, 0, 0]],
        np.eye(3, dtype=bool)[[2, 1, 0, 0]],
        np.array([[2], [1], [0], [0]], np.uint8),
        np.array([2.0, 1.0, 0.0, 0.0]),
    ],
    ids=["one-hot", "one-hot of booleans", "column", "floats"],
)
def test_labels_of_every_common_form_become_class_numbers(write, labels):
    dataset = Dataset.from_npz(write(y_test=labels))
    assert dataset.y_test.dtype == np.int64
    assert dataset.y_test.tolist() == [2, 1, 0, 0]


def test_the_digest_tells_contents_apart(write):
    digest = Dataset.from_npz(write()).digest
    assert len(digest) == 64
    assert Dataset.from_npz(write()).digest == digest
    assert Dataset.from_npz(write(y_test=np.array([2, 1, 0, 1]))).digest != digest
    assert Dataset.from_npz(write(y_test=None)).digest != digest
    assert Dataset.from_npz(write(x_test=np.ones((4, 2)) * 2)).digest != digest


X = np.ones((6, 2))
NAN = np.where(np.arange(12).reshape(6, 2) == 5, np.nan, 1)
BAD_ARRAYS = {
    "x_train missing": ({"x_train": None}, "array 'x_train' is missing; the file holds 'y_train', 'x_test'"),
    "x_test missing": ({"x_test": None}, "array 'x_test' is missing"),
    "text": ({"x_train": np.full((6, 2), "a")}, "x_train must be integers, floats or booleans, not <U1"),
    "complex": ({"x_test": np.ones((4, 2), complex)}, "x_test must be integers, .* not complex128"),
    "dates": ({"x_test": np.zeros((4, 2), "M8[s]")}, "x_test must be integers, .* not datetime64"),
    "objects": ({"x_train": np.array([[1, "a"]] * 6, object)}, "x_train holds Python objects"),
    "object labels": ({"y_test": np.array([1, None, 2, 0], object)}, "y_test holds Python objects"),
    "no feature axis": ({"x_train": np.ones(6)}, r"x_train must be \(samples, ...features\), not .* \(6,\)"),
    "scalar": ({"x_train": np.float32(3)}, r"x_train must be .* not of shape \(\)"),
    "no samples": ({"x_test": np.ones((0, 2))}, r"x_test is empty, its shape is \(0, 2\)"),
    "no features": ({"x_test": np.ones((4, 0))}, r"x_test is empty, its shape is \(4, 0\)"),
    "NaN": ({"x_train": NAN}, r"x_train has 1 value\(s\) that are NaN.* the first at \(2, 1\): nan"),
    "infinity": ({"x_train": X * np.inf}, r"x_train has 12 value\(s\).* the first at \(0, 0\): inf"),
    "beyond float32": ({"x_train": X * 1e39}, r"x_train has 12 value\(s\).* the first at \(0, 0\): 1e\+39"),
    "sample shapes": ({"x_test": np.ones((4, 3))}, r"x_train has shape \(2,\), one of x_test \(3,\)"),
    "too few labels": ({"y_train": np.zeros(5)}, "y_train has 5 labels for the 6 samples of x_train"),
    "too many labels": ({"y_test": np.zeros(5, int)}, "y_test has 5 labels for the 4 samples of x_test"),
    "negative label": ({"y_test": np.array([0, -1, 0, 0])}, "y_test must be class numbers.* sample 1 has -1"),
    "NaN label": ({"y_test": np.array([0, 0, 0, np.nan])}, "y_test must be class numbers.* sample 3 has nan"),
    "identifier as label": ({"y_test": np.array([0, 10**9, 0, 0])}, "below 100,000; sample 1 has 1000000000"),
    "text label": ({"y_test": np.array(list("abcd"))}, "y_test must be class numbers or one-hot rows, not <U1"),
    "infinite target": ({"y_test": np.array([[0, 0.5]] * 3 + [[0, np.inf]])}, "y_test must be .* sample 3 has inf"),
    "one number": ({"y_test": np.array(3)}, "y_test must be .* not one number"),
}


@pytest.mark.parametrize(("replaced", "message"), BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_a_bad_array_is_named(write, replaced, message):
    path = write(**replaced)
    with pytest.raises(InputError, match=message) as caught:
        Dataset.from_npz(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def truncate(content):
    return content[: len(content) // 2]


def flip_a_data_byte(content):
    position = content.index(b"x_train.npy") + 60
    return content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :]


def single_array(_):
    file = io.BytesIO()
    np.save(file, np.ones(3))
    return file.getvalue()


def zip_without_numpy(_):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x_train", b"hello")
        archive.writestr("x_test", b"hello")
    return file.getvalue()


BAD_HEADER = b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f4',"


def npy_with_a_bad_header(_):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x_train.npy", BAD_HEADER)
        archive.writestr("x_test.npy", b"")
    return file.getvalue()


DAMAGE = {
    "empty": (lambda _: b"", "not an .npz file, or a damaged one"),
    "no zip": (lambda _: b"x_train,y_train\n1,2\n", "not an .npz file, or a damaged one"),
    "truncated": (truncate, "not an .npz file, or a damaged one"),
    "a byte changed": (flip_a_data_byte, "x_train is damaged"),
    "one .npy array": (single_array, "a single .npy array"),
    "zip of text": (zip_without_numpy, "x_train is not a NumPy array"),
    "one .npy array with a bad header": (lambda _: BAD_HEADER, "not an .npz file, or a damaged one"),
    "bad header": (npy_with_a_bad_header, "x_train is damaged"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_named(write, damage, message):
    path = write()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StorageError, match=message) as caught:
        Dataset.from_npz(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_an_array_larger_than_memory_is_named(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (2**44, 2)})
    path = tmp_path / "huge.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", header.getvalue())
        archive.writestr("x_test.npy", header.getvalue())
    with pytest.raises(InputError, match="x_train does not fit into memory"):
        Dataset.from_npz(path)


def test_a_missing_file_and_a_directory_are_named(tmp_path):
    with pytest.raises(StorageError, match=r"none\.npz: no such file"):
        Dataset.from_npz(tmp_path / "none.npz")
    with pytest.raises(StorageError, match=r"cannot be read .*directory"):
        Dataset.from_npz(tmp_path)


def test_a_pickle_is_never_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    path = tmp_path / "trap.npz"
    np.savez(path, x_train=np.array([[Trap()]], object), x_test=np.ones((1, 1)))
    with pytest.raises(InputError, match="x_train holds Python objects, which are never loaded"):
        Dataset.from_npz(path)
    assert not (tmp_path / "ran").exists()
