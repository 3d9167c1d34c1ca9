"""`download`: a file from its public address."""

from urllib.request import urlopen


def download(address: str) -> bytes:
    """The content at an https address.

    Raises:
        OSError: it cannot be reached, or does not have it.
    """
    with urlopen(address) as answer:
        content: bytes = answer.read()
    return content
