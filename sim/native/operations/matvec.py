"""`MatVec` in C++, of windows too: those are not laid out, but read where they are in the picture."""

from math import prod

import numpy as np

from netloom.rounding import magnitude
from netloom.sim.native.constants import Constants
from netloom.sim.native.form import NativeForm, NativeSite
from netloom.sim.native.operations.window import places_in
from netloom.sim.native.steps import NativeStep, StepKind

LANES = 16


def group_of(bytes_: bool) -> int:
    """How many numbers of a row are multiplied at a time by each lane."""
    return 4 if bytes_ else 1


def _lay(step: NativeStep, site: NativeSite, constants: Constants) -> None:
    """A matrix for rows of a picture: its windows, or whole last axes."""
    weights = site.operation.scaled_weights(site.types)
    columns, shape = weights.shape[1], site.picture
    if site.view is None:
        places, pieces = np.arange(prod(shape[:-1])) * shape[-1], np.zeros(1, np.int64)
    else:
        places, pieces = places_in(shape, site.view)
    weights = weights.reshape(len(pieces), -1, columns)
    group = group_of(bool(step.from_bytes))
    length, panels = -(-weights.shape[1] // group), -(-columns // LANES)
    whole = np.zeros((len(pieces), length * group, panels * LANES), np.int64)
    whole[:, : weights.shape[1], :columns] = weights
    start = np.zeros(panels * LANES, np.int64)
    start[:columns] = site.operation.start() - int(step.fill) * weights.sum(axis=(0, 1))
    laid = whole.reshape(len(pieces), length, group, panels, LANES).transpose(3, 0, 1, 4, 2)
    step.weights = constants.array(laid, np.int8 if step.from_bytes else np.float32)
    step.start = constants.array(start, np.int32 if step.from_bytes else np.float32)
    step.places, step.pieces = constants.array(places, np.int64), constants.array(pieces, np.int64)
    step.numbers[:5] = len(places), columns, len(pieces), length, laid[0].size


def _reads_bytes(site: NativeSite) -> bool:
    weights = site.operation.scaled_weights(site.types)
    return magnitude(weights) <= 127 and len(weights) * 255 * 127 < 2**31


MATVEC = NativeForm(StepKind.PRODUCT, _lay, fits=lambda site: not site.takes_terms_in_order, reads_bytes=_reads_bytes)
