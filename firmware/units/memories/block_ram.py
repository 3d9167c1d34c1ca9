"""Block RAM: how many of them a memory takes, and when it is worth them."""

from netloom.firmware.families import Family

LUTS_A_BLOCK = 160
"""LUTs that are worth a block RAM: an LFE5U-25F has 434 of them for each, and most of both go to multipliers."""


def block_rams(depth: int, width: int, target: Family) -> int:
    """Block RAMs of a device family that hold a memory.

    Args:
        depth: words.
        width: bits of a word.
        target: device family.
    """
    return min(-(-depth // words) * -(-width // bits) for words, bits in target.ram_shapes)
