"""HGQ2 models: HGQ2's own predict = `quantized` = `fixed` = hls4ml's C++ = RTL, and what is refused."""

import sys
import zipfile

import numpy as np
import pytest

from netloom.errors import LayerNotSupportedError, ModelFileError, SettingsError, ToolMissingError
from netloom.hls import HlsSettings, convert
from netloom.quantize import is_quantized, load_model, save_model
from netloom.sim import open_engine

pytest.importorskip("hgq", reason="HGQ2 is not installed: see docs/models.md")
import keras
from hgq.config import QuantizerConfigScope
from hgq.layers import QAdd, QConv2D, QDense, QSoftmax
from hgq.utils import trace_minmax

SAMPLES = 200


def calibrated(model):
    """The model with the ranges of data found, the data, and some far beyond them."""
    x = np.random.default_rng(0).normal(size=(SAMPLES, *model.input_shape[1:])).astype(np.float32)
    trace_minmax(model, x, batch_size=SAMPLES, verbose=0)
    return model, np.concatenate([x, 9 * x[:40]])


def narrow(layer):
    """Widths of its weights from 0 to 6 bits, each of its own, as training finds them."""
    bits = layer.kq.quantizer._b
    bits.assign(np.random.default_rng(1).integers(0, 7, bits.shape))
    return layer


def dense():
    keras.utils.set_random_seed(0)
    start = keras.Input((8,), name="x")
    model = keras.Model(start, QDense(3, name="d1")(QDense(6, activation="relu", name="d0")(start)))
    for layer in model.layers[1:]:
        narrow(layer)
    return calibrated(model)


def pictures():
    keras.utils.set_random_seed(0)
    start = keras.Input((6, 6, 2), name="x")
    with QuantizerConfigScope(place="datalane", overflow_mode="SAT"):
        x = QConv2D(4, 3, activation="relu", name="c0")(start)
        x = QAdd(name="sum")([x, QConv2D(4, 1, name="c1")(x)])
        model = keras.Model(start, QDense(3, name="d1")(keras.layers.Flatten(name="flat")(x)))
    return calibrated(model)


@pytest.mark.parametrize("build", [dense, pytest.param(pictures, marks=pytest.mark.slow)])
def test_fixed_equals_hgq2(build, tmp_path):
    model, x = build()
    expected = np.asarray(model.predict(x, verbose=0))
    assert len(np.unique(expected)) > 20
    save_model(model, tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert is_quantized(loaded)
    conversion = convert(loaded, HlsSettings(), tmp_path / "conversion")
    for name, given in (("quantized", {"model": loaded}), ("fixed", {"conversion": conversion})):
        with open_engine(name, **given) as engine:
            assert (engine.predict(x) == expected).all(), name
    names = {layer.origin for layer in conversion.dataflow.layers}
    assert {"x", "d1"} < names
    assert all(name.endswith(" (bits kept)") for name in names - {"x", "d1"})


def test_cpp_equals_hgq2(tmp_path):
    model, x = dense()
    conversion = convert(model, HlsSettings(), tmp_path / "conversion")
    with open_engine("csim", conversion=conversion) as csim, open_engine("fixed", conversion=conversion) as fixed:
        assert (csim.predict(x) == model.predict(x, verbose=0)).all()
        ours, theirs = fixed.trace(x[:50]), csim.trace(x[:50])
    assert len(theirs) >= 4
    for layer, values in theirs.items():
        assert (ours[layer] == values).all(), layer


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_to_a_bitstream(tmp_path):
    import netloom
    from netloom.settings import HardwareSettings, RunSettings

    model, x = dense()
    np.savez(tmp_path / "data.npz", x_train=x, x_test=x[:100])
    settings = RunSettings(hardware=HardwareSettings(board="ULX3S-25F"))
    run = netloom.run(model, data=tmp_path / "data.npz", settings=settings, directory=tmp_path / "run")
    fidelity = [record for record in run.report.fidelity if record.engines[0] != "float"]
    engines = {record.engines for record in fidelity}
    assert engines >= {("quantized", "fixed"), *(("fixed", engine) for engine in ("csim", "rtl", "netlist"))}
    assert not any(record.mismatches or record.layer_mismatches for record in fidelity)
    assert run.report.hardware is not None
    assert run.report.hardware.timing_met
    np.testing.assert_array_equal(netloom.simulate(run.directory, x), model.predict(x, verbose=0))
    assert list((tmp_path / "run").rglob("*.bit"))


def softmax():
    start = keras.Input((8,))
    return keras.Model(start, QSoftmax(name="probabilities")(QDense(3)(start)))


def tanh():
    start = keras.Input((8,))
    return keras.Model(start, QDense(3, activation="tanh", name="d0")(start))


def rounding():
    start = keras.Input((8,))
    with QuantizerConfigScope(place="datalane", round_mode="RND_CONV"):
        return keras.Model(start, QDense(3, name="d0")(start))


@pytest.mark.parametrize(
    ("build", "settings", "said"),
    [
        (softmax, {}, "layer 'probabilities': QSoftmax of an HGQ2 model is not supported; supported are Activation"),
        (tanh, {}, "layer 'd0': activation 'tanh' of an HGQ2 model is not supported; use linear or relu"),
        (rounding, {}, "layer 'd0': its iq rounds by RND_CONV; use one of RND, TRN"),
        (dense, {"io_type": "io_stream"}, "layer 'd0': an HGQ2 model has a type for every element"),
    ],
)
def test_what_is_refused(build, settings, said, tmp_path):
    model = build()
    with pytest.raises(LayerNotSupportedError, match=said):
        convert(model[0] if isinstance(model, tuple) else model, HlsSettings(**settings), tmp_path / "conversion")
    assert not (tmp_path / "conversion").exists()


def test_types_and_shapes_are_the_models_own(tmp_path):
    model, _ = dense()
    settings = HlsSettings(precision={"d0": {"result": "fixed<8,4>"}})
    with pytest.raises(SettingsError, match="an HGQ2 model brings the types of all its layers"):
        convert(model, settings, tmp_path / "conversion")
    save_model(model, tmp_path / "model.keras")
    with pytest.raises(SettingsError, match="an HGQ2 model has the shape of its quantizers"):
        load_model(tmp_path / "model.keras", [(8,)])


def test_without_hgq2_one_line_says_where_to_look(tmp_path, monkeypatch):
    model, _ = dense()
    save_model(model, tmp_path / "model.keras")
    monkeypatch.setitem(sys.modules, "hgq.layers", None)
    with pytest.raises(ToolMissingError, match="is a model of HGQ2, which is not installed; docs/models"):
        load_model(tmp_path / "model.keras")


def test_only_what_models_are_made_of_is_loaded(tmp_path):
    model, _ = dense()
    save_model(model, tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = members["config.json"].replace(b"hgq.layers.core.dense", b"hgq.utils.sugar.misc_1")
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(ModelFileError, match="not part of Keras"):
        load_model(tmp_path / "other.keras")
