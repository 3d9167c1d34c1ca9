"""Where numbers outgrow what hls4ml or 62 bits can hold: refused by name, or exact."""

import keras
import numpy as np
import pytest
from zoo import linear, quant

from netloom.errors import PrecisionError
from netloom.hls import HlsSettings, convert
from netloom.hls.dataflow import exact_dtype
from netloom.hls.names import identifiers
from netloom.quantize.fixed_point import Rounding, round_raw
from netloom.sim import open_engine


def net(function, input_integer=0):
    import qkeras

    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,), name="constexpr")
    x = qkeras.QActivation(qkeras.quantized_bits(16, input_integer, alpha=1), name="w3")(inputs)
    x = qkeras.QDense(2, **linear(), name="fc1")(x)
    return keras.Model(inputs, keras.layers.Activation(function, name="input_t")(x))


def test_a_table_index_beyond_32_bits_is_refused(tmp_path):
    with pytest.raises(PrecisionError, match=r"'input_t_layer'.*32-bit index.*put a QActivation"):
        convert(net("sigmoid", 24), HlsSettings(), tmp_path / "net")


@pytest.mark.parametrize("type_", ["fixed<16,-48,TRN,SAT>", "fixed<62,-20,TRN,SAT>"])
def test_points_too_far_apart_are_refused(tmp_path, type_):
    with pytest.raises(PrecisionError, match=r"'fc1'.*points are closer together"):
        convert(net("relu"), HlsSettings(precision={"fc1": {"result": type_}}), tmp_path / "net")
    assert list(tmp_path.iterdir()) == []


def test_shifts_beyond_62_bits_are_refused_and_others_exact():
    raw = np.array([-3, 5])
    assert round_raw(raw, -59, Rounding.TRN).tolist() == [-3 << 59, 5 << 59]
    with pytest.raises(PrecisionError):
        round_raw(raw, -60, Rounding.TRN)
    with pytest.raises(PrecisionError):
        exact_dtype(2**62 + 1)


def test_three_batch_normalizations_in_a_row_name_the_layer(tmp_path):
    model = keras.Sequential([keras.Input((3,)), quant(16, 0, "q")])
    for index in range(4):
        layer = keras.layers.BatchNormalization(name=f"bn{index}")
        model.add(layer)
        layer.set_weights([np.array([0.71, 0.9, 1.3], dtype=np.float32)] * 4)
    with pytest.raises(PrecisionError, match="layer 'bn"):
        convert(model, HlsSettings(), tmp_path / "net")


def test_names_of_generated_variables_are_avoided():
    names = ["w3", "b12", "input_t", "result_t", "layer4_out", "config5", "constexpr", "nullptr", "x_ap"]
    assert identifiers(names) == {name: f"{name}_layer" for name in names}


def test_an_interrupted_request_leaves_no_answer_behind(tmp_path, monkeypatch):
    from netloom.sim.csim import CsimEngine

    firmware = convert(net("tanh"), HlsSettings(), tmp_path / "net")
    x = np.random.default_rng(0).normal(0, 1, (60, 4))
    with open_engine("csim", firmware=firmware) as engine:
        assert isinstance(engine, CsimEngine)
        expected = engine.predict(x)

        class Interrupted:
            def __init__(self, pipe):
                self.pipe = pipe

            def read(self, size):
                raise KeyboardInterrupt

            def __getattr__(self, name):
                return getattr(self.pipe, name)

        process = engine._worker()
        process.stdout = Interrupted(process.stdout)
        with pytest.raises(KeyboardInterrupt):
            engine.predict(-x)
        assert (engine.predict(x) == expected).all()


def test_an_interrupted_replacement_keeps_the_earlier_firmware(tmp_path, monkeypatch):
    from pathlib import Path

    firmware = convert(net("tanh"), HlsSettings(), tmp_path / "net")
    before = {path: path.read_bytes() for path in firmware.directory.glob("dataflow.*")}
    rename = Path.rename

    def interrupted(self, target):
        if self.name == "firmware":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        convert(net("relu"), HlsSettings(), tmp_path / "net")
    assert {path: path.read_bytes() for path in firmware.directory.glob("dataflow.*")} == before
    assert [path.name for path in tmp_path.iterdir()] == ["net"]
