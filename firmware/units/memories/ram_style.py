"""What a small memory is built of, and what that costs. The choice fixes a unit's latency, so it is made here, once."""

from netloom.firmware.families import Family
from netloom.firmware.units.memories.block_ram import block_rams
from netloom.firmware.units.unit import Ram, Resources

BLOCK, DISTRIBUTED, REGISTERS = "block", "distributed", "registers"
"""Values of the modules' STYLE parameter, as Yosys and Vivado know them from `ram_style`."""

_DEEPEST_DISTRIBUTED = 64
"""Words beyond which the read multiplexer grows faster than the memory."""
_MOST_REGISTERS = 64
"""Bits that go to flip-flops where there is no LUT RAM."""


def ram_style(depth: int, width: int, target: Family) -> str:
    """Few words go to LUTs, many bits to block RAM; where there is no LUT RAM, flip-flops take the smallest.

    Args:
        depth: words.
        width: bits of a word.
        target: device family.
    """
    if not target.lut_ram:
        return REGISTERS if depth * width <= _MOST_REGISTERS else BLOCK
    if depth > _DEEPEST_DISTRIBUTED:
        return BLOCK
    dearer = _distributed_luts(depth, width, target) > target.block_luts * block_rams(depth, width, target)
    return BLOCK if dearer else DISTRIBUTED


def ram_resources(depth: int, width: int, style: str, target: Family) -> Resources:
    """The memory alone, with its read multiplexer and without an output register."""
    if style == BLOCK:
        return Resources(rams=(Ram(depth, width, block=True),))
    if style == REGISTERS:
        return Resources(lut=depth * width, ff=depth * width)
    return Resources(lut=_distributed_luts(depth, width, target), rams=(Ram(depth, width, block=False),))


def _distributed_luts(depth: int, width: int, target: Family) -> int:
    """RAMs of 16 x 4 bits; rows of them are joined by multiplexers."""
    rows = -(-depth // 16)
    return rows * -(-width // 4) * target.lut_ram + (rows - 1) * (width + 2)
