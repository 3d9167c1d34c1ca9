"""`run.json`: what a run directory was made from, and which stages of it are finished."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from netloom.common.files import write_text
from netloom.common.reading import FixedModel, InnerPath, Number, file_errors, read_bytes

STATE_FILE = "run.json"


class FinishedStage(FixedModel):
    """A finished stage, when it ended (UTC), and how long it took.

    Attributes:
        fingerprint: SHA-256 over everything its result depends on.
        outputs: SHA-256 of each file it made, by path relative to the run directory.
    """

    fingerprint: str
    outputs: dict[InnerPath, str]
    seconds: Number
    finished: datetime


class Origin(FixedModel):
    """What a run directory holds a run of; a run of anything else in it is refused.

    Attributes:
        network: name of a registered network, or the stem of the model file.
        kind: `network` (from the registry), `float` or `quantized` (a user's model file).
        model_file: name of the model file; None for a registered network.
        model_digest: SHA-256 of that file.
    """

    network: str
    kind: Literal["network", "float", "quantized"]
    model_file: str | None = None
    model_digest: str | None = None


class RunState(BaseModel):
    """The content of `run.json`: what a directory holds a run of, and the finished stages by name, in order.

    Attributes:
        format: version of this layout.
        settings: the settings of the last run, as `RunSettings` dumps them.
        versions: version of each package and tool of the last run.
    """

    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    origin: Origin
    settings: dict[str, object] = {}
    versions: dict[str, str] = {}
    stages: dict[str, FinishedStage] = {}

    @classmethod
    def read(cls, directory: Path) -> "RunState | None":
        """The state of a run directory; None if there is none.

        Raises:
            StorageError: if the file cannot be read or is not such a state.
        """
        path = directory / STATE_FILE
        advice = "delete it, or run with --force, to start over"
        with file_errors(path, f"is missing; {advice}", advice):
            try:
                return cls.model_validate_json(read_bytes(path))
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, directory: Path) -> None:
        """Replace the state of a run directory in one step."""
        write_text(directory / STATE_FILE, self.model_dump_json(indent=2) + "\n")


def recorded(state: RunState, name: str) -> dict[str, str]:
    """SHA-256 of an artefact's files, as recorded by the stage that made it."""
    return {
        path: digest
        for record in state.stages.values()
        for path, digest in record.outputs.items()
        if path.split("/")[0] == name
    }
