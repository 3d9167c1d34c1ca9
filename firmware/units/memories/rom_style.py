"""What a table of constants is built of, and what that costs; block RAM takes a lookup or a gather a clock more."""

from netloom.firmware.families import GENERIC, Family
from netloom.firmware.units.memories.block_ram import block_rams
from netloom.firmware.units.unit import Ram, Resources

WIDE = 16
"""Bits that a block of a long sequence has side by side, at least."""
LONG = 16
"""Blocks that may be one behind the other before a sequence is read in rows."""
SHORT = 8
"""Blocks that may be, if it is."""
MANY = 64
"""Blocks that the step which asks for a word reaches within its clock; a row it may ask for a clock later."""
WIDEST = 512
"""Bits of a row: what is left of it waits in registers."""


def rom_in_block(depth: int, width: int, target: Family = GENERIC) -> bool:
    """Whether a table goes to block RAM: where LUTs would be dearer.

    Args:
        depth: words.
        width: bits of a word.
        target: device family.
    """
    return rom_luts(depth, width) > target.block_luts * block_rams(depth, width, target)


def rom_resources(depth: int, width: int, target: Family = GENERIC) -> Resources:
    """The table alone, without the register behind it."""
    if rom_in_block(depth, width, target):
        return Resources(rams=(Ram(depth, width, block=True),))
    return Resources(lut=rom_luts(depth, width))


def rom_luts(depth: int, width: int) -> int:
    """LUTs that hold a table in logic: one for 16 bits of a column; a single word is constants."""
    return width * -(-depth // 16) if depth > 1 else 0


def words_a_row(depth: int, width: int, target: Family = GENERIC) -> int:
    """How many words of a sequence in block RAM are read at once.

    More than one where so many blocks would be one behind the other that choosing one of them takes a clock too long,
    or there are so many in all that asking them does; in the fewest blocks.

    Args:
        depth: words.
        width: bits of a word.
        target: device family.
    """
    words = max(words for words, bits in target.ram_shapes if bits >= WIDE)
    if depth <= LONG * words and block_rams(depth, width, target) <= MANY:
        return 1
    rows = [row for row in range(2, WIDEST // width + 1) if depth % row == 0 and depth <= SHORT * words * row]
    return min(rows, key=lambda row: (block_rams(depth // row, row * width, target), row), default=1)
