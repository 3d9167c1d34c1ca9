"""What is in a part: `Device`, by part number."""

from dataclasses import dataclass

from netloom.firmware.families import ECP5, GENERIC, ICE40, Family

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
        dsp: multiplier blocks (ECP5: 18x18; iCE40: 16x16).
        bram: block RAMs.
        bram_kbit: kbit in a block RAM (1 kbit = 1,024 bits).
        spram_kbit: kbit of single-port RAM (UP5K only).
        options: of the place-and-route tool, that choose the part.
        note: what is worth knowing.
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
    note: str = ""

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


def _ecp5(size: str, lut: int, dsp: int, bram: int, kinds: tuple[str, ...], note: str = "") -> list[Device]:
    prefixes = {"U": "", "UM": "um-", "UM5G": "um5g-"}
    return [
        Device(f"LFE5{kind}-{size}F", ECP5, lut, lut, dsp, bram, 18, 0, (f"--{prefixes[kind]}{size}k",), note)
        for kind in kinds
    ]


def _ice40(name: str, option: str, lut: int, dsp: int, bram: int, spram_kbit: int = 0, note: str = "") -> Device:
    return Device(f"iCE40{name}", ICE40, lut, lut, dsp, bram, 4, spram_kbit, (option,), note)


_OPEN = [
    *_ecp5("12", 24288, 28, 56, ("U",), "the die of the 25F, and the open tools use all of it"),
    *_ecp5("25", 24288, 28, 56, ("U", "UM", "UM5G")),
    *_ecp5("45", 43848, 72, 108, ("U", "UM", "UM5G")),
    *_ecp5("85", 83640, 156, 208, ("U", "UM", "UM5G")),
    _ice40("UP5K", "--up5k", 5280, 8, 30, spram_kbit=1024),
    _ice40("HX1K", "--hx1k", 1280, 0, 16),
    _ice40("HX4K", "--hx4k", 7680, 0, 32, note="the die of the HX8K, and the open tools use all of it"),
    _ice40("HX8K", "--hx8k", 7680, 0, 32),
    _ice40("LP8K", "--lp8k", 7680, 0, 32),
]
_VENDOR = [
    Device("xc7a15t", None, 10400, 20800, 45, 25, 36),
    Device("xc7a35t", None, 20800, 41600, 90, 50, 36),
    Device("xc7a50t", None, 32600, 65200, 120, 75, 36),
    Device("xc7a100t", None, 63400, 126800, 240, 135, 36),
    Device("xc7s25", None, 14600, 29200, 80, 45, 36),
    Device("xc7s50", None, 32600, 65200, 120, 75, 36),
    Device("xc7k325t", None, 203800, 407600, 840, 445, 36),
    Device("EP3C16", None, 15408, 15408, 56, 56, 9, note="logic elements"),
    Device("EP4CE6", None, 6272, 6272, 15, 30, 9, note="logic elements"),
    Device("10M50DA", None, 49760, 49760, 144, 182, 9, note="logic elements"),
    Device("5CSEBA6", None, 41910, 167640, 112, 557, 10, note="adaptive logic modules"),
    Device("GW1NR-9", None, 8640, 6480, 20, 26, 18),
]
DEVICES = {device.name: device for device in (*_OPEN, *_VENDOR)}
"""By part number."""
