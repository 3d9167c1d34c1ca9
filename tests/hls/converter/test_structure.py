"""`convert`: reshapes, merges and outputs, where hls4ml's graph is not the model's."""

import numpy as np
import pytest
from converted import PARALLEL, STREAM, convolution, layers, one_layer, reshaped_and_read_twice
from zoo import linear, quant

from netloom.errors import LayerNotSupportedError
from netloom.hls import HlsSettings, convert
from netloom.sim import compare_engines, open_engine

keras = pytest.importorskip("keras")


def test_a_stream_of_new_width_that_two_layers_read_keeps_its_type(tmp_path):
    """hls4ml copies it in its default type, which dropped a bit of what comes from the dense layer."""
    model = reshaped_and_read_twice()
    conversion = convert(model, STREAM, tmp_path / "net")
    x = np.random.default_rng(0).integers(-128, 128, (20, 4)) / 128
    engines = [open_engine(name, conversion=conversion) for name in ("fixed", "csim")]
    assert compare_engines(*engines, x, trace=True).equal
    np.testing.assert_array_equal(engines[0].predict(x), model.predict(x, verbose=0))


@pytest.mark.parametrize(("shape", "target"), [((6, 3), (9, 2)), ((6, 2), (4, 3)), ((2, 3, 4), (4, 6))])
def test_a_stream_whose_pixels_neither_split_nor_join_keeps_all_its_values(shape, target, tmp_path):
    """hls4ml's `repack_stream` drops what is left over; from 4 to 6 channels it does so too."""
    source = keras.Input(shape, name="a")
    model = keras.Model(source, keras.layers.Reshape(target, name="r")(quant(5, 0, "q")(source)))
    conversion = convert(model, STREAM, tmp_path / "net")
    x = np.random.default_rng(0).integers(-16, 16, (20, *shape)) / 16
    with open_engine("fixed", conversion=conversion) as fixed, open_engine("csim", conversion=conversion) as csim:
        np.testing.assert_array_equal(fixed.predict(x), x.reshape(20, *target))
        np.testing.assert_array_equal(csim.predict(x), x.reshape(20, *target))


@pytest.mark.parametrize(
    "settings", [pytest.param(PARALLEL, marks=pytest.mark.slow), STREAM], ids=["parallel", "stream"]
)
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


def test_plain_relu_layer(tmp_path):
    conversion = convert(one_layer(keras.layers.ReLU(name="plain"), (4,)), PARALLEL, tmp_path / "net")
    (relu,) = [layer for layer in conversion.layers if layer.origin == "plain"]
    assert (relu.kind, relu.proven_min) == ("Activation", 0)


def test_depthwise_convolutions_have_no_resource_strategy_in_parallel(tmp_path):
    model = one_layer(convolution("QDepthwiseConv2D"), (6, 6, 2))
    conversion = convert(model, HlsSettings(strategy="Resource"), tmp_path / "net")
    assert "nnet::resource" not in (conversion.project / "firmware" / "parameters.h").read_text()


def test_reshape_in_a_stream(tmp_path):
    model = one_layer(keras.layers.Reshape((3, 2, 2), name="reshaped"), (3, 4, 1))
    convert(model, STREAM, tmp_path / "net")


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


def test_an_output_that_hls4ml_drops_is_refused_by_name(tmp_path):
    """A quantizer that has nothing left to do behind another output; found by the network fuzzer (seed 3094)."""
    import qkeras

    inputs = keras.Input((4, 2), name="source")
    x = qkeras.QConv1D(3, 1, **linear(), name="conv")(quant(5, 0, "input_quantizer")(inputs))
    x = quant(4, 1, "wide")(x)
    model = keras.Model(inputs, [x, quant(4, 1, "again")(x)])
    with pytest.raises(LayerNotSupportedError, match=r"drops 'again', .* 'wide' gives, .* leave one of them out"):
        convert(model, PARALLEL, tmp_path / "net")


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


@pytest.mark.parametrize(
    ("size", "pool", "stride"),
    [(6, 2, 4), *(pytest.param(*case, marks=pytest.mark.slow) for case in ((4, 1, 2), (6, 2, 2)))],
)
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
