"""`convert`: its directory is whole or untouched, and holds what compiles."""

import json

import numpy as np
import pytest
from converted import PARALLEL, STREAM, one_layer
from zoo import linear, mlp, quant, relu

from netloom.errors import StorageError
from netloom.fixed_point import FixedPoint
from netloom.hls import Conversion, HlsSettings, convert
from netloom.sim import open_engine

keras = pytest.importorskip("keras")


def test_a_foreign_directory_is_refused_and_left_alone(small, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(StorageError, match="not a converted network"):
        convert(small, PARALLEL, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_directorys_place_is_refused_in_one_line(small, tmp_path):
    (tmp_path / "net").write_text("precious")
    with pytest.raises(StorageError):
        convert(small, PARALLEL, tmp_path / "net")
    assert (tmp_path / "net").read_text() == "precious"


def test_an_empty_directory_is_filled_and_an_earlier_network_replaced(small, tmp_path):
    target = tmp_path / "net"
    target.mkdir()
    convert(small, PARALLEL, target)
    (target / "left over").touch()
    convert(small, STREAM, target)
    assert Conversion.load(target).settings == STREAM
    assert not (target / "left over").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["net"]


@pytest.mark.parametrize("where", ["save_dataflow", "build_graph", "lower"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["disk", "Ctrl-C"])
def test_a_failure_leaves_the_earlier_conversion_whole(small, tmp_path, monkeypatch, where, error):
    from netloom.hls import converter as conversion

    target = tmp_path / "net"
    convert(small, PARALLEL, target)
    before = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    original, calls = getattr(conversion, where), []

    def fail(*arguments, **options):
        calls.append(where)
        if len(calls) == (1 if where == "save_dataflow" else 2):
            raise error
        return original(*arguments, **options)

    monkeypatch.setattr(conversion, where, fail)
    with pytest.raises(type(error)):
        convert(small, STREAM, target)
    monkeypatch.undo()
    assert {path: path.read_bytes() for path in target.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["net"]
    Conversion.load(target)


def test_converting_twice_gives_the_same_graph(small, tmp_path):
    first, second = (convert(small, PARALLEL, tmp_path / name) for name in ("a", "b"))
    for name in ("dataflow.json", "settings.json"):
        assert (first.directory / name).read_bytes() == (second.directory / name).read_bytes()


def test_nothing_of_this_machine_is_in_the_graph(small, tmp_path):
    conversion = convert(small, PARALLEL, tmp_path / "net")
    assert str(tmp_path) not in (conversion.directory / "dataflow.json").read_text()
    assert str(tmp_path) not in json.dumps(json.loads((conversion.directory / "settings.json").read_text()))


ODD_NAMES = ["input", "int main(){}", 'quo"te', "..\\..\\etc", "module", "Conv", "conv", "n", "é名", "x" * 150, "a b"]


def test_odd_names_end_to_end(tmp_path):
    import qkeras

    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,), name="class")
    x = quant(5, 0, "..")(inputs)
    for name in ODD_NAMES:
        layer = qkeras.QDense(4, **linear(), name="placeholder") if len(name) % 2 else relu(5, 1)
        layer.name = name
        x = layer(x)
    model = keras.Model(inputs, x)
    conversion = convert(model, PARALLEL, tmp_path / "odd 'dir' é")
    origins = {layer.origin for layer in conversion.layers}
    assert {"class", *ODD_NAMES} <= origins
    x = np.random.default_rng(0).uniform(-1, 1, (20, 4))
    with open_engine("csim", conversion=conversion) as csim, open_engine("fixed", conversion=conversion) as fixed:
        assert (csim.predict(x) == fixed.predict(x)).all()
        ours, theirs = fixed.trace(x), csim.trace(x)
        for layer, values in theirs.items():
            assert (ours[layer] == values).all()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["odd 'dir' é"]


@pytest.mark.slow
def test_the_project_compiles_with_its_own_script(small, tmp_path):
    import subprocess

    conversion = convert(small, PARALLEL, tmp_path / "net")
    subprocess.run(["bash", "build_lib.sh"], cwd=conversion.project, check=True, capture_output=True)
    assert list((conversion.project / "firmware").glob("*.so"))


def test_summary_of_a_network(zoo):
    summary = {layer.name: layer for layer in zoo("mlp").conversion.layers}
    first = summary["fc1"]
    assert (first.kind, first.shape, first.macs, first.parameters) == ("Dense", (8,), 72, 80)
    assert first.weight_type == FixedPoint.parse("fixed<4,1>") and first.bias_type == FixedPoint.parse("fixed<6,2>")
    assert first.weight_bits == 72 * 4 + 8 * 6
    assert first.activation_bits == 8 * first.type.width
    assert summary["fc2"].bias_type is None
    assert summary["probabilities"].kind == "Softmax" and summary["probabilities"].proven_min >= 0
    assert mlp().count_params() == sum(layer.parameters for layer in summary.values()) + 16


def test_reuse_factor_of_a_pointwise_convolution_is_one_the_cpp_accepts(tmp_path):
    import re

    import qkeras

    model = one_layer(qkeras.QConv1D(4, 1, **linear(), name="pointwise"), (6, 4))
    conversion = convert(model, HlsSettings(strategy="Resource", reuse_factor=3), tmp_path / "net")
    text = (conversion.project / "firmware" / "parameters.h").read_text()
    products = re.findall(r"struct \w+_mult : nnet::dense_config \{.*?reuse_factor = (\d+)", text, flags=re.DOTALL)
    assert products and set(map(int, products)) <= {1, 2, 4, 8, 16}
