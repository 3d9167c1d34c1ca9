"""Where numbers outgrow what hls4ml or int64 can hold: refused by name, or exact."""

import keras
import numpy as np
import pytest
from zoo import linear, quant

from netloom.errors import PrecisionError
from netloom.fixed_point import FixedPoint
from netloom.hls import HlsSettings, convert
from netloom.hls.dataflow import exact_dtype
from netloom.hls.identifiers import identifiers
from netloom.rounding import Rounding, round_raw
from netloom.sim import compare_engines, open_engine


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


@pytest.mark.parametrize("type_", ["fixed<16,-48,TRN,SAT>", "fixed<62,-20,TRN,SAT>", "fixed<180,-60,RND,SAT>"])
def test_points_far_apart_are_exact(tmp_path, type_):
    conversion = convert(net("relu"), HlsSettings(precision={"fc1": {"result": type_}}), tmp_path / "net")
    x = np.random.default_rng(0).normal(0, 1, (50, 4))
    with open_engine("fixed", conversion=conversion) as fixed, open_engine("csim", conversion=conversion) as csim:
        assert compare_engines(fixed, csim, x, trace=True).equal


def test_a_point_too_far_left_names_the_layer_and_the_way_out_works(tmp_path):
    with pytest.raises(PrecisionError, match=r"layer 'input_t_layer', result: .* 260 bits.*use more integer bits"):
        convert(net("relu"), HlsSettings(precision={"fc1": {"result": "fixed<200,-60>"}}), tmp_path / "net")
    convert(net("relu"), HlsSettings(precision={"fc1": {"result": "fixed<200,0>"}}), tmp_path / "net")


def test_shifts_beyond_62_bits_are_exact():
    raw = np.array([-3, 5])
    for shift in (59, 60, 100):
        assert round_raw(raw, -shift, Rounding.TRN).tolist() == [-3 << shift, 5 << shift]
    assert exact_dtype(2**62) is np.int64
    assert exact_dtype(2**62 + 1) is np.object_


def test_batch_normalizations_in_a_row(tmp_path):
    model = keras.Sequential([keras.Input((3,)), quant(16, 0, "q")])
    for index in range(4):
        layer = keras.layers.BatchNormalization(name=f"bn{index}")
        model.add(layer)
        layer.set_weights([np.array([0.71, 0.9, 1.3], dtype=np.float32)] * 4)
    conversion = convert(model, HlsSettings(), tmp_path / "net")
    assert conversion.layers[-1].type.width > 64
    x = np.random.default_rng(0).normal(0, 1, (20, 3))
    with open_engine("fixed", conversion=conversion) as fixed:
        outputs = fixed.predict(x)
    np.testing.assert_allclose(outputs, model.predict(x, verbose=0), atol=1e-3)


TABLE_TYPES = ["fixed<18,8,RND,SAT>", "fixed<18,8,RND,SAT_SYM>", "fixed<18,8,TRN,WRAP>", "fixed<18,8,RND,SAT_ZERO>"]


@pytest.mark.slow
@pytest.mark.parametrize("type_", TABLE_TYPES)
def test_a_table_of_exponentials_that_overflow_single_precision_is_what_the_cpp_has(tmp_path, type_):
    """expf is infinite from 88.73 on; no sample is to blame for that."""
    check_softmax(tmp_path, type_, "csim")


def test_a_table_of_exponentials_that_overflow_single_precision_converts(tmp_path):
    check_softmax(tmp_path, TABLE_TYPES[0], None)


def check_softmax(folder, type_, engine):
    precision = {"input_t_layer": {"inp_norm": "fixed<16,9,RND,SAT>", "exp_table": type_}}
    conversion = convert(net("softmax", 8), HlsSettings(precision=precision), folder / "net")
    (table,) = [node.operation for node in conversion.dataflow.nodes if node.name.endswith(".exp")]
    assert np.isin(FixedPoint.parse(type_).raw_max, table.table) == ("SAT_ZERO" not in type_ and "WRAP" not in type_)
    if engine:
        x = np.random.default_rng(0).normal(0, 100, (50, 4))
        with open_engine("fixed", conversion=conversion) as fixed, open_engine(engine, conversion=conversion) as other:
            assert compare_engines(fixed, other, x, trace=True).equal


def test_names_of_generated_variables_are_avoided():
    names = ["w3", "b12", "input_t", "result_t", "layer4_out", "config5", "constexpr", "nullptr", "x_ap"]
    assert identifiers(names) == {name: f"{name}_layer" for name in names}


def test_an_interrupted_request_leaves_no_answer_behind(tmp_path, monkeypatch):
    from netloom.sim.csim.csim import CsimEngine

    conversion = convert(net("tanh"), HlsSettings(), tmp_path / "net")
    x = np.random.default_rng(0).normal(0, 1, (60, 4))
    with open_engine("csim", conversion=conversion) as engine:
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


def test_an_interrupted_replacement_keeps_the_earlier_conversion(tmp_path, monkeypatch):
    from pathlib import Path

    conversion = convert(net("tanh"), HlsSettings(), tmp_path / "net")
    before = {path: path.read_bytes() for path in conversion.directory.glob("dataflow.*")}
    rename = Path.rename

    def interrupted(self, target):
        if self.name == "conversion":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        convert(net("relu"), HlsSettings(), tmp_path / "net")
    assert {path: path.read_bytes() for path in conversion.directory.glob("dataflow.*")} == before
    assert [path.name for path in tmp_path.iterdir()] == ["net"]
