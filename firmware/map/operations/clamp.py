"""`Clamp` in hardware."""

from netloom.firmware.map.operations.each import on_each
from netloom.firmware.units.elements.clamp import ClampUnit

CLAMP = on_each(lambda name, stream, operation, _: ClampUnit(name, stream, operation))
