"""Where a data set that is not bundled is found: NETLOOM_DATA, the cache, or its public source."""

import contextlib
import hashlib
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netloom.errors import DataUnavailableError, StorageError
from netloom.models.data.cache import cache_path, read_cached, write_cached
from netloom.models.data.dataset import Dataset, digest_arrays

NamedArrays = Mapping[str, np.ndarray]

SOCKET_TIMEOUT = 15.0
"""Seconds without an answer after which a public source counts as unreachable."""


@dataclass(frozen=True)
class Loader:
    """The sources of one data set.

    Attributes:
        name: the data set's name, and its file name in the cache.
        files: path of each file under NETLOOM_DATA -> its SHA-256 (hex).
        parse: contents of `files` (keys as in `files`) -> raw arrays.
        public_source: name of the public source, for messages.
        fetch: downloads from the public source -> raw arrays; whatever it raises, it has failed.
        prepare: raw arrays and the place they came from -> Dataset.
        digest: SHA-256 (hex) of the raw arrays (`digest_arrays`), which those fetched must have; None takes any.
    """

    name: str
    files: Mapping[str, str]
    parse: Callable[[Mapping[str, bytes]], NamedArrays]
    public_source: str
    fetch: Callable[[], NamedArrays]
    prepare: Callable[[NamedArrays, str], Dataset]
    digest: str | None = None

    def load(self) -> Dataset:
        """The data set, from the first source that has it.

        Raises:
            DataUnavailableError: no source has it; the message lists what was tried and what to do.
            StorageError: a file in NETLOOM_DATA is not the expected one, or the cache cannot be written.
        """
        tried = []
        root = os.environ.get("NETLOOM_DATA")
        if root:
            try:
                contents = self._read_files(Path(root))
            except FileNotFoundError as error:
                tried.append(f"NETLOOM_DATA has no {error.filename}")
            else:
                return self.prepare(self.parse(contents), "NETLOOM_DATA")
        else:
            tried.append("NETLOOM_DATA is not set")
        try:
            cached = read_cached(self.name)
        except StorageError as error:
            tried.append(str(error))
        else:
            if cached is not None:
                return self.prepare(cached, self.public_source)
            tried.append(f"nothing cached at {cache_path(self.name)}")
        try:
            with _bounded_download():
                arrays = self.fetch()
            self._check(arrays)
        except Exception as error:  # what a source gives may be anything, and so may what a parser says of it
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            tried.append(f"{self.public_source} failed ({reason})")
            raise DataUnavailableError(
                f"data set {self.name!r} is not available: {'; '.join(tried)}. Connect to the internet once,"
                f" or set NETLOOM_DATA to a directory with {', '.join(self.files)}"
            ) from error
        write_cached(self.name, arrays)
        return self.prepare(arrays, self.public_source)

    def _check(self, arrays: NamedArrays) -> None:
        found = digest_arrays(arrays)
        if self.digest not in (None, found):
            raise ValueError(f"what it gave is not the expected data, SHA-256 {found[:12]}...")

    def _read_files(self, root: Path) -> dict[str, bytes]:
        contents = {}
        for name, expected in self.files.items():
            path = root / name
            try:
                contents[name] = path.read_bytes()
            except FileNotFoundError:
                raise
            except OSError as error:
                raise StorageError(f"{path}: cannot be read ({error.strerror})") from error
            found = hashlib.sha256(contents[name]).hexdigest()
            if found != expected:
                raise StorageError(
                    f"{path}: not the expected file (SHA-256 {found[:12]}..., expected {expected[:12]}...);"
                    " replace it or unset NETLOOM_DATA"
                )
        return contents


@contextlib.contextmanager
def _bounded_download() -> Iterator[None]:
    """Keep a download from hanging on a silent network, and its chatter out of the standard output.

    Neither Keras nor scikit-learn passes a timeout on, so the process-wide default is set for the while.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SOCKET_TIMEOUT)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        socket.setdefaulttimeout(before)
