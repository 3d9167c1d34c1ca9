"""A small network whose runs go as far as a bitstream."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import netloom
from netloom.cli.app import app
from netloom.settings import HardwareSettings

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")


SAMPLES, INPUTS, CLASSES = 60, 16, 3


HARDWARE = HardwareSettings(board="ULX3S-25F", target_ii=32, stalled_samples=20, netlist_samples=5)


BUILT = HardwareSettings(board="ULX3S-25F", target_ii=32)


SETTINGS = netloom.RunSettings(csim=False, hardware=HARDWARE)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def bits(width: int, integer: int = 1) -> Any:
    return qkeras.quantized_bits(width, integer, alpha=1)


def run(start: Path, directory: Path, settings: netloom.RunSettings = SETTINGS, until: str = "report") -> netloom.Run:
    return netloom.run(
        start / "small.keras", data=start / "small.npz", directory=directory, settings=settings, until=until
    )
