"""`DepthwiseConvolution` in C++, and `DepthwiseMatVec` as one of a single place: a scale and an offset a channel."""

from dataclasses import replace
from math import prod

import numpy as np

from netloom.hls.dataflow import TensorType, Window
from netloom.sim.depthwise_convolution import DepthwiseConvolution
from netloom.sim.native.constants import Constants
from netloom.sim.native.form import NativeForm, NativeSite
from netloom.sim.native.steps import NativeStep, StepKind


def _lay(step: NativeStep, site: NativeSite, constants: Constants) -> None:
    weights, start, places = site.operation.laid_out(site.types, np.float32)
    step.weights, step.start = constants.array(weights, np.float32), constants.array(start, np.float32)
    step.numbers[: len(places)] = places


def _lay_matvec(step: NativeStep, site: NativeSite, constants: Constants) -> None:
    shape = site.types[0].shape
    flat = TensorType((prod(shape[:-1]), shape[-1]), site.types[0].element)
    convolution = DepthwiseConvolution(Window((1,), (1,), ((0, 0),)), site.operation)
    _lay(step, replace(site, operation=convolution, types=[flat]), constants)


DEPTHWISE_CONVOLUTION = NativeForm(StepKind.DEPTHWISE, _lay)
DEPTHWISE_MATVEC = NativeForm(
    StepKind.DEPTHWISE,
    _lay_matvec,
    fits=lambda site: len(site.operation.weights) == 1 and not site.takes_terms_in_order,
)
