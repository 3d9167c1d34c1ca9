"""`Lookup` in hardware."""

from netloom.firmware.map.operations.each import on_each
from netloom.firmware.units.elements.lookup import LookupUnit

LOOKUP = on_each(lambda name, stream, operation, builder: LookupUnit(name, stream, operation, target=builder.target))
