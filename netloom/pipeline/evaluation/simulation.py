"""`simulation.json` and `predictions.npz`: what the engines made of the test set."""

from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import ConfigDict, model_validator

from netloom.common.reading import FixedModel, Number, Whole, file_errors, is_numbers, read_arrays, read_json
from netloom.models.data.examples import as_list, gathered
from netloom.pipeline import rundir
from netloom.records import FidelityRecord
from netloom.sim import ENGINES


class LayerFindings(FixedModel):
    """What was seen of one layer on the test set; `LayerRecord` of the report says what the fields mean."""

    model_config = ConfigDict(allow_inf_nan=False)

    seen_min: float | None = None
    seen_max: float | None = None
    overflows: Whole | None = None
    saturations: Whole | None = None
    error_mean_steps: float | None = None
    error_max_steps: float | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        seen = (self.seen_min, self.seen_max, self.overflows, self.saturations)
        if len({value is None for value in seen}) > 1 or (self.error_mean_steps is None) != (
            self.error_max_steps is None
        ):
            raise ValueError("what was seen of a layer is there in part")
        return self


class Simulation(FixedModel):
    """What the engines made of the test set.

    Attributes:
        scores: by engine, by score; empty without targets.
        layers: by name of the converted network's layer.
        compiler: version of the g++ that compiled csim; None if it was not run.
    """

    scores: dict[str, dict[str, Number]]
    fidelity: tuple[FidelityRecord, ...]
    layers: dict[str, LayerFindings]
    compiler: str | None

    @classmethod
    def load(cls, directory: Path) -> "Simulation":
        """Read it from a run directory.

        Raises:
            StorageError: if it is missing or damaged.
        """
        return read_json(directory / rundir.SIMULATION, cls, f"netloom run makes it, and {directory} has no such run")


def predictions_of(outputs: Mapping[str, list[np.ndarray]]) -> dict[str, np.ndarray]:
    """Outputs by engine as `predictions.npz` has them: `ENGINE`, or `ENGINE/NUMBER` for each of several."""
    return {
        name if len(arrays) == 1 else f"{name}/{number}": array
        for name, arrays in outputs.items()
        for number, array in enumerate(arrays)
    }


def load_predictions(
    directory: Path, samples: int, shapes: Sequence[tuple[int, ...]], stages: Container[str] = ()
) -> dict[str, list[np.ndarray]]:
    """Outputs by engine, (samples, *output shape), of an engine that was run on the first only of fewer; float32 where
    that has every value exactly, else float64.

    What simulated hardware gave is there if `rtl` and `netlist` are among the finished `stages`.

    Raises:
        StorageError: if they are missing or damaged.
    """
    files: dict[str, Sequence[str]] = {rundir.PREDICTIONS: ENGINES}
    files |= {name: (engine,) for engine, name in rundir.HARDWARE_PREDICTIONS.items() if engine in stages}
    missing = f"is missing: {directory} holds no finished run; netloom run makes one"
    predictions: dict[str, list[np.ndarray]] = {}
    for file, known in files.items():
        with file_errors(directory / file, missing, "delete it and run again"):
            arrays = read_arrays(directory / file)
            held = {engine: gathered(engine, arrays) for engine in dict.fromkeys(name.split("/")[0] for name in arrays)}
            found = {engine: [] if one is None else as_list(one) for engine, one in held.items()}
            _check(found, known, samples, shapes)
        predictions |= found
    return predictions


def _check(
    predictions: dict[str, list[np.ndarray]], known: Sequence[str], samples: int, shapes: Sequence[tuple[int, ...]]
) -> None:
    needed = "fixed" if "fixed" in known else known[0]
    if needed not in predictions:
        raise ValueError(f"it has no outputs of {needed}")
    for name, outputs in predictions.items():
        if name not in known or len(outputs) != len(shapes):
            raise ValueError(f"outputs of {name!r} must be {len(shapes)}, of a known engine")
        for one, shape in zip(outputs, shapes, strict=True):
            if not is_numbers(one, "f", (None, *shape)):
                raise ValueError(f"outputs of {name!r} must be numbers, (samples, {', '.join(map(str, shape))})")
            whole = name == "fixed"
            if not (len(one) == samples if whole else 1 <= len(one) <= samples) or not np.isfinite(one).all():
                raise ValueError(f"outputs of {name!r} must be finite, one of each of the {samples} samples")
