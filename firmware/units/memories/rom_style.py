"""What a table of constants is built of, and what that costs. Does not change a unit's latency."""

from netloom.firmware.families import GENERIC, Family
from netloom.firmware.units.memories.block_ram import LUTS_A_BLOCK, block_rams
from netloom.firmware.units.unit import Ram, Resources


def rom_in_block(depth: int, width: int, target: Family = GENERIC) -> bool:
    """Whether a table goes to block RAM: where LUTs would be dearer.

    Args:
        depth: words.
        width: bits of a word.
        target: device family.
    """
    return rom_luts(depth, width) > LUTS_A_BLOCK * block_rams(depth, width, target)


def rom_resources(depth: int, width: int, target: Family = GENERIC) -> Resources:
    """The table alone, without the register behind it."""
    if rom_in_block(depth, width, target):
        return Resources(rams=(Ram(depth, width, block=True),))
    return Resources(lut=rom_luts(depth, width))


def rom_luts(depth: int, width: int) -> int:
    """LUTs that hold a table in logic: one for 16 bits of a column; a single word is constants."""
    return width * -(-depth // 16) if depth > 1 else 0
