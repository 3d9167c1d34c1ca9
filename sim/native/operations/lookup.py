"""`Lookup` in C++."""

import numpy as np

from netloom.hls.dataflow import exact_dtype
from netloom.rounding import Rounding
from netloom.sim.native.constants import Constants
from netloom.sim.native.form import NativeForm, NativeSite, index, shifted
from netloom.sim.native.steps import NativeStage, NativeStep, StepKind


def lay_table(step: NativeStep, site: NativeSite, constants: Constants) -> None:
    """Rows of a table; of a function's they are of one number each."""
    table = site.operation.table
    step.weights = constants.array(table, np.float32)
    step.numbers[:2] = table.size // len(table), getattr(site.operation, "offset", 0)


def _stages(site: NativeSite) -> list[NativeStage]:
    lookup = site.operation
    rounding = Rounding.TRN_ZERO if lookup.toward_zero else Rounding.TRN
    return [*shifted(lookup.shift, rounding, lookup.scale), index(lookup.table.size, lookup.offset)]


def _exact(site: NativeSite) -> bool:
    """NumPy looks up at integers, whatever they are."""
    return exact_dtype(site.operation.headroom(site.bounds)) is np.float32


LOOKUP = NativeForm(StepKind.LOOKUP, lay_table, _stages, exact=_exact)
