"""Runs of one small network, made once."""

from pathlib import Path

import numpy as np
import pytest
from small_run import CLASSES, INPUTS, SAMPLES, bits, run

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a quantized model and data for it."""
    folder = tmp_path_factory.mktemp("start")
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((INPUTS,)),
            qkeras.QActivation(bits(6, 2), name="input_quantizer"),
            qkeras.QDense(8, kernel_quantizer=bits(4), bias_quantizer=bits(6), name="hidden"),
            qkeras.QActivation(qkeras.quantized_relu(5, 2), name="relu"),
            qkeras.QDense(CLASSES, kernel_quantizer=bits(4), bias_quantizer=bits(6), name="scores"),
        ]
    )
    model.save(folder / "small.keras")
    random = np.random.default_rng(0)
    x, y = random.normal(0, 2, (SAMPLES, INPUTS)).astype(np.float32), random.integers(0, CLASSES, SAMPLES)
    np.savez(folder / "small.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    return folder


@pytest.fixture(scope="session")
def simulated(start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run as far as its RTL simulation."""
    directory = tmp_path_factory.mktemp("runs") / "small"
    run(start, directory, until="rtl")
    return directory
