"""Engines `float` and `quantized`."""

import numpy as np
import pytest
from zoo import model

from netloom.errors import InputError, ModelFileError
from netloom.sim import crosscheck, open_engine

EXACT = ["image", "merges"]


@pytest.mark.parametrize("name", EXACT)
def test_equals_the_model_and_traces_every_layer(zoo, shared, name):
    network, inputs = model(name, shared), [x.astype(np.float32) for x in zoo(name).inputs]
    engine = open_engine("quantized", model=network)
    expected = network.predict_on_batch(inputs if len(inputs) > 1 else inputs[0])
    expected = expected if isinstance(expected, list) else [expected]
    outputs = engine.predict(inputs)
    for a, b in zip(outputs if isinstance(outputs, list) else [outputs], expected, strict=True):
        assert a.dtype == np.float64 and (a == b).all()
    trace = engine.trace(inputs)
    assert list(trace) == [layer.name for layer in network.layers if type(layer).__name__ != "InputLayer"]


@pytest.mark.parametrize("name", EXACT)
def test_quantized_equals_fixed_where_all_types_are_exact(zoo, shared, name):
    """Up to what division in an average pooling drops, the firmware is the QKeras model."""
    firmware = zoo(name).firmware
    inputs = [x.astype(np.float32) for x in zoo(name).inputs]
    quantized = open_engine("quantized", model=model(name, shared))
    fixed = open_engine("fixed", firmware=firmware)
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
    assert crosscheck(engine, engine, zoo("merges").inputs).equal
    with pytest.raises(ModelFileError):
        open_engine("quantized", model=tmp_path / "none.keras")
