"""`simulation.json` and `predictions.npz`: what the engines made of the test set."""

import zipfile
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from netloom import rundir
from netloom.errors import StorageError
from netloom.report.schema import FidelityRecord


class LayerFindings(BaseModel):
    """What was seen of one layer on the test set; `LayerRecord` of the report says what the fields mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seen_min: float | None = None
    seen_max: float | None = None
    overflows: int | None = None
    saturations: int | None = None
    error_mean_steps: float | None = None
    error_max_steps: float | None = None


class Simulation(BaseModel):
    """What the engines made of the test set.

    Attributes:
        accuracy: by engine, 0 to 1; empty without labels.
        fidelity: comparisons of engines.
        layers: by name of the firmware's layer.
        compiler: version of the g++ that compiled csim; None if it was not run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    accuracy: dict[str, float]
    fidelity: tuple[FidelityRecord, ...]
    layers: dict[str, LayerFindings]
    compiler: str | None

    @classmethod
    def load(cls, directory: Path) -> "Simulation":
        """Read it from a run directory.

        Raises:
            StorageError: if it is missing or damaged.
        """
        path = directory / rundir.SIMULATION
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise StorageError(f"{path} is missing: {directory} holds no finished run; netloom run makes one") from None
        except (OSError, ValidationError) as error:
            raise StorageError(f"{path} is damaged ({type(error).__name__}); delete it and run again") from None


def load_predictions(directory: Path) -> dict[str, np.ndarray]:
    """Outputs by engine, float64, (samples, *output shape).

    Raises:
        StorageError: if they are missing or damaged.
    """
    path = directory / rundir.PREDICTIONS
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except FileNotFoundError:
        raise StorageError(f"{path} is missing: {directory} holds no finished run; netloom run makes one") from None
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise StorageError(f"{path} is damaged ({error}); delete it and run again") from None
