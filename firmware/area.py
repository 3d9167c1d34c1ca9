"""What a design is expected to take of a device, before synthesis."""

from dataclasses import dataclass

from netloom.firmware.design import Design
from netloom.firmware.target import Target
from netloom.firmware.units.unit import Ram, Resources

_BLOCK_SHAPES = {
    Target.ECP5: ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)),
    Target.ICE40: ((256, 16), (512, 8), (1024, 4), (2048, 2)),
}
"""Depth and width a block RAM can have."""


@dataclass(frozen=True)
class Area:
    """LUTs (4 inputs), flip-flops, DSP blocks and block RAMs."""

    lut: int
    ff: int
    dsp: int
    bram: int


def block_rams(ram: Ram, target: Target) -> int:
    """Block RAMs a memory takes on a device family; the generic target counts as ECP5."""
    if not ram.block:
        return 0
    shapes = _BLOCK_SHAPES.get(target, _BLOCK_SHAPES[Target.ECP5])
    return min(-(-ram.depth // depth) * -(-ram.width // width) for depth, width in shapes)


def area_of(resources: Resources, target: Target) -> Area:
    """Of one unit."""
    return Area(resources.lut, resources.ff, resources.dsp, sum(block_rams(ram, target) for ram in resources.rams))


def design_area(design: Design) -> Area:
    """Of all units together."""
    areas = [area_of(resources, design.target) for resources in design.resources.values()]
    return Area(
        sum(area.lut for area in areas),
        sum(area.ff for area in areas),
        sum(area.dsp for area in areas),
        sum(area.bram for area in areas),
    )
