"""What a stage of a run is: what it needs, what it makes, what it reads, and its work."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netloom.common.store import Store
from netloom.errors import SettingsError
from netloom.models import Dataset, Network
from netloom.pipeline.origin import Start
from netloom.pipeline.state import RunState
from netloom.progress import Progress
from netloom.records import StageRecord
from netloom.settings import HardwareSettings, RunSettings


@dataclass(frozen=True, eq=False)
class Job:
    """A run that stages work for.

    Attributes:
        directory: of the run.
        state: of that directory; holds the digests of what earlier stages made.
        settings: of the run.
        start: network or model file; None when only hardware is made from what is converted already.
        dataset: the data; None where no stage needs any.
        outcomes: of the stages so far; the report lists them.
        progress: shown while at work.
        store: where results are kept for other runs; None for nowhere.
        anew: whether nothing is taken from there.
        given: where the artefacts lie that it starts from, if no run keeps track: its stages are then all done, and
            none is recorded.
        shared: what `generate_design` is told of folding, if not what `settings` say.
    """

    directory: Path
    state: RunState
    settings: RunSettings
    start: Start | None = None
    dataset: Dataset | None = None
    outcomes: Sequence[StageRecord] = ()
    progress: Progress = field(default_factory=Progress)
    store: Store | None = None
    anew: bool = False
    given: Mapping[str, Path] = field(default_factory=dict)
    shared: Mapping[str, Any] | None = None

    def at(self, artefact: str) -> Path:
        """Where an artefact is."""
        return self.given.get(artefact, self.directory / artefact)

    @property
    def steps(self) -> Store | None:
        """Where stages look for single steps of theirs that were done before."""
        return None if self.anew else self.store

    @property
    def network(self) -> Network | None:
        """The registered network; None for a user's model."""
        return self.start.network if self.start else None

    @property
    def hardware(self) -> HardwareSettings:
        """The settings of a run that has a board."""
        assert self.settings.hardware is not None
        return self.settings.hardware

    def data(self) -> Dataset:
        """The data, of a stage that cannot do without.

        Raises:
            SettingsError: if none was given.
        """
        if self.dataset is None:
            raise SettingsError(
                f"{self.start.words if self.start else 'this'} is a float model: quantizing it needs samples to"
                " calibrate on; give --data X.npz (x_train, x_test; with targets y_train, y_test), or convert a QKeras"
                " model"
            )
        return self.dataset


@dataclass(frozen=True)
class Stage:
    """One step of a run. The order of the stages follows from what they need and make.

    Attributes:
        name: as shown, recorded, and given to `--until`.
        work: makes what it makes under the directory it is given.
        needs: artefacts of the run directory it reads, those that an earlier stage of the run has made.
        makes: artefacts that it may make; names in the run directory.
        made: those it makes in this run, if not all.
        inputs: what else its result depends on: settings it reads, tools it runs; values that JSON can hold.
        applies: whether a run has it.
        board: whether only a run with a board has it.
        measures: whether only the report reads its result; it then goes as early as it can.
        last: whether it reads whatever there is, and so goes after all others.
        logs: what a failing tool leaves in the run directory; gone when the stage is done.
        code: files and folders of netloom, as `netloom.pipeline.code` names them, that its result depends on.
        uses: distributions, as `netloom.pipeline.versions` names them, whose versions it depends on; besides Python
            and NumPy.
    """

    name: str
    work: Callable[[Job, Path], object]
    needs: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    made: Callable[[Job], tuple[str, ...]] | None = None
    inputs: Callable[[Job], Mapping[str, object]] = lambda job: {}  # noqa: ARG005
    applies: Callable[[Job], bool] = lambda job: True  # noqa: ARG005
    board: bool = False
    measures: bool = False
    last: bool = False
    logs: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()

    def outputs(self, job: Job) -> tuple[str, ...]:
        """What it makes in a run."""
        return self.made(job) if self.made else self.makes

    def belongs_to(self, job: Job) -> bool:
        """Whether a run has it."""
        return (job.settings.hardware is not None or not self.board) and self.applies(job)
