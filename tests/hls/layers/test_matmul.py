"""`MatrixProduct`: two tensors that both change, exact in every engine."""

import keras
import numpy as np
import pytest
from judges import agree
from qkeras import QActivation, quantized_bits

from netloom.errors import LayerNotSupportedError
from netloom.hls.dataflow import MatMul
from netloom.quantize import load_model, save_model
from netloom.quantize.layers import MatrixProduct


def closed(tensor, width, integer, name):
    return QActivation(quantized_bits(width, integer, alpha=1), name=name)(tensor)


def model(first, second, transposed):
    inputs = [keras.Input(shape, name=name) for shape, name in ((first, "first"), (second, "second"))]
    closed_ = [closed(one, 6 - number, 1 - number, f"quantizer{number}") for number, one in enumerate(inputs)]
    product = MatrixProduct(transposed, name="product")(closed_)
    return keras.Model(inputs, closed(product, 8, 4, "last"))


def samples(network):
    rng = np.random.default_rng(0)
    return [rng.normal(0, 1.5, (50, *tensor.shape[1:])) for tensor in network.inputs]


def test_a_dot_of_two_inputs_is_one(tmp_path):
    """As Keras's layer stands in a quantized model, without `netloom.quantize`."""
    inputs = [keras.Input((4,), name=name) for name in ("first", "second")]
    joined = [closed(one, 5, 0, f"quantizer{number}") for number, one in enumerate(inputs)]
    network = keras.Model(inputs, keras.layers.Dot(1, name="dot")(joined))
    conversion = agree(network, samples(network), tmp_path, "io_parallel")
    assert any(isinstance(node.operation, MatMul) for node in conversion.dataflow.nodes)


@pytest.mark.parametrize(
    ("first", "second", "transposed", "io_type"),
    [
        ((3, 4), (4, 5), False, "io_stream"),
        ((2, 3, 4), (2, 5, 4), True, "io_parallel"),
        pytest.param((3, 4), (5, 4), True, "io_stream", marks=pytest.mark.slow),
        pytest.param((2, 3, 4), (2, 4, 5), False, "io_parallel", marks=pytest.mark.slow),
        pytest.param((3, 2, 1, 4), (3, 2, 5, 4), True, "io_stream", marks=pytest.mark.slow),
    ],
)
def test_equals_the_firmware(first, second, transposed, io_type, tmp_path):
    network = model(first, second, transposed)
    conversion = agree(network, samples(network), tmp_path, io_type)
    assert next(node.operation for node in conversion.dataflow.nodes) == MatMul(transposed)


@pytest.mark.slow
def test_a_tensor_that_meets_itself(tmp_path):
    source = keras.Input((3, 4), name="source")
    tokens = closed(source, 6, 1, "quantizer")
    network = keras.Model(source, MatrixProduct(True, name="product")([tokens, tokens]))
    agree(network, samples(network)[0], tmp_path, "io_stream", hardware=True)


def test_survives_a_file(tmp_path):
    network = model((3, 4), (5, 4), True)
    save_model(network, tmp_path / "model.keras")
    x = [one.astype(np.float32) for one in samples(network)]
    np.testing.assert_array_equal(load_model(tmp_path / "model.keras")(x), network(x))


@pytest.mark.parametrize(("first", "second"), [((3, 4), (5, 3)), ((2, 3, 4), (3, 5, 4)), ((4,), (4,))])
def test_axes_that_do_not_meet_are_refused(first, second):
    with pytest.raises(LayerNotSupportedError, match=r"'product'.*no matrix product"):
        model(first, second, True)
