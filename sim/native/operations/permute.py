"""`Permute` in C++: a step an input."""

import numpy as np

from netloom.sim.native.constants import Constants
from netloom.sim.native.form import NativeForm, NativeSite
from netloom.sim.native.steps import NativeStep, StepKind


def _lay(step: NativeStep, site: NativeSite, constants: Constants) -> None:
    """Where the elements of one input go; the first fills the places that none reaches."""
    flat, sizes = site.operation.indices.ravel(), [tensor.size for tensor in site.types]
    first = sum(sizes[: site.part])
    (to,) = np.nonzero((flat >= first) & (flat < first + sizes[site.part]))
    step.places, step.pieces = constants.array(to, np.int64), constants.array(flat[to] - first, np.int64)
    step.numbers[:2] = len(to), site.part == 0 and bool((flat < 0).any())


def _reshapes(site: NativeSite) -> bool:
    return len(site.types) == 1 and bool(site.operation.reshapes([site.types[0].size]))


PERMUTE = NativeForm(StepKind.MOVE, _lay, moves=lambda _: True, reshapes=_reshapes)
