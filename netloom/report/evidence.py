"""What the report shows beside its record: inputs, predictions, weights, and of the hardware its plan and its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from netloom.models.data.examples import Arrays, only
from netloom.models.tasks import Classification, Picture, Task


@dataclass(frozen=True, eq=False)
class FloorPlan:
    """Where the cells of a routed design sit, tile by tile.

    Attributes:
        groups: what cells belong to, by number: layers of the network, and the host link.
        width: tiles of the FPGA in a row.
        height: tiles in a column.
        cells: (entries, 5), one entry a tile, kind and unit: its column; its row, counted from the bottom; number of
            the group; 0 for logic, 1 for DSP blocks, 2 for RAM blocks; how many cells.
    """

    groups: tuple[str, ...]
    width: int
    height: int
    cells: np.ndarray


@dataclass(frozen=True, eq=False)
class Evidence:
    """Arrays for the report's plots; and, for the top of the page, what network and task draw.

    Attributes:
        inputs: test samples, (samples, *input shape), by name if there are several inputs.
        targets: as the task reads them; None where there are none.
        predictions: by engine, of each output (samples of that engine, *output shape): the first samples of `inputs`.
        weights: by layer, its distinct quantized weights in ascending order, and how often each occurs.
        design: content of `design.json`; None without hardware.
        floor_plan: of the routed design; None without one.
    """

    inputs: Arrays
    targets: Arrays | None
    predictions: Mapping[str, list[np.ndarray]]
    weights: Mapping[str, tuple[np.ndarray, np.ndarray]]
    design: Mapping[str, Any] | None = None
    floor_plan: FloorPlan | None = None
    task: Task = field(default_factory=Classification)
    pictures: Sequence[Picture] = ()

    @property
    def classes(self) -> int | None:
        """Number of classes, if outputs say classes; else None."""
        return self.task.classes(self.predictions["fixed"], self.targets is not None)

    def confusion(self) -> np.ndarray | None:
        """Counts of what is right (row) against `fixed`'s choice (column); None without targets or classes."""
        classes = self.classes
        if self.targets is None or classes is None or only(self.targets).max(initial=0) >= classes:
            return None
        chosen = self.task.decode(only(self.predictions["fixed"]))
        matrix = np.zeros((classes, classes), dtype=np.int64)
        np.add.at(matrix, (only(self.targets)[: len(chosen)], chosen), 1)
        return matrix
