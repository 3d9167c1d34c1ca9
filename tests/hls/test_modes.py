"""Overflow modes are left out of the firmware only where the proven range makes them idle, wherever the cast stands."""

import numpy as np
import pytest
from zoo import quant

from netloom.hls import HlsSettings, convert
from netloom.sim import open_engine

keras = pytest.importorskip("keras")

VALUES = np.array([-4.0, -3.75, 0.25, 1.0, 3.75])
"""The lowest that 5 bits with 2 before the point hold, the lowest of a symmetric quantizer, and others."""


def before_symmetric():
    """What may stand between a quantizer and a symmetric one of the same bits, each with the shape it takes."""
    layers = keras.layers
    return {
        "nothing": lambda x: x,
        "pooling": layers.MaxPooling2D(2),
        "global_pooling": layers.GlobalMaxPooling2D(),
        "flattened": layers.Flatten(),
        "reshaped": layers.Reshape((4, 1)),
        "permuted": layers.Permute((2, 1, 3)),
        "padded": layers.ZeroPadding2D(((1, 0), (0, 1))),
        "cropped": layers.Cropping2D(((1, 0), (0, 1))),
        "upsampled": layers.UpSampling2D(2),
        "joined": lambda x: layers.Concatenate()([x, quant(5, 2, "joined_other")(x)]),
        "greatest": lambda x: layers.Maximum()([x, quant(4, 2, "greatest_other")(x)]),
        "least": lambda x: layers.Minimum()([x, quant(4, 2, "least_other", symmetric=1)(x)]),
    }


@pytest.mark.parametrize("io_type", ["io_parallel", pytest.param("io_stream", marks=pytest.mark.slow)])
def test_a_symmetric_quantizer_stays_wherever_it_stands(tmp_path, io_type):
    inputs, outputs = [], []
    for name, layer in before_symmetric().items():
        inputs.append(keras.Input((2, 2, 1), name=name))
        x = quant(5, 2, f"{name}_quantizer")(inputs[-1])
        outputs.append(quant(5, 2, f"{name}_symmetric", symmetric=1)(layer(x)))
    model = keras.Model(inputs, outputs)
    data = [np.broadcast_to(VALUES[:, None, None, None], (len(VALUES), 2, 2, 1)).copy()] * len(inputs)
    conversion = convert(model, HlsSettings(io_type=io_type), tmp_path / "net")
    expected = open_engine("quantized", model=model).predict(data)
    with open_engine("csim", conversion=conversion) as csim:
        judged = csim.predict(data)
    simulated = open_engine("fixed", conversion=conversion).predict(data)
    for name, ours, theirs, exact in zip(before_symmetric(), simulated, judged, expected, strict=True):
        assert exact.min() == -3.75, name
        assert (theirs == exact).all() and (ours == exact).all(), name


def test_an_idle_cast_is_left_out(tmp_path):
    inputs = keras.Input((3,), name="source")
    x = quant(5, 2, "input_quantizer", symmetric=1)(inputs)
    model = keras.Model(inputs, quant(5, 2, "wider")(keras.layers.Reshape((3, 1))(x)))
    conversion = convert(model, HlsSettings(), tmp_path / "net")
    assert [node.operation.__class__.__name__ for node in conversion.dataflow.nodes] == ["Permute"]


@pytest.mark.parametrize("type_", ["fixed<5,3,RND,SAT_SYM>", "fixed<5,3>"])
def test_modes_asked_of_a_layer_that_only_moves_are_kept_or_refused(tmp_path, type_):
    """hls4ml gives such a layer its input's type: a mode asked for is idle there, or refused."""
    inputs = keras.Input((3,), name="source")
    x = keras.layers.ZeroPadding1D(1, name="moved")(
        keras.layers.Reshape((3, 1))(quant(5, 2, "input_quantizer")(inputs))
    )
    model = keras.Model(inputs, quant(4, 2, "narrowed")(x))
    settings = HlsSettings(precision={"moved": {"result": type_}})
    conversion = convert(model, settings, tmp_path / "net")
    with open_engine("csim", conversion=conversion) as csim:
        assert (
            csim.predict(VALUES[:3][None]).min()
            == open_engine("fixed", conversion=conversion).predict(VALUES[:3][None]).min()
        )
