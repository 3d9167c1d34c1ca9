"""Block RAM: how many of them a memory takes, and when it is worth them."""

from netloom.firmware.families import Family


def block_rams(depth: int, width: int, target: Family) -> int:
    """Block RAMs of a device family that hold a memory.

    Args:
        depth: words.
        width: bits of a word.
        target: device family.
    """
    return min(_taken(depth, width, shape) for shape in target.ram_shapes)


def bank_words(depth: int, width: int, target: Family) -> int:
    """Words of one block RAM in a memory of as few of them as can be: what is deeper is in more than one bank.

    Args:
        depth: words.
        width: bits of a word.
        target: device family.
    """
    # Of shapes that take as many, the least deep: a bank of a deeper one could as well be made of several of that one,
    # and then synthesis may do so, and choose between them before the banks' registers.
    return min(target.ram_shapes, key=lambda shape: (_taken(depth, width, shape), shape[0]))[0]


def _taken(depth: int, width: int, shape: tuple[int, int]) -> int:
    words, bits = shape
    return -(-depth // words) * -(-width // bits)
