"""Block RAM: how many of them a memory takes, and when it is worth them."""

from netloom.firmware.families.target import Target

LUTS_A_BLOCK = 160
"""LUTs that are worth a block RAM: an LFE5U-25F has 434 of them for each, and most of both go to multipliers."""

_SHAPES = {
    Target.ECP5: ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)),
    Target.ICE40: ((256, 16), (512, 8), (1024, 4), (2048, 2)),
}
"""Depth and width a block RAM can have."""


def block_rams(depth: int, width: int, target: Target) -> int:
    """Block RAMs of a device family that hold a memory; the generic target counts as ECP5.

    Args:
        depth: words.
        width: bits of a word.
        target: device family.
    """
    shapes = _SHAPES.get(target, _SHAPES[Target.ECP5])
    return min(-(-depth // words) * -(-width // bits) for words, bits in shapes)
