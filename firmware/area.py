"""What a design is expected to take of a device, before synthesis."""

from dataclasses import dataclass

from netloom.firmware.design import Design
from netloom.firmware.target import Target
from netloom.firmware.units.block_ram import block_rams
from netloom.firmware.units.unit import Resources


@dataclass(frozen=True)
class Area:
    """LUTs (4 inputs), flip-flops, DSP blocks and block RAMs."""

    lut: int
    ff: int
    dsp: int
    bram: int


def area_of(resources: Resources, target: Target) -> Area:
    """Of one unit."""
    blocks = sum(block_rams(ram.depth, ram.width, target) for ram in resources.rams if ram.block)
    return Area(resources.lut, resources.ff, resources.dsp, blocks)


def design_area(design: Design) -> Area:
    """Of all units together."""
    areas = [area_of(resources, design.target) for resources in design.resources.values()]
    return Area(
        sum(area.lut for area in areas),
        sum(area.ff for area in areas),
        sum(area.dsp for area in areas),
        sum(area.bram for area in areas),
    )
