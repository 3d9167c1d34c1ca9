"""Every command takes an ONNX model as it takes one of Keras."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from netloom.cli.app import app

pytest.importorskip("qonnx")
from onnx_graphs import OnnxNet, executed

BREVITAS = Path(__file__).parents[2] / "support" / "onnx" / "onnx_models" / "brevitas_dense.onnx"


def call(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_a_quantized_model(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(0, 1, (20, 12)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "data.npz", x_train=x, x_test=x)
    assert "samples/s" in call("plan", BREVITAS, "--board", "ULX3S-25F", "--design-seconds", 1)
    call("convert", BREVITAS, "-o", tmp_path / "converted")
    call("run", BREVITAS, "--data", tmp_path / "data.npz", "--no-csim", "-o", tmp_path / "run")
    for made in ("converted", "run"):
        call("simulate", tmp_path / made, "--inputs", tmp_path / "x.npy", "-o", tmp_path / "y.npy")
        expected = executed(onnx.load(BREVITAS), x)
        np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)
    said = call("crosscheck", tmp_path / "run", "--inputs", tmp_path / "x.npy", "--engine", "quantized")
    assert "fixed = quantized" in said
    page = (tmp_path / "run" / "report.html").read_text()
    assert "brevitas_dense.onnx" in page
    assert "1_Gemm" in page


def test_a_float_model(tmp_path: Path) -> None:
    net = OnnxNet((4,))
    net.node("Gemm", "x", net.constant(net.rng.normal(0, 0.5, (3, 4))), net.constant(np.zeros(3)), transB=1)
    net.node("Tanh", net.last)
    net.shape = (3,)
    path = net.save(tmp_path / "net.onnx")
    assert "the weights are made up" in call("plan", path, "--board", "iCEBreaker", "--design-seconds", 1)
    said = call("convert", path, "-o", tmp_path / "converted", code=2)
    assert "is a float model: quantizing it needs samples to calibrate on" in said
    np.savez(tmp_path / "data.npz", x_train=np.ones((9, 4)), x_test=np.ones((3, 4)))
    call("convert", path, "--data", tmp_path / "data.npz", "--bits", 6, "-o", tmp_path / "converted")
