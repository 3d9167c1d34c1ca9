"""`convert`: types are proven, those asked for are used, and what cannot be is refused."""

from dataclasses import replace

import numpy as np
import pytest
from converted import PARALLEL
from zoo import linear

from netloom.errors import PrecisionError, SettingsError, StorageError
from netloom.fixed_point import Overflow
from netloom.hls import Conversion, HlsSettings, convert
from netloom.hls.dataflow import Cast, DepthwiseMatVec, MatVec, Pool, Reduce
from netloom.sim import open_engine

keras = pytest.importorskip("keras")


@pytest.mark.parametrize("name", ["mlp", "image", "sequence_stream_resource", "merges"])
def test_nothing_can_overflow_but_quantizers(zoo, name):
    conversion = zoo(name).conversion
    assert not [layer.name for layer in conversion.layers if layer.overflow_possible]


@pytest.mark.parametrize("name", ["mlp", "image", "sequence_stream_resource", "merges"])
def test_values_stay_within_what_was_proven(zoo, name):
    specimen = zoo(name)
    for layer in specimen.conversion.layers:
        if layer.name in specimen.trace:
            values = specimen.trace[layer.name]
            assert layer.proven_min <= values.min() and values.max() <= layer.proven_max, layer.name
            assert layer.type.min <= layer.proven_min and layer.proven_max <= layer.type.max, layer.name
            assert (values / layer.type.step == np.round(values / layer.type.step)).all(), layer.name


def test_adversarial_inputs_reach_the_accumulators_range_and_one_bit_less_overflows(small, tmp_path):
    conversion = convert(small, PARALLEL, tmp_path / "whole")
    (layer,) = [layer for layer in conversion.layers if layer.kind == "Dense"]
    (node,) = [node for node in conversion.dataflow.nodes if isinstance(node.operation, MatVec)]
    element = conversion.dataflow.sources["source"].element
    weights = node.operation.weights
    worst = np.concatenate(
        [np.where(weights.T > 0, element.max, element.min), np.where(weights.T > 0, element.min, element.max)]
    )
    with open_engine("fixed", conversion=conversion) as fixed:
        outputs = fixed.predict(worst)
    exact = worst @ node.operation.weight_type.to_float(weights) + node.operation.bias_type.to_float(
        node.operation.bias
    )
    assert (outputs == exact).all()
    assert (outputs.min(), outputs.max()) == (layer.proven_min, layer.proven_max)

    narrow = replace(layer.type, width=layer.type.width - 1, integer=layer.type.integer - 1)
    settings = HlsSettings(precision={"fc": {"accum": str(narrow), "result": str(narrow)}})
    wrapping = convert(small, settings, tmp_path / "narrow")
    with open_engine("fixed", conversion=wrapping) as fixed:
        assert (fixed.predict(worst) != exact).any()
    assert [layer.overflow_possible for layer in wrapping.layers if layer.kind == "Dense"] == [True]


@pytest.mark.parametrize("name", ["mlp", "image", "sequence_stream_resource"])
def test_operations_of_a_conversion_keep_their_promises(zoo, name):
    """Random raws at the ends of every input's proven range stay within every result's."""
    dataflow = zoo(name).conversion.dataflow
    rng = np.random.default_rng(0)
    for node in dataflow.nodes:
        types, bounds = dataflow.input_types(node), dataflow.input_bounds(node)
        arrays = [np.where(rng.random((30, *b.low.shape)) < 0.5, b.low, b.high) for b in bounds]
        (result,) = node.operation.prepare(types, bounds, np.int64)[0](arrays)
        proven = dataflow.bounds[node.name]
        assert (proven.low <= result).all() and (result <= proven.high).all(), node.name
        saturates = isinstance(node.operation, Cast) and node.operation.to.overflow in (Overflow.SAT, Overflow.SAT_SYM)
        if isinstance(node.operation, Cast | MatVec | DepthwiseMatVec | Pool | Reduce) and not saturates:
            overflowing = node.operation.overflows(types, arrays)
            assert overflowing is None or not overflowing.any(), node.name


def test_precision_is_used(small, tmp_path):
    settings = HlsSettings(precision={"fc": {"accum": "fixed<9,4,RND,SAT>", "result": "fixed<6,4,RND_CONV,SAT_SYM>"}})
    conversion = convert(small, settings, tmp_path / "net")
    (layer,) = [layer for layer in conversion.layers if layer.kind == "Dense"]
    assert (str(layer.accum), str(layer.type)) == ("fixed<9,4,RND,SAT>", "fixed<6,4,RND_CONV,SAT_SYM>")
    header = (conversion.project / "firmware" / "defines.h").read_text()
    assert "ap_fixed<9,4,AP_RND,AP_SAT,0>" in header and "ap_fixed<6,4,AP_RND_CONV,AP_SAT_SYM,0>" in header
    assert Conversion.load(tmp_path / "net").settings == settings


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        ({"nowhere": {"result": "fixed<8,3>"}}, "no layer 'nowhere'; layers are"),
        ({"fc": {"weird": "fixed<8,3>"}}, "layer 'fc' has no type 'weird'; it has accum, result"),
    ],
)
def test_precision_for_what_is_not_there_is_refused(small, tmp_path, precision, said):
    with pytest.raises(SettingsError, match=said):
        convert(small, HlsSettings(precision=precision), tmp_path / "net")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "values",
    [
        {"precision": {"fc": {"result": "float"}}},
        {"precision": {"fc": "fixed<8,3>"}},
        {"io_type": "serial"},
        {"reuse_factor": 0},
        {"reuse_factor": 1.5},
        {"clock_period": 0},
        {"part": "x; rm -rf"},
        {"colour": "red"},
    ],
    ids=str,
)
def test_settings_are_checked_in_one_line(values):
    with pytest.raises(SettingsError) as caught:
        HlsSettings(**values)
    assert "\n" not in str(caught.value) and str(next(iter(values))) in str(caught.value)


def test_damaged_settings_of_a_conversion_are_a_storage_error(small, tmp_path):
    convert(small, PARALLEL, tmp_path / "net")
    (tmp_path / "net" / "settings.json").write_text('{"io_type": "serial"}')
    with pytest.raises(StorageError, match=r"settings.json is damaged.*io_type.*convert the model again"):
        Conversion.load(tmp_path / "net")


def test_a_rounding_that_would_abort_in_cpp_is_refused(small, tmp_path):
    settings = HlsSettings(precision={"fc": {"result": "fixed<8,20,RND>"}})
    with pytest.raises(PrecisionError, match="ap_fixed aborts"):
        convert(small, settings, tmp_path / "net")


def test_an_input_without_quantizer_is_refused_or_given_a_type(tmp_path):
    import qkeras

    inputs = keras.Input((4,), name="source")
    model = keras.Model(inputs, qkeras.QDense(2, **linear(), name="fc")(inputs))
    with pytest.raises(PrecisionError, match="'source' has no type: start the model with a QActivation"):
        convert(model, PARALLEL, tmp_path / "net")
    conversion = convert(model, HlsSettings(precision={"source": {"result": "ufixed<4,0,RND,SAT>"}}), tmp_path / "net")
    assert str(conversion.layers[0].type) == "ufixed<4,0,RND,SAT>"
