"""`convert`: types proven, directory whole or untouched, everything it cannot do refused by name."""

import json
from dataclasses import replace

import numpy as np
import pytest
from zoo import bits, linear, mlp, quant, relu

from netloom.errors import LayerNotSupportedError, NetloomError, PrecisionError, SettingsError, StorageError
from netloom.fixed_point import FixedPoint, Overflow
from netloom.hls import Conversion, HlsSettings, convert
from netloom.hls.dataflow import Cast, DepthwiseMatVec, MatVec, Pool, Reduce
from netloom.sim import compare_engines, open_engine

keras = pytest.importorskip("keras")

PARALLEL, STREAM = HlsSettings(), HlsSettings(io_type="io_stream")


@pytest.fixture(scope="module")
def small():
    """A network of one dense layer, the cheapest there is."""
    import qkeras

    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,), name="source")
    x = quant(5, 0, "input_quantizer")(inputs)
    return keras.Model(inputs, qkeras.QDense(3, **linear(), name="fc")(x))


def one_layer(layer, shape=(6, 6, 2)):
    """A network of an input quantizer and one layer."""
    inputs = keras.Input(shape, name="source")
    return keras.Model(inputs, layer(quant(5, 0, "input_quantizer")(inputs)))


# Types


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


# The directory


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


# Refusals


def _conv(kind="QConv2D", **options):
    import qkeras

    kernel = {"kernel_quantizer": bits(4)}
    if "Depthwise" in kind:
        kernel = {"depthwise_quantizer": bits(4)}
    if "Separable" in kind:
        kernel = {"depthwise_quantizer": bits(4), "pointwise_quantizer": bits(4)}
    filters = {} if "Depthwise" in kind else {"filters": 2}
    return getattr(qkeras, kind)(
        **filters, **{"kernel_size": 3, "bias_quantizer": bits(6, 1), "name": "odd one", **kernel, **options}
    )


def layers():
    return keras.layers


REFUSED = {
    "dilated transposed": (
        lambda: _conv("QConv2DTranspose", dilation_rate=2), (6, 6, 2), "on a CPU", PARALLEL
    ),
    "bilinear upsampling by three": (
        lambda: layers().UpSampling2D(3, interpolation="bilinear", name="odd one"), (4, 4, 2), "run netloom.quantize",
        PARALLEL,
    ),
    "function": (lambda: layers().Activation("sparsemax", name="odd one"), (4,), "'sparsemax'", PARALLEL),
    "not quantized": (lambda: layers().Dense(3, name="odd one"), (4,), "run netloom.quantize first", PARALLEL),
    "Lambda": (lambda: layers().Lambda(lambda x: x, name="odd one"), (4,), "its code would run", PARALLEL),
    "ConvLSTM1D": (lambda: layers().ConvLSTM1D(3, 2, name="odd one"), (4, 5, 2), "ConvLSTM1D is not sup", PARALLEL),
    "LSTM": (lambda: layers().LSTM(3, name="odd one"), (4, 2), "LSTM is not quantized", PARALLEL),
    "layer norm": (lambda: layers().LayerNormalization(name="odd one"), (4, 2), "run netloom.quantize first", PARALLEL),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name_before_anything_is_written(case, tmp_path):
    make, shape, said, settings = REFUSED[case]
    model = one_layer(make(), shape)
    with pytest.raises(LayerNotSupportedError) as caught:
        convert(model, settings, tmp_path / "net")
    message = str(caught.value)
    assert "'odd one" in message and said in message and "\n" not in message
    assert list(tmp_path.iterdir()) == []


def two_inputs(join, second=(4,)):
    a, b = keras.Input((4,), name="a"), keras.Input(second, name="b")
    return keras.Model([a, b], join(quant(5, 0, "qa")(a), quant(5, 0, "qb")(b)))


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: two_inputs(lambda a, b: layers().Dot(1, name="odd one")([a, b])), "run netloom.quantize"),
    ],
    ids=["dot"],
)
def test_merges_are_refused_by_name(build, said, tmp_path):
    with pytest.raises(LayerNotSupportedError, match="'odd one") as caught:
        convert(build(), PARALLEL, tmp_path / "net")
    assert said in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def reshaped_and_read_twice():
    from qkeras import QDense

    source = keras.Input((4,), name="a")
    x = QDense(6, kernel_quantizer="quantized_bits(6,0,alpha=1)", name="dense")(quant(8, 0, "qa")(source))
    x = layers().Reshape((2, 3))(x)
    model = keras.Model(source, layers().Add(name="sum")([x, layers().Permute((1, 2))(x)]))
    model.get_layer("dense").set_weights([np.full((4, 6), 0.34375), np.zeros(6)])
    return model


def test_a_stream_of_new_width_that_two_layers_read_keeps_its_type(tmp_path):
    """hls4ml copies it in its default type, which dropped a bit of what comes from the dense layer."""
    model = reshaped_and_read_twice()
    conversion = convert(model, STREAM, tmp_path / "net")
    x = np.random.default_rng(0).integers(-128, 128, (20, 4)) / 128
    engines = [open_engine(name, conversion=conversion) for name in ("fixed", "csim")]
    assert compare_engines(*engines, x, trace=True).equal
    np.testing.assert_array_equal(engines[0].predict(x), model.predict(x, verbose=0))


@pytest.mark.parametrize("lowered", [False, True], ids=["as it is", "taken for its input"])
def test_a_variable_of_another_type_than_what_comes_of_its_layer_is_refused(lowered, tmp_path, monkeypatch):
    from netloom.hls import hls4ml_graph
    from netloom.hls.lower import graph

    monkeypatch.setattr(hls4ml_graph, "_type_clones", lambda _: None)
    if lowered:
        monkeypatch.setitem(graph.LOWERINGS, "Clone", lambda _, context: context.pass_through(context.inputs[0]))
    with pytest.raises(PrecisionError, match="'clone_"):
        convert(reshaped_and_read_twice(), STREAM, tmp_path / "net")
    assert list(tmp_path.iterdir()) == []


def test_depthwise_convolutions_over_one_and_two_axes_do_not_compile_together(tmp_path):
    """With io_parallel: two of hls4ml's headers have one include guard. The way out is taken."""
    from qkeras import QDepthwiseConv2D

    from netloom.quantize.layers import QDepthwiseConv1D

    a, b = keras.Input((6, 2), name="a"), keras.Input((4, 4, 2), name="b")
    one = QDepthwiseConv1D(2, depthwise_quantizer="quantized_bits(4,1,alpha=1)", name="one")(quant(5, 0, "qa")(a))
    two = QDepthwiseConv2D(2, depthwise_quantizer="quantized_bits(4,1,alpha=1)", name="two")(quant(5, 0, "qb")(b))
    model = keras.Model([a, b], [one, two])
    with pytest.raises(LayerNotSupportedError, match=r"'one' and 'two'.*use io_stream"):
        convert(model, PARALLEL, tmp_path / "net")
    assert list(tmp_path.iterdir()) == []
    conversion = convert(model, STREAM, tmp_path / "net")
    x = [np.random.default_rng(0).integers(-16, 16, (5, *shape)) / 16 for shape in ((6, 2), (4, 4, 2))]
    assert compare_engines(*(open_engine(name, conversion=conversion) for name in ("fixed", "csim")), x).equal


@pytest.mark.parametrize("settings", [PARALLEL, STREAM], ids=["parallel", "stream"])
@pytest.mark.parametrize("kind", ["Add", "Multiply", "Concatenate"])
def test_a_tensor_joined_with_itself(kind, settings, tmp_path):
    source = keras.Input((4,), name="a")
    x = quant(5, 0, "q")(source)
    model = keras.Model(source, getattr(layers(), kind)(name="joined")([x, x]))
    conversion = convert(model, settings, tmp_path / "net")
    values = np.random.default_rng(0).integers(-16, 16, (50, 4)) / 16
    with open_engine("fixed", conversion=conversion) as fixed, open_engine("csim", conversion=conversion) as csim:
        found = fixed.predict(values)
        assert (found == csim.predict(values)).all()
    assert (found == model.predict(values, verbose=0)).all()


def test_open_sizes_and_things_that_are_no_model_are_refused(tmp_path):
    model = keras.Sequential([keras.Input((None, 2)), quant(4, 0, "q")])
    with pytest.raises(LayerNotSupportedError, match="every size must be fixed"):
        convert(model, PARALLEL, tmp_path / "net")
    for thing in (None, "model.keras", keras.Sequential([keras.layers.ReLU()])):
        with pytest.raises(NetloomError):
            convert(thing, PARALLEL, tmp_path / "net")


def test_a_float_model_is_refused_and_told_to_quantize(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2)])
    with pytest.raises(LayerNotSupportedError, match=r"not quantized: run netloom\.quantize first"):
        convert(model, PARALLEL, tmp_path / "net")


def test_plain_relu_layer(tmp_path):
    conversion = convert(one_layer(keras.layers.ReLU(name="plain"), (4,)), PARALLEL, tmp_path / "net")
    (relu,) = [layer for layer in conversion.layers if layer.origin == "plain"]
    assert (relu.kind, relu.proven_min) == ("Activation", 0)


def test_depthwise_convolutions_have_no_resource_strategy_in_parallel(tmp_path):
    model = one_layer(_conv("QDepthwiseConv2D"), (6, 6, 2))
    conversion = convert(model, HlsSettings(strategy="Resource"), tmp_path / "net")
    assert "nnet::resource" not in (conversion.project / "firmware" / "parameters.h").read_text()


def test_reshape_in_a_stream(tmp_path):
    model = one_layer(keras.layers.Reshape((3, 2, 2), name="reshaped"), (3, 4, 1))
    convert(model, STREAM, tmp_path / "net")


# Names


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


# hls4ml's project


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


# Outputs


def several_outputs():
    """Models whose outputs hold one another's values, and what the message says."""
    import qkeras

    def net(build):
        inputs = keras.Input((4, 2), name="source")
        x = qkeras.QConv1D(3, 1, **linear(), name="conv")(quant(5, 0, "input_quantizer")(inputs))
        return keras.Model(inputs, build(x))

    layers = keras.layers
    return {
        "a reshape of the other": net(lambda x: [x, layers.Flatten(name="flat")(x)]),
        "two reshapes": net(lambda x: [layers.Flatten(name="flat")(x), layers.Reshape((2, 6), name="grid")(x)]),
        "the same": net(lambda x: [x, x]),
        "nothing between": net(lambda x: [x, layers.Dropout(0.5, name="flat")(x)]),
        "linear": net(lambda x: [x, layers.Activation("linear", name="flat")(x)]),
    }


@pytest.mark.parametrize("case", ["a reshape of the other", "two reshapes", "the same", "nothing between", "linear"])
def test_outputs_that_are_one_another_are_refused_by_name(tmp_path, case):
    with pytest.raises(
        LayerNotSupportedError, match=r"outputs '(conv|flat)' and '(flat|grid|conv)' hold the same values"
    ):
        convert(several_outputs()[case], PARALLEL, tmp_path / "net")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("settings", [PARALLEL, STREAM], ids=str)
def test_an_output_that_is_an_input_is_refused(tmp_path, settings):
    inputs = keras.Input((4,), name="source")
    model = keras.Model(inputs, [inputs, quant(3, 0, "narrow")(inputs)])
    with pytest.raises(LayerNotSupportedError, match="output 'source' is its input"):
        convert(model, settings, tmp_path / "net")


@pytest.mark.parametrize("settings", [PARALLEL, STREAM], ids=str)
def test_shapes_are_the_models(tmp_path, settings):
    """hls4ml drops a reshape in front of an output, and flattened streams keep their width."""
    import qkeras

    inputs = keras.Input((4, 2), name="source")
    x = qkeras.QConv1D(3, 1, **linear(), name="conv")(quant(5, 0, "input_quantizer")(inputs))
    flat = keras.layers.Flatten(name="flat")(x)
    narrow = quant(4, 1, "narrow")(flat)
    first = qkeras.QDense(3, **linear(), name="first")(flat)
    other = keras.layers.Add(name="sum")([narrow, flat])
    grid = keras.layers.Reshape((3, 1), name="grid")(first)
    model = keras.Model(inputs, [grid, other])
    for layer in (model.get_layer("conv"), model.get_layer("first")):
        layer.set_weights([np.random.default_rng(1).normal(0, 0.7, w.shape) for w in layer.get_weights()])
    conversion = convert(model, settings, tmp_path / "net")
    data = np.random.default_rng(0).uniform(-1, 1, (9, 4, 2))
    exact = open_engine("quantized", model=model).predict(data)
    with open_engine("csim", conversion=conversion) as csim:
        judged = csim.predict(data)
    for ours, theirs, expected in zip(
        open_engine("fixed", conversion=conversion).predict(data), judged, exact, strict=True
    ):
        assert ours.shape == theirs.shape == expected.shape
        assert (ours == expected).all() and (theirs == expected).all()


def test_what_hls4ml_cannot_build_is_refused_in_one_line(tmp_path):
    """Streams are copied for seven readers at most."""
    inputs = keras.Input((4,), name="source")
    x = quant(5, 0, "input_quantizer")(inputs)
    model = keras.Model(inputs, [quant(3, 0, f"q{index}")(x) for index in range(9)])
    with pytest.raises(LayerNotSupportedError, match=r"io_stream.*more than 7 times") as caught:
        convert(model, STREAM, tmp_path / "net")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("size", "pool", "stride"), [(6, 2, 4), (4, 1, 2), (6, 2, 2)])
def test_pooling_that_says_same_and_pads_nothing(tmp_path, size, pool, stride):
    """Seen refused: after quantization, which takes it."""
    inputs = keras.Input((size, size, 2), name="source")
    x = quant(5, 0, "input_quantizer")(inputs)
    kinds = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)
    model = keras.Model(inputs, [kind(pool, stride, padding="same")(x) for kind in kinds])
    conversion = convert(model, PARALLEL, tmp_path / "net")
    data = np.random.default_rng(0).uniform(-1, 1, (9, size, size, 2))
    with open_engine("csim", conversion=conversion) as csim, open_engine("fixed", conversion=conversion) as fixed:
        for expected, judged, ours in zip(
            open_engine("quantized", model=model).predict(data), csim.predict(data), fixed.predict(data), strict=True
        ):
            assert (ours == expected).all() and (judged == expected).all()


def test_an_activation_of_ones_own_is_refused_whatever_its_name(tmp_path):
    def relu(x):
        return -x

    with pytest.raises(LayerNotSupportedError, match=r"'odd one'.*test_converter.relu' is not supported"):
        convert(one_layer(keras.layers.Activation(relu, name="odd one"), (4,)), PARALLEL, tmp_path / "net")


@pytest.mark.parametrize("axis", [1, 2])
def test_merges_of_different_sizes(tmp_path, axis):
    """Joined along any axis, or broadcast: never an abort."""
    import qkeras

    inputs = keras.Input((3, 4, 2), name="source")
    x = quant(5, 0, "input_quantizer")(inputs)
    cropped = keras.layers.Cropping2D(((1, 0), (0, 0)) if axis == 1 else ((0, 0), (1, 0)), name="cropped")(x)
    model = keras.Model(inputs, keras.layers.Concatenate(axis=axis, name="joined")([x, cropped]))
    conversion = convert(model, PARALLEL, tmp_path / "net")
    data = np.random.default_rng(0).uniform(-1, 1, (9, 3, 4, 2))
    exact = open_engine("quantized", model=model).predict(data)
    with open_engine("csim", conversion=conversion) as csim:
        assert (csim.predict(data) == exact).all()
    assert (open_engine("fixed", conversion=conversion).predict(data) == exact).all()
    small = keras.layers.Reshape((1, 1, 2), name="small")(keras.layers.GlobalMaxPooling2D()(x))
    added = keras.Model(inputs, qkeras.QConv2D(1, 1, **linear())(keras.layers.Add(name="added")([x, small])))
    conversion = convert(added, PARALLEL, tmp_path / "other")
    exact = open_engine("quantized", model=added).predict(data)
    assert (open_engine("fixed", conversion=conversion).predict(data) == exact).all()
