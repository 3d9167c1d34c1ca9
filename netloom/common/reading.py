"""Reading what may come from anywhere: regular files of bounded size, JSON by its schema, arrays by their headers.

Nothing read here is believed before it is checked: a pipe or a device is not waited for, a link is followed for reading
only, a header is held against the bytes that are there before any memory is taken.
"""

import errno
import io
import math
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import IO, Annotated, Any, TypeVar

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from netloom.common.files import open_regular
from netloom.errors import SettingsError, StorageError

MAX_JSON = 2**28
"""Bytes of a JSON file of a run; the netlist of a whole FPGA has a quarter of it."""
MAX_ARRAYS = 2**32
"""Bytes of all arrays in an archive of a run, unpacked."""

Model = TypeVar("Model", bound=BaseModel)

DAMAGE = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, IndexError, RuntimeError),
    *(SyntaxError, TokenError, MemoryError, zipfile.BadZipFile, zlib.error),
)
"""What NumPy and zipfile let through when the bytes of a file are not what they should be."""


class FixedModel(BaseModel):
    """The base of what is kept in files: fields are fixed once made, and nothing unknown gets in."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _inner(text: str) -> str:
    if "\0" in text or any(part in ("", ".", "..") for part in text.split("/")):
        raise ValueError("must be a path inside the directory")
    return text


InnerPath = Annotated[str, Field(max_length=1000), AfterValidator(_inner)]
"""A path that a run file may name: relative, and never upwards."""
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}$")]
"""A name of a file in the same folder, or of a module; these go into scripts."""
Whole = Annotated[int, Field(ge=0, lt=2**53)]
"""A count of anything."""
Number = Annotated[float, Field(allow_inf_nan=False)]
Size = Annotated[int, Field(ge=1, le=2**24)]
"""Of one axis of a tensor."""
Shape = Annotated[tuple[Size, ...], Field(max_length=8)]


def regular(path: Path) -> IO[bytes]:
    """Open a regular file for reading.

    Raises:
        OSError: as `open_regular`.
    """
    return os.fdopen(open_regular(path, os.O_RDONLY), "rb")


def read_bytes(path: Path, limit: int = MAX_JSON) -> bytes:
    """The content of a regular file.

    Raises:
        OSError: as `regular`, and if there are more than `limit` bytes.
    """
    with regular(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"has more than {limit} bytes", str(path))
    return content


def read_json(path: Path, schema: type[Model], advice: str, limit: int = MAX_JSON) -> Model:
    """A JSON file, of at most `limit` bytes, that obeys a schema.

    Raises:
        StorageError: if it is missing, cannot be read, or is not of that schema; one line that ends with `advice`.
    """
    with file_errors(path, f"is missing; {advice}", advice):
        return schema.model_validate_json(read_bytes(path, limit))


@contextmanager
def file_errors(path: Path, missing: str, advice: str) -> Iterator[None]:
    """What keeps a file from being read, or from being what it should, in one line.

    Raises:
        StorageError: for an `OSError`, and for what finds fault with the content: its name and `missing` if there is no
            such file, else the fault and `advice`.
    """
    try:
        yield
    except FileNotFoundError:
        raise StorageError(f"{path} {missing}") from None
    except OSError as error:
        raise StorageError(f"cannot read {path} ({error.strerror}); {advice}") from None
    except (SettingsError, ValueError) as error:
        said = fault(error) if isinstance(error, ValidationError) else error
        raise StorageError(f"{path} is damaged ({said}); {advice}") from None


def fault(error: ValidationError) -> str:
    """The first thing that is wrong, on one short line."""
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(part)[:40] for part in first["loc"][:6]) or "the file"
    found = first["input"] if first["loc"] else None
    got = f", not {repr(found)[:60]}" if isinstance(found, str | int | float) else ""
    return f"{place}: {first['msg'][:200]}{got}"


def read_array(path: Path) -> np.ndarray:
    """The array of a `.npy` file.

    Raises:
        OSError: as `regular`.
        ValueError: if it is no array of plain numbers or text, or not whole.
    """
    with regular(path) as file:
        if file.read(4) == b"PK\x03\x04":
            raise ValueError("is an .npz archive; give one array in a .npy file (numpy.save)")
        file.seek(0)
        return _array(file, os.fstat(file.fileno()).st_size)


def read_arrays(path: Path, limit: int = MAX_ARRAYS) -> dict[str, np.ndarray]:
    """All arrays of an `.npz` archive by name.

    Raises:
        OSError: as `regular`.
        ValueError: if it is no archive of arrays of plain numbers or text, not whole, or has more than `limit` bytes
            unpacked.
    """
    arrays: dict[str, np.ndarray] = {}
    with regular(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
                if sum(member.file_size for member in members) > limit:
                    raise ValueError(f"has more than {limit} bytes of arrays")
                for member in members:
                    with archive.open(member) as stream:
                        arrays[member.filename.removesuffix(".npy")] = _array(stream, member.file_size)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise ValueError(f"is no whole archive of arrays: {error}") from None
    return arrays


def _array(file: IO[bytes], size: int) -> np.ndarray:
    """The array that a stream of `size` bytes holds, its header held against that size."""
    try:
        start = io.BytesIO(file.read(min(size, 2**16)))
        first = np.lib.format.read_magic(start) == (1, 0)
        read_header = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read_header(start)
    except DAMAGE as error:
        said = " ".join(str(error).split())[:100] or type(error).__name__
        raise ValueError(f"is no array ({said})") from None
    if dtype.hasobject or dtype.kind not in "biufcSU" or dtype.itemsize < 1:
        raise ValueError(f"must hold plain numbers, not {str(dtype)[:60]}")
    if any(length < 0 for length in shape) or len(shape) > 32:
        raise ValueError(f"cannot have the shape {str(shape)[:60]}")
    count = math.prod(map(int, shape))
    if count * dtype.itemsize != size - start.tell():
        raise ValueError(f"shape {str(shape)[:60]} of {dtype} is not that of the {size - start.tell()} bytes it has")
    content = start.read() + file.read()
    if len(content) != count * dtype.itemsize:
        raise ValueError("is not whole")
    array = np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C").astype(dtype.newbyteorder("="))
    if dtype.kind == "U" and not _is_unicode(array):
        raise ValueError("holds text that is no Unicode")
    return array


def _is_unicode(texts: np.ndarray) -> bool:
    """Whether every character may stand in a file of text; half a surrogate pair may not."""
    codes = texts.ravel().view(np.uint32)
    return bool(((codes < 0xD800) | (codes > 0xDFFF)).all() and (codes <= 0x10FFFF).all())


def text_of(array: np.ndarray | None, most: int = 1000) -> str:
    """The text that an array of no axes holds.

    Raises:
        ValueError: if it holds none, or too much.
    """
    if array is None or array.ndim or array.dtype.kind != "U" or len(str(array)) > most:
        raise ValueError("a text is missing")
    return str(array)


def is_numbers(array: Any, kinds: str, shape: tuple[int | None, ...]) -> bool:
    """Whether it is an array of a kind of numbers and a shape; None fits any length."""
    return (
        isinstance(array, np.ndarray)
        and array.dtype.kind in kinds
        and array.ndim == len(shape)
        and all(wanted is None or wanted == length for wanted, length in zip(shape, array.shape, strict=True))
    )
