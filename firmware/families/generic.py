"""No family in particular: everything is left to the synthesizer, and estimated as in parts of the middle."""

from netloom.firmware.families.family import Family

SHAPES = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
"""Words and bits of a block RAM of 18 kbit, the commonest; the widest has one port."""
_LUTS_A_PRODUCT_BIT = 2.4


def adder(width: int, carry: bool) -> int:
    """A LUT a bit; a carry that counts is one of them."""
    del carry
    return width


def multiplier(long: int, short: int) -> tuple[int, int]:
    """About right, whatever the synthesizer makes of it."""
    return round(_LUTS_A_PRODUCT_BIT * long * short), 3 * (long + short)


GENERIC = Family(
    name="generic",
    ram_shapes=SHAPES,
    buffer_shapes=SHAPES[1:],
    lut_ram=6,
    block_luts=160,
    second_port=18,
    ram_register=False,
    dsp_width=18,  # what vendors' blocks take at least
    packs=False,
    adder=adder,
    multiplier=multiplier,
)
