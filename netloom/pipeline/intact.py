"""Whether a run directory still holds what its finished stages recorded."""

from pathlib import Path

from netloom.common.files import is_same
from netloom.errors import StorageError
from netloom.pipeline import registry
from netloom.pipeline.state import STATE_FILE, RunState, recorded


def check_intact(directory: Path, *names: str) -> None:
    """Refuse artefacts of a run directory that are not, byte for byte, what a finished stage recorded.

    Of a directory without `run.json` nothing is recorded, and nothing refused.

    Raises:
        StorageError: if a file is missing, changed, a link, or of no finished stage; or `run.json` is damaged.
    """
    state = RunState.read(directory)
    if state is None:
        return
    for name in names:
        files = recorded(state, name)
        if not files:
            raise StorageError(
                f"{directory / name} belongs to no finished stage of this run; the same netloom run goes on from there"
            )
        for file, digest in files.items():
            if not is_same(directory, file, digest):
                raise StorageError(
                    f"{directory / file} is not what {STATE_FILE} recorded (changed, or missing);"
                    " the same netloom run makes it anew"
                )


def check_part(path: Path) -> None:
    """`check_intact` of a file or folder that may be an artefact of a run directory."""
    path = path.absolute()
    if path.name in registry.reserved() and (path.parent / STATE_FILE).exists():
        check_intact(path.parent, path.name)
