"""Constant memories: in block RAM or in LUTs, and what either costs."""

from netloom.firmware.target import Target
from netloom.firmware.units.unit import Ram, Resources

_LUTS_A_BLOCK = 160
"""LUTs worth a block RAM, of 18 kbit on ECP5 and 4 kbit on iCE40: both have about that many for each."""
_BLOCK_WIDTH = {Target.ICE40: 16}
_WIDEST = 36


def rom_in_block(depth: int, width: int, target: Target) -> bool:
    """Whether a table of `depth` words of `width` bits goes to block RAM: where LUTs would be dearer."""
    return rom_luts(depth, width) > _LUTS_A_BLOCK * -(-width // _BLOCK_WIDTH.get(target, _WIDEST))


def rom_luts(depth: int, width: int) -> int:
    """LUTs that hold the table: one for 16 bits."""
    return width * -(-depth // 16) if depth > 1 else 0


def rom_resources(depth: int, width: int, target: Target) -> Resources:
    """The table with its output register; a single word costs nothing."""
    if depth == 1:
        return Resources()
    if rom_in_block(depth, width, target):
        return Resources(rams=(Ram(depth, width, block=True),))
    return Resources(lut=rom_luts(depth, width), ff=width)
