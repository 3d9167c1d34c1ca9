"""`Elementwise` in C++."""

import numpy as np

from netloom.hls.dataflow import ElementwiseFunction
from netloom.rounding import EXACT_LIMIT
from netloom.sim.native.constants import Constants
from netloom.sim.native.form import NativeForm, NativeSite
from netloom.sim.native.steps import NativeStep, StepKind

_FUNCTIONS = (
    ElementwiseFunction.ADD,
    ElementwiseFunction.SUBTRACT,
    ElementwiseFunction.MULTIPLY,
    ElementwiseFunction.MAXIMUM,
    ElementwiseFunction.MINIMUM,
)
"""By their numbers in C++."""


def _lay(step: NativeStep, site: NativeSite, constants: Constants) -> None:
    del constants
    step.numbers[:3] = (_FUNCTIONS.index(site.operation.function), *site.operation.gains(site.types))


def _fits(site: NativeSite) -> bool:
    same = site.types[0].shape == site.types[1].shape
    return same and max(site.operation.gains(site.types)) <= EXACT_LIMIT[np.float32]


ELEMENTWISE = NativeForm(StepKind.JOIN, _lay, fits=_fits)
