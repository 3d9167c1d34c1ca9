"""`Gather` from a table in C++."""

from netloom.rounding import Rounding
from netloom.sim.native.form import NativeForm, NativeSite, index, shifted
from netloom.sim.native.operations.lookup import lay_table
from netloom.sim.native.steps import NativeStage, StepKind


def _stages(site: NativeSite) -> list[NativeStage]:
    return [*shifted(site.fraction, Rounding.TRN), index(len(site.operation.table))]


GATHER = NativeForm(StepKind.LOOKUP, lay_table, _stages, fits=lambda site: site.operation.table is not None)
