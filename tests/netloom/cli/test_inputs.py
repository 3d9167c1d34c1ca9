"""A user's arrays: what is refused, and what is moved onto the grid."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from netloom.cli.inputs import moved, onto_grid, read_inputs, read_target_file, write_array
from netloom.errors import InputError, NetloomError, StorageError
from netloom.fixed_point import FixedPoint
from netloom.models.tasks import Classification


def save(path: Path, array: object) -> Path:
    np.save(path, array, allow_pickle=True)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint8, np.int64, np.bool_])
def test_real_numbers_of_any_dtype_are_taken(tmp_path: Path, dtype: type) -> None:
    (x,) = read_inputs(save(tmp_path / "x.npy", np.ones((3, 4), dtype)), {"x": (4,)})
    assert x.dtype == np.float64
    assert x.shape == (3, 4)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ones(4), r"shape must be \(samples, 4\), not \(4,\); one sample needs a batch axis"),
        (np.ones((3, 5)), r"not \(3, 5\)"),
        (np.ones((3, 4, 1)), r"not \(3, 4, 1\)"),
        (np.float64(1), r"not \(\)"),
        (np.ones((0, 4)), "no samples"),
        (np.ones((3, 4), complex), "real number type"),
        (np.full((3, 4), "a"), "real number type"),
        (np.array([[1, 2, 3, 4], [1, np.nan, 3, 4]]), "1 of 2 samples contain NaN or infinity, first sample 1"),
        (np.array([[np.inf, 2, 3, 4]]), "NaN or infinity"),
    ],
)
def test_wrong_content_is_refused_in_one_line(tmp_path: Path, array: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words) as raised:
        read_inputs(save(tmp_path / "x.npy", array), {"x": (4,)})
    assert "\n" not in str(raised.value)


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("bomb"),))  # type: ignore[return-value]


@pytest.mark.parametrize("content", [b"", b"text", b"\x93NUMPY", b"PK\x03\x04", pickle.dumps(Bomb())])
def test_files_that_are_no_npy_are_refused(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(StorageError, match=r"not a \.npy file") as raised:
        read_inputs(tmp_path / "x.npy", {"x": (4,)})
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "bomb").exists()


def test_pickled_objects_in_an_npy_are_never_loaded(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"not a \.npy file of plain numbers"):
        read_inputs(save(tmp_path / "x.npy", np.array([Bomb()], dtype=object)), {"x": (4,)})


def test_a_missing_file_a_directory_and_an_archive(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones(3))
    for path, words in ((tmp_path / "no.npy", "no file"), (tmp_path, "not a .npy"), (tmp_path / "a.npz", "archive")):
        with pytest.raises(StorageError, match=words):
            read_inputs(path, {"x": (4,)})


@pytest.mark.parametrize("labels", [np.ones(3, int), np.ones((2, 3), int) / 2, np.array([0, -1])])
def test_labels_must_be_one_class_number_a_sample(tmp_path: Path, labels: np.ndarray) -> None:
    with pytest.raises(InputError):
        Classification().read("y", read_target_file(save(tmp_path / "y.npy", labels), 2))  # type: ignore[arg-type]


def test_labels_in_a_column_are_taken(tmp_path: Path) -> None:
    labels = read_target_file(save(tmp_path / "y.npy", np.array([[3], [1]], np.uint8)), 2)
    assert Classification().read("y", labels).tolist() == [3, 1]  # type: ignore[arg-type]


def test_inputs_go_onto_the_grid_as_the_hardware_does_it() -> None:
    element = FixedPoint.parse("fixed<4,2,RND_CONV,SAT>")  # -2 to 1.75 in steps of 0.25
    x = np.array([[0.25, 0.375, 0.125, -0.1, 9.0, -2.0]])
    assert onto_grid(x, element).tolist() == [[0.25, 0.5, 0.0, 0.0, 1.75, -2.0]]
    assert moved(x, onto_grid(x, element)) == (4, 7.25)


def test_inputs_on_the_grid_are_not_moved() -> None:
    x = np.array([0.5, -1.25])
    assert moved(x, onto_grid(x, FixedPoint.parse("fixed<4,2,RND_CONV,SAT>"))) == (0, 0.0)


def test_outputs_appear_whole_or_not_at_all(tmp_path: Path) -> None:
    write_array(tmp_path / "y.npy", np.arange(3.0))
    assert np.load(tmp_path / "y.npy").tolist() == [0, 1, 2]
    assert [entry.name for entry in tmp_path.iterdir()] == ["y.npy"]
    with pytest.raises(NetloomError, match="cannot write"):
        write_array(tmp_path / "no" / "y.npy", np.arange(3.0))
