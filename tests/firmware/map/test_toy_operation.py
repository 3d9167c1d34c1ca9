"""An operation added from outside, in this file alone: its meaning, and its mapping to a unit that is there."""

from dataclasses import dataclass

import numpy as np
import pytest
from designs import Network, check_design

from netloom.errors import LayerNotSupportedError
from netloom.firmware.families import ECP5
from netloom.firmware.map.folding.folding import fold_for_interval
from netloom.firmware.map.layout import plan_design
from netloom.firmware.map.operations.each import on_each
from netloom.firmware.map.operations.table import MAPPINGS, register
from netloom.firmware.units.elements.lookup import LookupUnit
from netloom.fixed_point import FixedPoint
from netloom.hls.dataflow import Bounds, Lookup, Operation, TensorType, exact_dtype

SQUARE = FixedPoint.parse("ufixed<10,4>")


@dataclass(frozen=True)
class Square(Operation):
    """Every element of fixed<5,2> times itself."""

    def outputs(self, inputs):
        return (TensorType(inputs[0].shape, SQUARE),)

    def bounds(self, inputs, bounds):
        return (Bounds.of(*self.outputs(inputs)),)

    def prepare(self, inputs, bounds, least=np.float32):
        return lambda arrays: (arrays[0] * arrays[0],), exact_dtype(256, least)


def _unit(name, stream, operation, builder):
    return LookupUnit(name, stream, Lookup(np.arange(-16, 16) ** 2, SQUARE, offset=16), builder.target)


def squared():
    net = Network((6,), "fixed<5,2>")
    net.add(Square())
    net.matvec(3)
    return net.done()


def test_an_operation_from_outside_is_laid_out_and_exact():
    dataflow = squared()
    folding = fold_for_interval(dataflow, 6)
    with pytest.raises(LayerNotSupportedError, match="'layer1': Square has no hardware unit yet"):
        plan_design(dataflow, folding)
    register(Square, on_each(_unit))
    try:
        check_design(dataflow, plan_design(dataflow, folding, ECP5), folding)
    finally:
        del MAPPINGS[Square]
