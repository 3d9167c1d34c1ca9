"""`QEmbedding`: rows of a table, exact in every engine; numbers beyond the rows; what is no whole number is refused."""

import keras
import numpy as np
import pytest
from judges import agree
from qkeras import QActivation, quantized_bits

from netloom.errors import LayerNotSupportedError
from netloom.hls import HlsSettings, convert
from netloom.quantize import Policy, quantize
from netloom.quantize.layers import QEmbedding


def model(bits=4, integer=4, rows=11, shape=(5,)):
    keras.utils.set_random_seed(0)
    x = keras.Input(shape, name="words")
    y = QActivation(quantized_bits(bits, integer, keep_negative=0, alpha=1), name="whole")(x)
    layer = QEmbedding(rows, 3, embeddings_quantizer=quantized_bits(6, 1, alpha=1), name="embedding")
    network = keras.Model(x, layer(y))
    layer.set_weights([np.random.default_rng(1).uniform(-2, 2, (rows, 3))])
    return network


@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_rows_are_read_exactly_and_the_nearest_beyond_them(io_type, tmp_path):
    x = np.array([[0, 1, 10, 11, 15], [14, 3, 2, 7, 9], [5, 5, 5, 4, 6], [8, 13, 12, 1, 0]], np.float32)
    agree(model(), x, tmp_path, io_type, hardware=io_type == "io_stream")


def test_numbers_that_need_not_be_whole_are_refused(tmp_path):
    with pytest.raises(LayerNotSupportedError, match=r"'embedding'.*whole numbers"):
        convert(model(5, 4), HlsSettings(), tmp_path)


def test_the_input_of_an_embedding_gets_the_type_of_its_rows():
    inputs = keras.Input((5,), name="words", dtype="int32")
    table = keras.layers.Embedding(300, 4, name="embedding")
    network = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(table(inputs))))
    x = np.random.default_rng(0).integers(0, 300, (40, 5))
    twin = quantize(network, Policy.uniform(8), x, fine_tune_epochs=1)
    assert (twin.get_layer("words_quantizer")(np.arange(300.0)).numpy() == np.arange(300)).all()
    assert type(twin.get_layer("embedding")).__name__ == "QEmbedding"
    rows = table.embeddings.numpy()
    assert np.abs(twin.get_layer("embedding")(np.arange(300.0)).numpy() - rows).max() < 0.01
