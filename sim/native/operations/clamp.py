"""`Clamp` in C++: a stage."""

import numpy as np

from netloom.rounding import EXACT_LIMIT
from netloom.sim.native.form import NativeForm, NativeSite
from netloom.sim.native.steps import SATURATES, NativeStage, StepKind


def _stages(site: NativeSite) -> list[NativeStage]:
    low, high = site.operation.low, site.operation.high
    return [NativeStage(1, low, EXACT_LIMIT[np.float32] if high is None else high, 1, 0, SATURATES)]


CLAMP = NativeForm(StepKind.EACH, stages=_stages)
