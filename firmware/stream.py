"""`Stream`: what travels between hardware units."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from netloom.quantize.fixed_point import FixedPoint


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
        """Raws as beats: int64 (samples, elements) -> uint8 (samples * beats, bytes), little-endian."""
        words = raws.reshape(-1, self.lanes)
        bits = (words[:, :, None] >> np.arange(self.element.width)) & 1
        return np.packbits(bits.reshape(len(words), self.width).astype(np.uint8), axis=1, bitorder="little")

    def unpack(self, words: np.ndarray) -> np.ndarray:
        """Beats as raws: uint8 (n * beats, bytes) -> int64 (n, elements)."""
        width = self.element.width
        bits = np.unpackbits(words, axis=1, count=self.width, bitorder="little").reshape(len(words), self.lanes, width)
        weights = np.int64(1) << np.arange(width, dtype=np.int64)
        if self.element.signed:
            weights[-1] = -weights[-1]
        return (bits.astype(np.int64) @ weights).reshape(-1, self.beats * self.lanes)


def hex_memory(words: Iterable[int], width: int) -> str:
    """Text for `$readmemh`: one word of `width` bits a line; negative words in two's complement."""
    digits = (width + 3) // 4
    return "".join(f"{word & ((1 << width) - 1):0{digits}x}\n" for word in words)


def pack_word(raws: Iterable[int], width: int) -> int:
    """Elements of `width` bits side by side in one word, the first in the least significant bits."""
    word = 0
    for lane, raw in enumerate(raws):
        word |= (int(raw) & ((1 << width) - 1)) << (lane * width)
    return word
