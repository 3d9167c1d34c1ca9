"""Which stages a run consists of, and what each of them depends on."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netloom.common.files import sha256
from netloom.errors import SettingsError
from netloom.models import Dataset
from netloom.pipeline import model_stages, rundir
from netloom.pipeline.evaluation import evaluate
from netloom.pipeline.hardware_plan import HardwarePlan
from netloom.pipeline.origin import Start
from netloom.pipeline.stage import Outcome, Stage
from netloom.pipeline.state import RunState, recorded
from netloom.pipeline.told import told
from netloom.pipeline.versions import compiler_version
from netloom.progress import Progress
from netloom.report.build import build_report
from netloom.settings import RunSettings


@dataclass(frozen=True, eq=False)
class Plan:
    """The stages of one run, in order.

    Attributes:
        start: network or model file.
        settings: of the run.
        dataset: the data; None only for the conversion of a model that is quantized already.
        directory: of the run.
        state: of that directory; holds the digests of what earlier stages made.
        outcomes: of the stages so far; the report lists them.
        progress: shown while at work.
    """

    start: Start
    settings: RunSettings
    dataset: Dataset | None
    directory: Path
    state: RunState
    outcomes: list[Outcome]
    progress: Progress

    def stages(self) -> list[Stage]:
        """All stages up to the report."""
        first = [self._train(), self._quantize()] if self.start.network else self._user_model()
        last = report_stage(self.directory, self.state, self.outcomes)
        hardware = []
        if self.settings.hardware is not None:
            plan = HardwarePlan(
                self.settings.hardware, self.settings.trace_samples, self.directory, self.state, self.progress
            )
            hardware = plan.stages()
        return [*first, self._convert(), self._simulate(), *hardware, last]

    def _user_model(self) -> list[Stage]:
        if self.state.origin.kind == "quantized":
            return [self._load(rundir.QUANTIZED_MODEL)]
        return [self._load(rundir.FLOAT_MODEL), self._quantize()]

    def _train(self) -> Stage:
        network, dataset = self.start.network, self._data()
        assert network is not None
        return Stage(
            "train",
            lambda: self._inputs(
                # An edited definition is another network.
                definition=sha256(Path(inspect.getfile(network.builder))),
                data=dataset.digest,
                seed=self.settings.seed,
                epochs=self.settings.epochs,
            ),
            (rundir.FLOAT_MODEL, rundir.DATA),
            lambda out: model_stages.train_network(network, dataset, self.settings, out, self.progress),
        )

    def _load(self, name: str) -> Stage:
        dataset = self.dataset

        def work(out: Path) -> None:
            with self.start.as_file() as model_file:
                model_stages.load_user_model(model_file, name, dataset, out)

        return Stage(
            "load",
            lambda: self._inputs(
                model=self.start.digest(),
                data=dataset.digest if dataset else None,
                task=(dataset.task, dataset.guessed) if dataset else None,
            ),
            (name, rundir.DATA) if dataset else (name,),
            work,
        )

    def _quantize(self) -> Stage:
        dataset, network = self._data(), self.start.network
        epochs = self.settings.fine_tune_epochs_for(network)
        return Stage(
            "quantize",
            lambda: self._inputs(
                model=self._digest(rundir.FLOAT_MODEL),
                data=dataset.digest,
                task=dataset.task,
                policy=self.settings.policy_for(network).model_dump(mode="json"),
                epochs=epochs,
                seed=self.settings.seed,
            ),
            (rundir.QUANTIZED_MODEL, rundir.CALIBRATED_MODEL) if epochs else (rundir.QUANTIZED_MODEL,),
            lambda out: model_stages.quantize_model(
                dataset, self.settings, network, self.directory, out, self.progress
            ),
        )

    def _convert(self) -> Stage:
        return Stage(
            "convert",
            lambda: self._inputs(
                model=self._digest(rundir.QUANTIZED_MODEL), hls=self.settings.hls.model_dump(mode="json")
            ),
            (rundir.CONVERSION,),
            lambda out: model_stages.convert_model(self.settings, self.directory, out),
        )

    def _simulate(self) -> Stage:
        used = (rundir.FLOAT_MODEL, rundir.CALIBRATED_MODEL, rundir.QUANTIZED_MODEL, rundir.CONVERSION, rundir.DATA)
        return Stage(
            "simulate",
            lambda: self._inputs(
                artefacts=[self._digest(name) for name in used],
                csim=self.settings.csim,
                csim_samples=self.settings.csim_samples,
                trace_samples=self.settings.trace_samples,
                compiler=compiler_version() if self.settings.csim else None,
            ),
            (rundir.PREDICTIONS, rundir.SIMULATION),
            lambda out: evaluate(self.directory, self.settings, out, self.progress),
            users=("report",),
        )

    def _data(self) -> Dataset:
        if self.dataset is None:
            raise SettingsError(
                f"{self.start.words} is a float model: quantizing it needs samples to calibrate on;"
                " give --data X.npz (x_train, x_test; with targets y_train, y_test), or convert a QKeras model"
            )
        return self.dataset

    def _inputs(self, **inputs: object) -> Mapping[str, object]:
        return {**inputs, "versions": self.state.versions}

    def _digest(self, name: str) -> Mapping[str, str]:
        return recorded(self.state, name)


def report_stage(directory: Path, state: RunState, outcomes: Sequence[Outcome]) -> Stage:
    """The stage that makes the report from what all others have made.

    Args:
        directory: of the run.
        state: of that directory.
        outcomes: of the stages before, complete when the stage's turn comes.
    """
    return Stage(
        "report",
        lambda: {
            "settings": state.settings,
            "versions": state.versions,
            "stages": {name: record.fingerprint for name, record in told(directory, state).items()},
            "simulation": recorded(state, rundir.SIMULATION),
        },
        (rundir.REPORT_JSON, rundir.REPORT_HTML),
        lambda out: build_report(directory, out, outcomes),
    )
