"""`Divide` in hardware."""

from netloom.firmware.map.operations.each import on_each
from netloom.firmware.units.elements.divide import DivideUnit

DIVIDE = on_each(lambda name, stream, operation, _: DivideUnit(name, stream, operation))
