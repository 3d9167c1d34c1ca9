import dataclasses
import hashlib
import io
import socket
import time
from http.client import IncompleteRead
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pytest

from netloom.errors import DataUnavailableError, StorageError
from netloom.models import Dataset
from netloom.models.data import download
from netloom.models.data.cache import cache_path, read_cached, write_cached
from netloom.models.data.dataset import digest_arrays
from netloom.models.data.loader import SOCKET_TIMEOUT, Loader

ARRAYS = {"x": np.arange(6, dtype=np.float32).reshape(3, 2), "y": np.array([0, 1, 1], np.uint8)}
CONTENT = b"the file's content"


def prepare(arrays, place):
    return Dataset(arrays["x"], arrays["y"], arrays["x"], arrays["y"], None, place)


def toy(fetch):
    """A data set of one file, whose public source is `fetch`."""
    return Loader(
        name="toy",
        files={"toys/one.bin": hashlib.sha256(CONTENT).hexdigest()},
        parse=lambda files: ARRAYS | {"x": ARRAYS["x"] + len(files["toys/one.bin"])},
        public_source="the toy shop",
        fetch=fetch,
        prepare=prepare,
    )


def no_network():
    raise OSError("Name or service\nnot known")


def no_call():
    raise AssertionError("the public source must not be asked")


@pytest.fixture
def data_directory(tmp_path, monkeypatch):
    directory = tmp_path / "data"
    (directory / "toys").mkdir(parents=True)
    monkeypatch.setenv("NETLOOM_DATA", str(directory))
    return directory


def test_the_data_directory_comes_first(data_directory):
    (data_directory / "toys/one.bin").write_bytes(CONTENT)
    write_cached("toy", ARRAYS)
    dataset = toy(no_call).load()
    assert dataset.source == "NETLOOM_DATA"
    assert dataset.x_train[0, 0] == len(CONTENT)


def test_a_wrong_file_in_the_data_directory_is_an_error_not_a_reason_to_look_elsewhere(data_directory):
    (data_directory / "toys/one.bin").write_bytes(CONTENT + b"!")
    with pytest.raises(StorageError, match=r"one\.bin: not the expected file \(SHA-256 .*replace it"):
        toy(lambda: ARRAYS).load()


def test_an_unreadable_file_in_the_data_directory_is_an_error(data_directory):
    (data_directory / "toys/one.bin").mkdir()
    with pytest.raises(StorageError, match=r"one\.bin: cannot be read \(Is a directory\)"):
        toy(lambda: ARRAYS).load()


def test_a_file_missing_from_the_data_directory_is_looked_for_elsewhere(data_directory):
    assert toy(lambda: ARRAYS).load().source == "the toy shop"


def test_what_is_fetched_must_be_what_is_expected():
    right = dataclasses.replace(toy(lambda: ARRAYS), digest=digest_arrays(ARRAYS))
    assert right.load().source == "the toy shop"
    cache_path("toy").unlink()
    with pytest.raises(DataUnavailableError, match=r"the toy shop failed \(what it gave is not the expected data"):
        dataclasses.replace(right, fetch=lambda: {**ARRAYS, "y": ARRAYS["y"] + 1}).load()
    assert not cache_path("toy").exists()


def test_what_was_fetched_is_cached_and_not_fetched_again():
    first = toy(lambda: ARRAYS).load()
    assert cache_path("toy").exists()
    second = toy(no_call).load()
    assert second.source == first.source == "the toy shop"
    assert second.digest == first.digest
    assert [path.name for path in cache_path("toy").parent.iterdir()] == ["toy.npz"]


def test_where_the_cache_is(monkeypatch, tmp_path):
    assert cache_path("toy") == tmp_path / "cache/toy.npz"
    monkeypatch.delenv("NETLOOM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_path("toy") == tmp_path / "xdg/netloom/toy.npz"


def test_without_any_source_the_error_lists_what_was_tried(data_directory):
    with pytest.raises(DataUnavailableError) as caught:
        toy(no_network).load()
    message = str(caught.value)
    assert "\n" not in message
    for part in (
        "data set 'toy' is not available",
        f"NETLOOM_DATA has no {data_directory / 'toys/one.bin'}",
        f"nothing cached at {cache_path('toy')}",
        "the toy shop failed (Name or service not known)",
        "set NETLOOM_DATA to a directory with toys/one.bin",
    ):
        assert part in message


def test_an_unset_data_directory_is_said():
    with pytest.raises(DataUnavailableError, match="NETLOOM_DATA is not set"):
        toy(no_network).load()


FAILURES = (
    ValueError("wrong checksum"),
    IncompleteRead(b""),
    TimeoutError(),
    BadZipFile("no zip"),
    KeyError("x"),
)


@pytest.mark.parametrize("error", FAILURES, ids=lambda e: type(e).__name__)
def test_every_failure_of_the_public_source_becomes_one_line(error):
    def fetch():
        raise error

    with pytest.raises(DataUnavailableError, match=r"the toy shop failed \(.+\)"):
        toy(fetch).load()
    assert not cache_path("toy").exists()


def test_a_download_of_any_size_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(download, "urlopen", lambda address: io.BytesIO(bytes(11)))
    monkeypatch.setattr(download, "LARGEST", 10)
    with pytest.raises(OSError, match="more than 10 bytes"):
        download.download("https://toys")
    monkeypatch.setattr(download, "LARGEST", 11)
    assert download.download("https://toys") == bytes(11)


def flip_a_byte(content):
    middle = len(content) // 3
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def other_numbers(_):
    """Sound as a file, with a checksum that is not that of its numbers."""
    path = cache_path("toy")
    with np.load(path) as file:
        arrays = dict(file)
    np.savez_compressed(path, **arrays | {"x": arrays["x"] + 1})
    return path.read_bytes()


def no_checksum(_):
    path = cache_path("toy")
    np.savez_compressed(path, **ARRAYS)
    return path.read_bytes()


DAMAGE = [flip_a_byte, lambda content: content[:100], lambda _: b"", other_numbers, no_checksum]


@pytest.mark.parametrize("damage", DAMAGE, ids=["byte", "truncated", "empty", "numbers", "no checksum"])
def test_a_damaged_cache_is_fetched_again_or_named_but_never_used(damage):
    write_cached("toy", ARRAYS)
    path = cache_path("toy")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataUnavailableError, match=f"cached file {path} .*delete it"):
        toy(no_network).load()
    assert toy(lambda: ARRAYS).load().digest == prepare(ARRAYS, "").digest
    assert read_cached("toy").keys() == ARRAYS.keys()


def test_a_full_disk_leaves_the_cache_as_it_was(monkeypatch):
    write_cached("toy", ARRAYS)
    before = cache_path("toy").read_bytes()

    def full(file, **_):
        file.write(b"half of")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(StorageError, match=r"toy\.npz: cannot be written \(No space left on device\); free space"):
        write_cached("toy", ARRAYS)
    assert cache_path("toy").read_bytes() == before
    assert len(list(cache_path("toy").parent.iterdir())) == 1


def test_an_interrupted_write_leaves_nothing_behind(monkeypatch):
    def interrupted(file, **_):
        file.write(b"half of")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_cached("toy", ARRAYS)
    assert list(cache_path("toy").parent.iterdir()) == []


def test_a_cache_that_cannot_be_made_is_an_error(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NETLOOM_CACHE", str(tmp_path / "file/cache"))
    with pytest.raises(StorageError, match=r"cannot be written .*NETLOOM_CACHE"):
        write_cached("toy", ARRAYS)


def test_a_silent_network_ends_in_the_error(monkeypatch):
    """A server that accepts and then says nothing: the default timeout, shortened here, ends the wait."""
    monkeypatch.setattr("netloom.models.data.loader.SOCKET_TIMEOUT", 0.2)
    with socket.create_server(("localhost", 0)) as server:

        def fetch():
            with socket.create_connection(server.getsockname()) as connection:
                connection.recv(1)

        start = time.monotonic()
        with pytest.raises(DataUnavailableError, match="timed out"):
            toy(fetch).load()
    assert time.monotonic() - start < 5
    assert socket.getdefaulttimeout() is None
    assert SOCKET_TIMEOUT <= 30


def test_what_a_download_prints_stays_out_of_standard_output(capsys):
    def fetch():
        print("Downloading")
        return ARRAYS

    toy(fetch).load()
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "Downloading\n")


def test_cached_arrays_keep_their_dtypes():
    write_cached("toy", ARRAYS | {"empty": np.zeros((0, 3))})
    cached = read_cached("toy")
    assert {name: array.dtype for name, array in cached.items()} == {
        "x": np.float32,
        "y": np.uint8,
        "empty": np.float64,
    }
    assert Path(cache_path("toy")).suffix == ".npz"
