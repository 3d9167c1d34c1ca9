"""What is in a part: `Device`, by part number; `devices.csv`, a line a part, its notes for who reads it."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from netloom.firmware.families import GENERIC, Family, find_family

GENERIC_KBIT = max(words * bits for words, bits in GENERIC.ram_shapes) // 1024
"""kbit of the block RAM that estimates for vendors' parts count in."""


@dataclass(frozen=True)
class Device:
    """A part: what it holds for a design.

    Attributes:
        name: part number.
        family: the open tools that serve it; None if it needs its vendor's.
        lut: look-up tables (4 inputs; 6 for Xilinx, logic elements or ALMs for Intel).
        ff: flip-flops.
        dsp: multiplier blocks, as wide as its family has them.
        bram: block RAMs.
        bram_kbit: kbit in a block RAM (1 kbit = 1,024 bits).
        spram_kbit: kbit of single-port RAM (UP5K only).
        options: of the place-and-route tool, that choose the part.
    """

    name: str
    family: Family | None
    lut: int
    ff: int
    dsp: int
    bram: int
    bram_kbit: int
    spram_kbit: int = 0
    options: tuple[str, ...] = ()

    @property
    def primitives(self) -> Family:
        """The family whose are used: a device of a vendor's tool gets nothing but what every tool understands."""
        return self.family or GENERIC

    @property
    def memory_kbit(self) -> int:
        """Block RAM altogether."""
        return self.bram * self.bram_kbit

    @property
    def spram(self) -> int:
        """Single-port RAMs."""
        return self.spram_kbit // self.family.spram_kbit if self.family and self.family.spram_kbit else 0

    def holds(self, other: "Device") -> bool:
        """Whether whatever fits into another part fits here: of its family, and no smaller."""
        return self.family is other.family is not None and all(
            getattr(self, name) >= getattr(other, name) for name in ("lut", "ff", "dsp", "memory_kbit", "spram_kbit")
        )

    @property
    def ram_blocks(self) -> int:
        """Block RAMs as estimates count them: those of its family, or of a vendor's part blocks of `GENERIC_KBIT`."""
        return self.bram if self.family is not None else self.memory_kbit // GENERIC_KBIT


def read_table(name: str) -> Iterator[dict[str, str]]:
    """The rows of a table of this folder, by the names of its columns."""
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _device(row: dict[str, str]) -> Device:
    counts = {name: int(row[name] or 0) for name in ("lut", "ff", "dsp", "bram", "bram_kbit", "spram_kbit")}
    family = find_family(row["family"]) if row["family"] else None
    return Device(row["name"], family, **counts, options=tuple(row["options"].split()))


DEVICES = {row["name"]: _device(row) for row in read_table("devices.csv")}
"""By part number."""
