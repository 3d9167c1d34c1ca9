"""`NativeProgram`: a network in netloom's C++, all of its samples in one call."""

import ctypes
from collections.abc import Sequence

import numpy as np

from netloom.hls.dataflow import Dataflow, in_dtype
from netloom.sim.engine import SamplesDone
from netloom.sim.native.form import NoFormError
from netloom.sim.native.native_library import native_library
from netloom.sim.native.native_plan import NativePlan
from netloom.sim.threads import cores, in_parts
from netloom.sim.values import empty_values, to_raws

_ALONE = 5_000_000
"""Multiplications that take less time than threads do to start."""

_BLOCKS = 64
"""That a thread computes before it tells how far it is."""


class NativeProgram:
    """A network ready to run.

    Attributes:
        plan: its steps.
    """

    def __init__(self, plan: NativePlan, library: ctypes.CDLL, dataflow: Dataflow) -> None:
        self.plan = plan
        self._sources = list(dataflow.sources.values())
        self._types = [dataflow.types[name] for name in dataflow.outputs]
        self._run = library.run
        work = sum(node.operation.cost(dataflow.input_types(node)).multiply_accumulates for node in dataflow.nodes)
        self._alone = max(1, _ALONE // max(1, work + sum(tensor.size for tensor in self._sources)))

    def run(self, inputs: list[np.ndarray], progress: SamplesDone) -> list[np.ndarray]:
        """The outputs, (samples, *shape) of float64, from inputs of float32 or float64."""
        samples = len(inputs[0])
        results = [empty_values(samples, tensor) for tensor in self._types]
        size = self._alone
        if samples > size:
            parts = cores() * -(-samples // (cores() * _BLOCKS * self.plan.block))
            size = -(-samples // parts)
        in_parts(
            lambda part: self._compute(*([x[part] for x in each] for each in (inputs, results))),
            samples,
            size,
            progress,
        )
        return results

    def _compute(self, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> None:
        given = [
            np.ascontiguousarray(array) if rounds else in_dtype(to_raws(array, tensor), np.float32)
            for array, tensor, rounds in zip(inputs, self._sources, self.plan.rounds, strict=True)
        ]
        wide = bytes(array.dtype == np.float64 for array in given)
        places = [(ctypes.c_void_p * len(each))(*(array.ctypes.data for array in each)) for each in (given, outputs)]
        steps, sizes = self.plan.steps, (len(outputs[0]), self.plan.block, self.plan.bytes)
        self._run(steps, ctypes.c_long(len(steps)), places[0], wide, places[1], *map(ctypes.c_long, sizes))


def native_program(dataflow: Dataflow, bytes_: bool = True) -> NativeProgram | None:
    """A network in C++; None without a compiler, or where there is no form for one of its operations.

    Args:
        dataflow: the network, as it is before any rewrite.
        bytes_: whether bytes may be multiplied, on a machine that can.
    """
    library = native_library()
    if library is None:
        return None
    try:
        plan = NativePlan(dataflow, bytes_ and bool(library.has_bytes()))
    except NoFormError:
        return None
    return NativeProgram(plan, library, dataflow)
