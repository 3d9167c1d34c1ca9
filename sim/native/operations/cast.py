"""`Cast` in C++: two stages."""

from netloom.sim.native.form import NativeForm, NativeSite, overflow_stages, shifted
from netloom.sim.native.steps import NativeStage, StepKind


def _stages(site: NativeSite) -> list[NativeStage]:
    to = site.operation.to
    return [*shifted(site.fraction - to.fraction, to.rounding), *overflow_stages(site)]


CAST = NativeForm(StepKind.EACH, stages=_stages)
