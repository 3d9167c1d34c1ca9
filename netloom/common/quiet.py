"""Keeps the chatter of TensorFlow, hls4ml and g++ off the screen, and keeps it in a log."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from netloom.common.files import own_file


def debugging() -> bool:
    """Whether the user asked for everything to be shown (`NETLOOM_DEBUG=1`)."""
    return os.environ.get("NETLOOM_DEBUG", "") not in ("", "0")


def silence_tensorflow() -> None:
    """Ask TensorFlow for errors only; it listens only before its import."""
    if not debugging():
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")


@contextmanager
def captured(log: Path | None) -> Iterator[None]:
    """Send everything written to the two standard streams to the end of `log` (nowhere, if None).

    The file descriptors are redirected, since TensorFlow's C++ and g++ know nothing of `sys.stdout`. What must
    still reach the screen writes through a stream of its own, as `netloom.progress` does.
    """
    if debugging():
        yield
        return
    sys.stdout.flush()
    sys.stderr.flush()
    handle = os.open(os.devnull, os.O_WRONLY) if log is None else own_file(log, os.O_WRONLY | os.O_APPEND)
    with os.fdopen(handle, "a", encoding="utf-8", buffering=1) as sink:
        saved = os.dup(1), os.dup(2)
        try:
            os.dup2(sink.fileno(), 1)
            os.dup2(sink.fileno(), 2)
            # For a notebook or a test, whose sys.stdout is not the file descriptor. Not so for sys.stderr:
            # logging handlers made meanwhile would keep the log after it is closed.
            with redirect_stdout(sink):
                yield
        finally:
            sys.stderr.flush()
            for number, stream in enumerate(saved, start=1):
                os.dup2(stream, number)
                os.close(stream)
