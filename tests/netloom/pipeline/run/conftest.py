"""Fake stages, and files of a user's."""

from pathlib import Path

import numpy as np
import pytest
from fake_stages import Fakes


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Fakes:
    return Fakes(monkeypatch)


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "my model's.keras"
    path.write_text("weights")
    return path


@pytest.fixture
def data_file(tmp_path: Path) -> Path:
    path = tmp_path / "data.npz"
    np.savez(path, x_train=np.ones((4, 2), np.float32), x_test=np.ones((3, 2), np.float32))
    return path
