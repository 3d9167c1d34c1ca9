"""Installed beside hls4ml, netloom changes nothing that hls4ml's other backends do."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

hls4ml = pytest.importorskip("hls4ml")
keras = pytest.importorskip("keras")

SCRIPT = Path(__file__).parents[2] / "support" / "vitis_projects.py"


def contents(folder: Path) -> dict[str, bytes]:
    """All files but Keras's archives, which hold the time of day."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".keras")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    ("number", "projects"), [("few", 3), pytest.param("all", 29, marks=pytest.mark.slow)], ids=["few", "all"]
)
def test_other_backends_write_the_same_projects_and_fail_alike_with_and_without_netloom(
    tmp_path: Path, number: str, projects: int
) -> None:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONHASHSEED": "0", "CUDA_VISIBLE_DEVICES": ""}
    children = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), str(tmp_path / plugin), plugin, number],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for plugin in ("with", "without")
    ]
    for child in children:
        _, errors = child.communicate()
        assert child.returncode == 0, errors.decode()[-2000:]
    found, expected = (contents(tmp_path / plugin) for plugin in ("with", "without"))
    assert json.loads(found["failures.json"]) == json.loads(expected["failures.json"])
    assert sorted(found) == sorted(expected)
    assert [name for name in expected if found[name] != expected[name]] == []
    assert sum(name.endswith("firmware/myproject.cpp") for name in expected) == projects


def convert(backend: str, folder: Path, model: Any) -> Any:
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend=backend)
    return hls4ml.converters.convert_from_keras_model(model, hls_config=config, backend=backend, output_dir=str(folder))


def test_conversions_for_several_backends_take_turns(tmp_path: Path) -> None:
    """netloom makes an ordinary ReLU of Keras's; hls4ml by itself a thresholded one."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="d"), keras.layers.ReLU(name="r")])
    kinds = {"Vitis": "ParametrizedActivation", "netloom": "Activation"}
    for index, backend in enumerate(["netloom", "Vitis", "Vitis", "netloom"]):
        graph = convert(backend, tmp_path / str(index), model)
        assert graph.graph["r"].class_name == kinds[backend]


def test_after_a_conversion_that_fails_other_backends_are_as_before(tmp_path: Path) -> None:
    from netloom.errors import NetloomError

    model = keras.Sequential([keras.Input((4, 3)), keras.layers.SimpleRNN(2, name="memory")])
    with pytest.raises(NetloomError):
        convert("netloom", tmp_path / "a", model)
    relu = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="d"), keras.layers.ReLU(name="r")])
    assert convert("Vitis", tmp_path / "b", relu).graph["r"].class_name == "ParametrizedActivation"
