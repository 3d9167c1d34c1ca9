"""Small float networks as users write them: what people bring to hls4ml's tracker, each in a few lines.

Untrained, with weights of a seed; the data are drawn. `take` brings one of them all the way to the simulated hardware.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from brought import Brought
from user_layers import USER_LAYERS
from user_structures import USER_STRUCTURES

import netloom
from netloom.errors import NetloomError
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.hardware_run import HardwareRun
from netloom.pipeline.evaluation.simulation import Simulation

BOARD = "ULX3S-85F"
BITS = 6
TRAINING, TESTS, IN_HARDWARE = 48, 12, 3


USER_ZOO: dict[str, Brought] = USER_LAYERS | USER_STRUCTURES


@dataclass(frozen=True)
class Taken:
    """How far a model went.

    Attributes:
        mismatches: values that differ, out of how many, by what `fixed` was held against: quantized, csim, rtl.
        error: what ended it; empty if nothing did.
    """

    mismatches: dict[str, tuple[int, int]]
    error: str = ""

    @property
    def equal(self) -> bool:
        """Whether it went all the way, without a difference."""
        return not self.error and all(wrong == 0 < of for wrong, of in self.mismatches.values())


def take(name: str, folder: Path, hardware: bool = True, csim: bool = True) -> Taken:
    """Quantize, convert and simulate a model of the zoo in every way, in `folder`."""
    import keras

    keras.utils.set_random_seed(1)
    brought = USER_ZOO[name]
    model = brought.build()
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "data.npz", **drawn(model, brought))
    given: Any = model
    if brought.suffix:
        given = folder / f"mine{brought.suffix}"
        model.save(given)
    board = netloom.HardwareSettings(
        board=BOARD, rtl_samples=IN_HARDWARE, stalled_samples=1, netlist_samples=0, design_seconds=5
    )
    settings = netloom.RunSettings(
        bits=BITS, fine_tune_epochs=0, csim=csim, trace_samples=4, hardware=board if hardware else None
    )
    try:
        run = netloom.run(
            given,
            data=folder / "data.npz",
            input_shapes=brought.shapes,
            settings=settings,
            directory=folder / "run",
            until="rtl" if hardware else "simulate",
        )
    except NetloomError as error:
        return Taken(_recorded(folder / "run", name), f"{type(error).__name__}: {error}")
    return Taken(_recorded(run.directory, name))


def drawn(model: Any, brought: Brought) -> dict[str, np.ndarray]:
    """`x_train` and `x_test`, `x_train/NAME` where there are several inputs: 0 to 255, or around 0."""
    rng = np.random.default_rng(2)
    found = {}
    named = {tensor.name: tensor.shape[1:] for tensor in getattr(model, "inputs", [])}
    if brought.shapes:
        named = dict(zip(named or ["x"], brought.shapes, strict=True))
    for name, shape in named.items():
        for part, samples in (("x_train", TRAINING), ("x_test", TESTS)):
            size = (samples, *shape)
            values = rng.integers(0, 256, size) if brought.integers else rng.normal(0, 1, size).astype(np.float32)
            found[f"{part}/{name}" if len(named) > 1 else part] = values
    return found


AVERAGES = ("squeeze-excite", "inception")
"""Models with an average over 36, whose remainder `quantized` has and the firmware drops before it is quantized."""


def _recorded(directory: Path, model: str) -> dict[str, tuple[int, int]]:
    """Mismatches of `fixed` with the engines that ran, of the network's output and of every layer."""
    records = list(Simulation.load(directory).fidelity) if (directory / rundir.SIMULATION).exists() else []
    if (directory / rundir.RTL).exists():
        found = HardwareRun.load(directory / rundir.RTL)
        records += [one for one in (found.fidelity, found.stalled) if one is not None]
    mismatches: dict[str, tuple[int, int]] = {}
    for record in records:
        if "fixed" in record.engines:
            (other,) = (name for name in record.engines if name != "fixed")
            wrong, of = mismatches.get(other, (0, 0))
            layers = other != "quantized" or model not in AVERAGES
            mismatches[other] = (
                wrong + record.mismatches + layers * (record.layer_mismatches or 0),
                of + record.elements + layers * (record.layer_elements or 0),
            )
    return mismatches
