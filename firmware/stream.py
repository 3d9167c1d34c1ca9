"""`Stream`: what travels between hardware units."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import integer_dtype

_PART_BITS = 32


@dataclass(frozen=True)
class Stream:
    """A sequence of elements on a valid/ready link, the same number of beats for every inference.

    Attributes:
        name: unique in a design; a Verilog identifier.
        element: type of the elements.
        lanes: elements a beat carries, side by side, the first in the least significant bits.
        beats: an inference takes.
    """

    name: str
    element: FixedPoint
    lanes: int
    beats: int

    @property
    def width(self) -> int:
        """Bits of a beat."""
        return self.lanes * self.element.width

    @property
    def bytes(self) -> int:
        """Bytes that hold a beat."""
        return (self.width + 7) // 8

    def pack(self, raws: np.ndarray) -> np.ndarray:
        """Raws as beats: integers (samples, elements) -> uint8 (samples * beats, bytes), little-endian."""
        words: np.ndarray = raws.reshape(-1, self.lanes).astype(integer_dtype(2**self.element.width - 1), copy=False)
        parts = [
            ((words >> low) & ((1 << count) - 1)).astype(np.int64)[:, :, None] >> np.arange(count)
            for low, count in self._parts(words.dtype)
        ]
        bits = np.concatenate(parts, axis=2) & 1
        return np.packbits(bits.reshape(len(words), self.width).astype(np.uint8), axis=1, bitorder="little")

    def unpack(self, words: np.ndarray) -> np.ndarray:
        """Beats as raws: uint8 (n * beats, bytes) -> (n, elements), int64, or Python integers beyond 62 bits."""
        width = self.element.width
        bits = np.unpackbits(words, axis=1, count=self.width, bitorder="little").reshape(len(words), self.lanes, width)
        raws: np.ndarray = np.zeros((len(words), self.lanes), dtype=integer_dtype(2**width - 1))
        for low, count in self._parts(raws.dtype):
            part = bits[:, :, low : low + count].astype(np.int64) @ (np.int64(1) << np.arange(count, dtype=np.int64))
            raws += part.astype(raws.dtype) << low
        if self.element.signed:
            half = 1 << (width - 1)
            raws = (raws ^ half) - half
        return raws.reshape(-1, self.beats * self.lanes)

    def _parts(self, dtype: np.dtype) -> list[tuple[int, int]]:
        """Where the parts of an element's word that int64 can work on start, and their bits."""
        width = self.element.width
        most = width if dtype.kind == "i" else _PART_BITS
        return [(low, min(most, width - low)) for low in range(0, width, most)]


def hex_memory(words: Sequence[Sequence[int]] | np.ndarray, width: int) -> str:
    """Text for `$readmemh`: a word a line, its elements of `width` bits side by side, the first in the last digits."""
    digits = (len(words[0]) * width + 3) // 4
    mask = (1 << width) - 1
    lines = (sum((int(raw) & mask) << lane * width for lane, raw in enumerate(word)) for word in words)
    return "".join(f"{line:0{digits}x}\n" for line in lines)
