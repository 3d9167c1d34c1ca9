"""`convert`: everything it cannot do is refused by name, before anything is written."""

import numpy as np
import pytest
from converted import PARALLEL, STREAM, convolution, layers, one_layer, reshaped_and_read_twice
from zoo import quant

from netloom.errors import LayerNotSupportedError, NetloomError, PrecisionError
from netloom.hls import convert
from netloom.sim import compare_engines, open_engine

keras = pytest.importorskip("keras")


REFUSED = {
    "dilated transposed": (
        lambda: convolution("QConv2DTranspose", dilation_rate=2), (6, 6, 2), "on a CPU", PARALLEL
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


@pytest.mark.parametrize("lowered", [False, True], ids=["as it is", "taken for its input"])
def test_a_variable_of_another_type_than_what_comes_of_its_layer_is_refused(lowered, tmp_path, monkeypatch):
    from netloom.hls import hls4ml_graph
    from netloom.hls.lower import lowering

    monkeypatch.setattr(hls4ml_graph, "_type_clones", lambda _: None)
    if lowered:
        monkeypatch.setitem(lowering.LOWERINGS, "Clone", lambda _, context: context.pass_through(context.inputs[0]))
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


def test_what_hls4ml_cannot_build_is_refused_in_one_line(tmp_path):
    """Streams are copied for seven readers at most."""
    inputs = keras.Input((4,), name="source")
    x = quant(5, 0, "input_quantizer")(inputs)
    model = keras.Model(inputs, [quant(3, 0, f"q{index}")(x) for index in range(9)])
    with pytest.raises(LayerNotSupportedError, match=r"io_stream.*more than 7 times") as caught:
        convert(model, STREAM, tmp_path / "net")
    assert "\n" not in str(caught.value)


def test_an_activation_of_ones_own_is_refused_whatever_its_name(tmp_path):
    def relu(x):
        return -x

    with pytest.raises(LayerNotSupportedError, match=r"'odd one'.*test_refusals.relu' is not supported"):
        convert(one_layer(keras.layers.Activation(relu, name="odd one"), (4,)), PARALLEL, tmp_path / "net")
