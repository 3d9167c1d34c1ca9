"""`Cast` in hardware."""

from netloom.firmware.map.operations.each import on_each
from netloom.firmware.units.elements.cast import CastUnit

CAST = on_each(lambda name, stream, operation, _: CastUnit(name, stream, operation.to))
