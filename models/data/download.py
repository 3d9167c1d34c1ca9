"""`download`: a file from its public address."""

from urllib.request import urlopen

LARGEST = 2**28
"""Bytes; the largest file of a data set has 16 MB."""


def download(address: str) -> bytes:
    """The content at an https address.

    Raises:
        OSError: it cannot be reached, does not have it, or gives more than any data set has.
    """
    with urlopen(address) as answer:
        content: bytes = answer.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise OSError(f"{address} gives more than {LARGEST:,} bytes")
    return content
