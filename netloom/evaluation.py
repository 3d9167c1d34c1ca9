"""The stage that runs every engine on the test set and compares them."""

from pathlib import Path

from netloom.progress import Progress
from netloom.settings import RunSettings


def evaluate(directory: Path, settings: RunSettings, out: Path, progress: Progress) -> None:
    """Run the engines on the test set of a run; makes `predictions.npz` and `simulation.json`."""
    raise NotImplementedError
