"""What memories are built of, and what that costs. The choice fixes a unit's latency, so it is made here, once.

A memory is `depth` words of `width` bits everywhere; what holds constants is a ROM.
"""

from netloom.firmware.families import Family
from netloom.firmware.units.unit import Resources

BLOCK, DISTRIBUTED, REGISTERS = "block", "distributed", "registers"
"""Values of the modules' STYLE parameter, as Yosys and Vivado know them from `ram_style`."""

_DEEPEST_DISTRIBUTED = 64
"""Words beyond which the read multiplexer grows faster than the memory."""
_MOST_REGISTERS = 64
"""Bits that go to flip-flops where there is no LUT RAM."""
_WIDE = 16
"""Bits that a block of a long sequence has side by side, at least."""
_LONG = 16
"""Blocks that may be one behind the other before a sequence is read in rows."""
_SHORT = 8
"""Blocks that may be, if it is."""
_MANY = 64
"""Blocks that the step which asks for a word reaches within its clock; a row it may ask for a clock later."""
_WIDEST = 512
"""Bits of a row: what is left of it waits in registers."""


def block_rams(depth: int, width: int, target: Family) -> int:
    """Block RAMs of a device family that hold a memory."""
    return min(_taken(depth, width, shape) for shape in target.ram_shapes)


def bank_words(depth: int, width: int, target: Family) -> int:
    """Words of one block RAM in a memory of as few of them as can be: what is deeper is in more than one bank."""
    # Of shapes that take as many, the least deep: a bank of a deeper one could as well be made of several of that one,
    # and then synthesis may do so, and choose between them before the banks' registers.
    return min(target.ram_shapes, key=lambda shape: (_taken(depth, width, shape), shape[0]))[0]


def _taken(depth: int, width: int, shape: tuple[int, int]) -> int:
    words, bits = shape
    return -(-depth // words) * -(-width // bits)


def ram_style(depth: int, width: int, target: Family) -> str:
    """Few words go to LUTs, many bits to block RAM; where there is no LUT RAM, flip-flops take the smallest."""
    if not target.lut_ram:
        return REGISTERS if depth * width <= _MOST_REGISTERS else BLOCK
    if depth > _DEEPEST_DISTRIBUTED:
        return BLOCK
    dearer = _distributed_luts(depth, width, target) > target.block_luts * block_rams(depth, width, target)
    return BLOCK if dearer else DISTRIBUTED


def ram_resources(depth: int, width: int, style: str, target: Family) -> Resources:
    """The memory alone, with its read multiplexer and without an output register."""
    if style == BLOCK:
        return Resources(rams=((depth, width),))
    if style == REGISTERS:
        return Resources(lut=depth * width, ff=depth * width)
    return Resources(lut=_distributed_luts(depth, width, target))


def _distributed_luts(depth: int, width: int, target: Family) -> int:
    """RAMs of 16 x 4 bits; rows of them are joined by multiplexers."""
    rows = -(-depth // 16)
    return rows * -(-width // 4) * target.lut_ram + (rows - 1) * (width + 2)


def rom_in_block(depth: int, width: int, target: Family) -> bool:
    """Whether a table of constants goes to block RAM, which takes a clock more: where LUTs would be dearer."""
    return rom_luts(depth, width) > target.block_luts * block_rams(depth, width, target)


def rom_resources(depth: int, width: int, target: Family) -> Resources:
    """The table alone, without the register behind it."""
    if rom_in_block(depth, width, target):
        return Resources(rams=((depth, width),))
    return Resources(lut=rom_luts(depth, width))


def rom_luts(depth: int, width: int) -> int:
    """LUTs that hold a table in logic: one for 16 bits of a column; a single word is constants."""
    return width * -(-depth // 16) if depth > 1 else 0


def words_a_row(depth: int, width: int, target: Family) -> int:
    """How many words of a sequence in block RAM are read at once.

    More than one where so many blocks would be one behind the other that choosing one of them takes a clock too long,
    or there are so many in all that asking them does; in the fewest blocks.
    """
    words = max(words for words, bits in target.ram_shapes if bits >= _WIDE)
    if depth <= _LONG * words and block_rams(depth, width, target) <= _MANY:
        return 1
    rows = [row for row in range(2, _WIDEST // width + 1) if depth % row == 0 and depth <= _SHORT * words * row]
    return min(rows, key=lambda row: (block_rams(depth // row, row * width, target), row), default=1)
