"""`Constants`: what steps point to, kept as long as the C++ reads it."""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from netloom.sim.native.steps import NativeStage, NativeStep, address


class Constants:
    """What steps point to."""

    def __init__(self) -> None:
        self._kept: list[object] = []

    def array(self, array: Any, dtype: type) -> Any:
        """Where an array lies, as the C++ reads it."""
        made: np.ndarray = np.ascontiguousarray(array, dtype)
        self._kept.append(made)
        return address(made)

    def stages(self, step: NativeStep, stages: Sequence[NativeStage]) -> None:
        """What numbers go through before they are stored."""
        made = (NativeStage * len(stages))(*stages)
        self._kept.append(made)
        step.stages, step.stages_length = ctypes.addressof(made), len(stages)
