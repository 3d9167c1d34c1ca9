"""What module `multiplier` costs, and the adders it shares with others; which operands a DSP block takes."""

from netloom.firmware.families.target import Target
from netloom.firmware.units.unit import Resources

LATENCY = 3
"""Clocks through a multiplier, however it is built."""

DSP_WIDTH = {Target.ECP5: 18, Target.ICE40: 16, Target.GENERIC: 18}
"""Widest operand of a DSP block, signed or not; of no family in particular, what vendors' blocks take at least."""

_LUTS_A_PRODUCT_BIT = 2.4


def adder_luts(width: int, target: Target, carry: bool = False) -> int:
    """LUTs of a sum of `width` bits, with or without a carry that counts (`adder.sv`, `adder_load.sv`)."""
    if target is not Target.ECP5:
        return width
    return 2 * ((width + 2) // 2) if carry else width + 1


def multiplier_resources(a_width: int, b_width: int, target: Target, dsp: bool) -> Resources:
    """One multiplier of operands of these widths; those in LUTs are exact on ECP5, and else about right."""
    if dsp:
        return Resources(dsp=1)
    long, short = max(a_width, b_width), min(a_width, b_width)
    if target is not Target.ECP5:
        return Resources(lut=round(_LUTS_A_PRODUCT_BIT * long * short), ff=3 * (long + short))
    rows = [2] * -(-short // 2)
    lut, ff, level = len(rows) * (long + 3), len(rows) * (long + 2), 0
    while len(rows) > 1:
        level += 1
        sums = [sum(rows[i : i + 2]) for i in range(0, len(rows), 2)]
        lut += sum(adder_luts(long + rows[i], target) for i in range(1, len(rows), 2))
        ff += sum(long + bits for bits in sums) if level == 1 else 0
        rows = sums
    return Resources(lut=lut, ff=ff + (long + short) * (2 if level == 0 else 1))
