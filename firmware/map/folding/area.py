"""What a design is expected to take of a device, before synthesis."""

from collections.abc import Iterable
from typing import NamedTuple

from netloom.firmware.design import Design
from netloom.firmware.families import Family
from netloom.firmware.units.memories.styles import block_rams
from netloom.firmware.units.unit import Resources


class Area(NamedTuple):
    """LUTs (4 inputs), flip-flops, DSP blocks and block RAMs."""

    lut: int
    ff: int
    dsp: int
    bram: int


def area_of(resources: Resources, target: Family) -> Area:
    """Of one unit."""
    blocks = sum(block_rams(*ram, target) for ram in resources.rams)
    return Area(resources.lut, resources.ff, resources.dsp, blocks)


def design_area(design: Design) -> Area:
    """Of all units together."""
    return _sum(area_of(resources, design.target) for resources in design.resources.values())


def least_area(design: Design) -> Area:
    """No more than `design_area`, and at once: the adders that constant weights become are left out."""
    return _sum(area_of(unit.least_resources(), design.target) for unit in design.units)


def _sum(parts: Iterable[Area]) -> Area:
    return Area(*map(sum, zip(*parts, strict=True)))
