"""`Pool` in C++."""

from netloom.rounding import Rounding
from netloom.sim.native.constants import Constants
from netloom.sim.native.form import NativeForm, NativeSite, overflow_stages, shifted
from netloom.sim.native.steps import NativeStage, NativeStep, StepKind


def _lay(step: NativeStep, site: NativeSite, constants: Constants) -> None:
    """Sizes of pictures and windows."""
    del constants
    pool = site.operation
    kernel, stride = (1, *pool.kernel_size)[-2:], (1, *pool.stride)[-2:]
    rows, columns, _ = (1, *pool.outputs(site.types)[0].shape)[-3:]
    sizes = (*(1, *site.types[0].shape)[-3:], *kernel, *stride, rows, columns, pool.accum is None)
    step.numbers[: len(sizes)] = sizes


def _stages(site: NativeSite) -> list[NativeStage]:
    accum = site.operation.accum
    aligned = [] if accum is None else shifted(site.fraction - accum.fraction, Rounding.TRN)
    return [*aligned, *overflow_stages(site)]


def _fits(site: NativeSite) -> bool:
    """Whether it is a maximum, or a sum of which nothing is rounded or overflows on the way."""
    pool = site.operation
    plain = pool.accum is None or (site.fraction <= pool.accum.fraction and not site.may_overflow)
    return plain and len(pool.kernel_size) <= 2


POOL = NativeForm(StepKind.POOL, _lay, _stages, _fits, moves=lambda site: site.operation.accum is None)
