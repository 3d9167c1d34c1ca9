"""Engines `float` and `quantized`."""

import numpy as np
import pytest
from zoo import model

from netloom.errors import InputError, ModelFileError
from netloom.sim import compare_engines, open_engine

EXACT = ["image", "merges"]


@pytest.mark.parametrize("name", EXACT)
def test_equals_the_model_and_traces_every_layer(zoo, shared, name):
    network, inputs = model(name, shared), [x.astype(np.float32) for x in zoo(name).inputs]
    engine = open_engine("quantized", model=network)
    expected = network.predict_on_batch(inputs if len(inputs) > 1 else inputs[0])
    expected = expected if isinstance(expected, list) else [expected]
    outputs = engine.predict(inputs)
    for a, b in zip(outputs if isinstance(outputs, list) else [outputs], expected, strict=True):
        assert a.dtype == np.float64
        # The average pooling of `image` divides by 6, which float32 rounds and the engine does not.
        assert (a == b).all() if name == "merges" else np.abs(a - b).max() < 2.0**-20
    trace = engine.trace(inputs)
    assert list(trace) == [layer.name for layer in network.layers if type(layer).__name__ != "InputLayer"]


@pytest.mark.parametrize("name", EXACT)
def test_quantized_equals_fixed_where_all_types_are_exact(zoo, shared, name):
    """Up to what division in an average pooling drops, the firmware is the QKeras model."""
    conversion = zoo(name).conversion
    inputs = [x.astype(np.float32) for x in zoo(name).inputs]
    quantized = open_engine("quantized", model=model(name, shared))
    fixed = open_engine("fixed", conversion=conversion)
    ours, theirs = fixed.trace(inputs), quantized.trace(inputs)
    compared = [name for name in theirs if name in ours]
    assert len(compared) > 5
    stop = compared.index("average_pooling") if "average_pooling" in compared else len(compared)
    for layer in compared[:stop]:
        assert (ours[layer] == theirs[layer]).all(), layer


def test_samples_beyond_a_chunk_and_none_at_all(shared):
    engine = open_engine("quantized", model=model("merges", shared))
    x = np.random.default_rng(0).uniform(-1, 1, (1500, 5)).astype(np.float32)
    whole = engine.predict([x, x])
    assert [output.shape for output in whole] == [(1500, 3), (1500, 5)]
    assert (engine.predict([x[1400:], x[1400:]])[0] == whole[0][1400:]).all()
    assert [output.shape for output in engine.predict([x[:0], x[:0]])] == [(0, 3), (0, 5)]


def test_inputs_are_checked(shared):
    engine = open_engine("float", model=model("merges", shared))
    with pytest.raises(InputError, match="2 inputs, not 1"):
        engine.predict(np.zeros((3, 5)))
    with pytest.raises(InputError, match="finite"):
        engine.predict([np.zeros((3, 5)), np.full((3, 5), np.nan)])


def test_models_are_loaded_from_files(zoo, shared, tmp_path):
    zoo("merges")
    engine = open_engine("quantized", model=shared / "merges" / "model.keras")
    assert compare_engines(engine, engine, zoo("merges").inputs).equal
    with pytest.raises(ModelFileError):
        open_engine("quantized", model=tmp_path / "none.keras")


def test_quantized_means_the_same_beyond_float32(tmp_path):
    """Sums of more than 24 bits, then a batch normalization, a sum and a ReLU: to the bit on 17 channels."""
    import keras
    import qkeras
    from zoo import bits, quant

    from netloom.hls import HlsSettings, convert

    keras.utils.set_random_seed(0)
    inputs = keras.Input((17,), name="source")
    x = quant(16, 0, "input_quantizer")(inputs)
    wide = {"kernel_quantizer": bits(16), "bias_quantizer": bits(16)}
    dense = qkeras.QDense(17, **wide, name="dense")(x)
    norm = qkeras.QBatchNormalization(
        gamma_quantizer=bits(12, 1),
        beta_quantizer=bits(16, 1),
        mean_quantizer=None,
        variance_quantizer=None,
        inverse_quantizer=None,
        epsilon=2**-10,
        name="norm",
    )
    total = keras.layers.Add(name="total")([norm(dense), x])
    relu = qkeras.QActivation(qkeras.quantized_relu(14, 3), name="relu")(total)
    model = keras.Model(inputs, [total, relu])
    rng = np.random.default_rng(0)
    norm.set_weights([rng.normal(1, 0.5, 17), rng.normal(0, 0.5, 17), np.zeros(17), np.full(17, 1 - 2**-10)])
    data = rng.uniform(-1, 1, (200, 17))
    conversion = convert(model, HlsSettings(), tmp_path / "net")
    exact = open_engine("quantized", model=model).predict(data)
    ours = open_engine("fixed", conversion=conversion).predict(data)
    in_float32 = [np.asarray(output, np.float64) for output in model(data.astype(np.float32), training=False)]
    assert (in_float32[0] != ours[0]).any(), "the case is no test of precision"
    for a, b in zip(exact, ours, strict=True):
        assert (a == b).all()


def test_scales_found_from_the_data_are_those_of_the_model():
    import keras
    import qkeras

    inputs = keras.Input((6,), name="source")
    layers = [
        qkeras.QDense(4, kernel_quantizer=quantizer, bias_quantizer="quantized_po2(4)", name=f"dense{index}")
        for index, quantizer in enumerate(
            ["quantized_bits(4,0,alpha='auto_po2')", "ternary(alpha='auto_po2')", "binary()"]
        )
    ]
    outputs = [layer(inputs) for layer in layers]
    model = keras.Model(inputs, outputs)
    data = np.random.default_rng(0).integers(-8, 8, (50, 6)) / 8
    expected = model(data.astype(np.float32), training=False)
    for a, b in zip(open_engine("quantized", model=model).predict(data), expected, strict=True):
        assert (a == np.asarray(b)).all()
    assert keras.config.floatx() == "float32"
