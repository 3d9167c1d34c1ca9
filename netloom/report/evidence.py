"""What the report shows beside its record: inputs, predictions, weights, and of the hardware its plan and its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from netloom.sim.crosscheck import classes


@dataclass(frozen=True, eq=False)
class FloorPlan:
    """Where the cells of a routed design sit, tile by tile.

    Attributes:
        groups: what cells belong to, by number: layers of the network, and the host link.
        width: tiles of the FPGA in a row.
        height: tiles in a column.
        x: column, (entries,); one entry a tile, kind and unit.
        y: row, counted from the bottom, (entries,).
        group: number of the group, (entries,).
        kind: 0 for logic, 1 for DSP blocks, 2 for RAM blocks, (entries,).
        count: how many cells, (entries,).
    """

    groups: tuple[str, ...]
    width: int
    height: int
    x: np.ndarray
    y: np.ndarray
    group: np.ndarray
    kind: np.ndarray
    count: np.ndarray


@dataclass(frozen=True, eq=False)
class Evidence:
    """Arrays for the report's plots.

    Attributes:
        inputs: test samples, (samples, *input shape).
        labels: class numbers from 0, (samples,); None where there are none.
        predictions: outputs by engine, (samples of that engine, *output shape): the first samples of `inputs`.
        weights: by layer, its distinct quantized weights in ascending order, and how often each occurs.
        design: content of `design.json`; None without hardware.
        floor_plan: of the routed design; None without one.
        threshold: above which a single output means class 1.
    """

    inputs: np.ndarray
    labels: np.ndarray | None
    predictions: Mapping[str, np.ndarray]
    weights: Mapping[str, tuple[np.ndarray, np.ndarray]]
    design: Mapping[str, Any] | None = None
    floor_plan: FloorPlan | None = None
    threshold: float = 0.0

    @property
    def classes(self) -> int | None:
        """Number of classes, if the outputs are one score a class, or a single one with labels; else None."""
        outputs = self.predictions["fixed"]
        if outputs.ndim != 2 or (outputs.shape[1] == 1 and self.labels is None):
            return None
        return max(2, outputs.shape[1])

    def chosen(self, engine: str = "fixed") -> np.ndarray:
        """The class each sample is given by an engine, of those there are; int64, (samples,)."""
        chosen = classes([self.predictions[engine]], self.threshold)
        assert chosen is not None
        return chosen

    def confusion(self) -> np.ndarray | None:
        """Counts of label (row) against `fixed`'s choice (column); None without labels or classes."""
        classes = self.classes
        if self.labels is None or classes is None or self.labels.max(initial=0) >= classes:
            return None
        chosen = self.chosen()
        matrix = np.zeros((classes, classes), dtype=np.int64)
        np.add.at(matrix, (self.labels[: len(chosen)], chosen), 1)
        return matrix
