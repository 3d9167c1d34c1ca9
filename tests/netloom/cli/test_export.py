"""`netloom export`: the exact twin as a file, or one line."""

import numpy as np
import pytest
from typer.testing import CliRunner

import netloom
from netloom.cli.app import app
from netloom.errors import StorageError
from netloom.models.data.examples import as_list
from netloom.sim.onnx import write_onnx

CLI = CliRunner()


def test_what_is_exported_equals_the_simulator(zoo, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    specimen, path = zoo("mlp"), tmp_path / "mlp.onnx"
    directory = str(specimen.conversion.directory)
    said = CLI.invoke(app, ["export", directory, "--onnx", str(path)])
    assert said.exit_code == 0, said.output
    assert f"nodes of opset 18, {path.stat().st_size:,} bytes" in said.output.replace("\n", " ")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    inputs = [one.astype(np.float32) for one in specimen.inputs]
    found = session.run(None, dict(zip(names, inputs, strict=True)))
    for ours, meant in zip(found, as_list(netloom.simulate(directory, inputs)), strict=True):
        assert (ours == meant).all()


def test_nothing_is_written_where_something_else_is(zoo, tmp_path):
    conversion = zoo("mlp").conversion
    with pytest.raises(StorageError, match="cannot write"):
        netloom.export_onnx(conversion, tmp_path)
    with pytest.raises(StorageError, match="there is no directory"):
        netloom.export_onnx(tmp_path / "none", tmp_path / "x.onnx")
    assert not list(tmp_path.iterdir())


def test_what_no_onnx_file_holds_is_refused(zoo, tmp_path, monkeypatch):
    monkeypatch.setattr(write_onnx, "_LARGEST", 1000)
    with pytest.raises(StorageError, match="an ONNX file has 2 GB at most, and this one would have"):
        netloom.export_onnx(zoo("mlp").conversion, tmp_path / "x.onnx")
    assert not list(tmp_path.iterdir())


def test_one_of_the_files_is_named(zoo):
    said = CLI.invoke(app, ["export", str(zoo("mlp").conversion.directory)])
    assert said.exit_code == 2
    assert "say which file to write: --onnx FILE or --qonnx FILE" in said.output.replace("\n", " ")


def test_what_qonnx_cannot_say_is_refused_and_nothing_written(zoo, tmp_path):
    path = tmp_path / "mlp.onnx"
    said = CLI.invoke(app, ["export", str(zoo("mlp").conversion.directory), "--qonnx", str(path)])
    assert said.exit_code == 2
    assert "QONNX cannot say numbers that float32 does not hold" in " ".join(said.output.split())
    assert not path.exists()
