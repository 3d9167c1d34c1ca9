"""`CompiledRun`: a design at work, its units clocked by `cycles.cpp`."""

import ctypes
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from netloom.common.compiled import load
from netloom.firmware.design import Design
from netloom.firmware.map.cycles.cycle_run import CycleRun
from netloom.firmware.units.timing import Timing

_KINDS = (
    "elastic", "pipeline", "replay", "buffer", "block", "down", "fork", "lines", "shift", "reduce", "permute",
    "state of buffer", "state of block", "start of buffer", "start of block", "last",
)  # fmt: skip
"""In the order of `make` in `cycles.cpp`."""
_SOURCE = Path(__file__).with_name("cycles.cpp")


def _library() -> ctypes.CDLL | None:
    """The compiled code; None without a compiler that does it."""
    library = load(_SOURCE)
    if library is not None:
        library.create.restype = ctypes.c_void_p
        library.state.restype = ctypes.c_int64
    return library


class CompiledRun(CycleRun):
    """See `CycleRun`. Made by `of`."""

    remembers = True

    def __init__(self, design: Design, library: Any, timings: Sequence[Timing]) -> None:
        super().__init__(design, timings)
        self._library = library
        numbers = [len(self.names), len(self._units)]
        for timing, inputs, outputs in self._units:
            parts = (inputs, outputs, timing.constants)
            numbers += [_KINDS.index(timing.twin), *(n for part in parts for n in (len(part), *part))]
        sinks = [n for sink in zip(self._sinks, self._beats, strict=True) for n in sink]
        fifos = [n for ends in self._fifos.values() for n in ends]
        numbers += [n for part in (self._sources, sinks, fifos) for n in (len(part), *part)]
        self._handle = ctypes.c_void_p(library.create((ctypes.c_int64 * len(numbers))(*numbers)))
        weakref.finalize(self, library.destroy, self._handle)
        self._told = (ctypes.c_int64 * 4)()
        self._earlier: dict[bytes, int] = {}

    @classmethod
    def of(cls, design: Design) -> Self | None:
        """A run of the design; None if there is no compiler, or a unit that only Python knows."""
        timings = [unit.timing() for unit in design.units]
        library = _library() if all(timing.twin for timing in timings) else None
        return None if library is None else cls(design, library, timings)

    def advance(self, clocks: int) -> None:
        """See `CycleRun`."""
        self._library.advance(self._handle, ctypes.c_int64(clocks), self._told)
        self.time, self.last_progress, self.started, ended = self._told
        if ended:
            self.finished.append(self.time - 1)

    def period(self) -> int | None:
        """See `CycleRun`."""
        count = self._library.state(self._handle, None, ctypes.c_int64(0))
        numbers = (ctypes.c_int64 * count)()
        self._library.state(self._handle, numbers, ctypes.c_int64(count))
        now = len(self.finished)
        return now - before if (before := self._earlier.setdefault(bytes(numbers), now)) < now else None

    def occupancy(self) -> dict[str, int]:
        """See `CycleRun`."""
        highest = (ctypes.c_int64 * len(self._fifos))()
        self._library.highest(self._handle, highest)
        return dict(zip(self._fifos, highest, strict=True))

    def _stuck(self) -> list[bool]:
        streams = (ctypes.c_ubyte * (len(self.names) + 7))()
        self._library.stuck(self._handle, streams)
        return [bool(stream) for stream in streams[: len(self.names)]]
