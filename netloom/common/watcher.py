"""The process that ends what a killed netloom has left running.

Started as `python -I -S watcher.py` by `netloom.common.process`, with a pipe as its standard input whose other end
only that netloom holds. Reads lines, `+GROUP` and `-GROUP`: a process group has been started, has ended. The pipe ends
when netloom ends, even by SIGKILL; the groups then left are killed.
"""

import contextlib
import os
import signal
import sys


def watch() -> None:
    """Keep count until the pipe ends, then kill."""
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line.startswith("+") else groups.discard)(int(line[1:]))
    for group in groups:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    watch()
