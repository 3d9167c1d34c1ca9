"""`Scan` in C++: a loop over the steps of its body, which `GraphSteps` makes."""

from netloom.sim.native.form import NativeForm
from netloom.sim.native.steps import StepKind

SCAN = NativeForm(StepKind.LOOP, stages=lambda _: [], fits=lambda site: not site.operation.keep)
