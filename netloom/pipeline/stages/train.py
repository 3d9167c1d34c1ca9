"""Train a registered network."""

import dataclasses
import inspect
from pathlib import Path

from netloom.common.files import sha256
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.fitted import fitted
from netloom.pipeline.evaluation.testset import TestSet
from netloom.pipeline.stage import Job, Stage
from netloom.progress import keras_progress


def _inputs(job: Job) -> dict[str, object]:
    assert job.network is not None
    return {
        "network": job.network.name,
        # An edited definition is another network.
        "definition": sha256(Path(inspect.getfile(job.network.builder))),
        "data": job.data().digest,
        "seed": job.settings.seed,
        "epochs": job.settings.epochs,
    }


def _work(job: Job, out: Path) -> None:
    from netloom.quantize import save_model

    network, settings = job.network, job.settings
    assert network is not None
    training = network.training
    if settings.epochs is not None:
        training = dataclasses.replace(training, epochs=settings.epochs)
    model = network.build(settings.seed)
    dataset = fitted(model, f"the network {network.name!r}", job.data())
    network.train(model, dataset, training, settings.seed, [keras_progress(job.progress, "training")])
    # As it was built, uncompiled: a loss that is a task's own could not be loaded, and the optimizer has done its work.
    trained = network.build(settings.seed)
    trained.set_weights(model.get_weights())
    save_model(trained, out / rundir.FLOAT_MODEL)
    TestSet.of(dataset).save(out / rundir.DATA)


STAGE = Stage(
    "train",
    makes=(rundir.FLOAT_MODEL, rundir.DATA),
    inputs=_inputs,
    work=_work,
    applies=lambda job: job.network is not None,
    code=(
        "models",
        "quantize/files/model_files.py",
        "netloom/pipeline/evaluation/fitted.py",
        "netloom/pipeline/evaluation/testset.py",
    ),
    uses=("keras", "tensorflow", "scipy"),
)
