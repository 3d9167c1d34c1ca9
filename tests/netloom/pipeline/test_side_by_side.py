"""Engines side by side: layers that divide are held to Keras's quotient, within the step that firmware rounds to."""

import numpy as np

from netloom.hls import HlsSettings, convert
from netloom.pipeline.evaluation.side_by_side import compare_all, quotients_of
from netloom.pipeline.evaluation.testset import TestSet
from netloom.quantize import Policy, quantize
from netloom.sim import open_engine


def test_a_mean_over_seven_places_is_no_mismatch(tmp_path):
    import keras

    x = np.random.default_rng(0).normal(0, 1, (50, 7, 3)).astype(np.float32)
    dense = keras.layers.Dense(4, name="dense")
    mean = keras.layers.GlobalAveragePooling1D(name="mean")
    twin = quantize(keras.Sequential([keras.Input((7, 3)), mean, dense]), Policy(), x, fine_tune_epochs=0)
    conversion = convert(twin, HlsSettings(), tmp_path / "conversion")
    tests = TestSet(x, None, None, "drawn", "", "no targets", "regression", False)
    assert quotients_of(conversion) == {"mean"}
    with open_engine("quantized", model=twin) as keras_s, open_engine("fixed", conversion=conversion) as fixed:
        assert (keras_s.trace(x)["mean"] != fixed.trace(x)["mean"]).any(), "no type holds a seventh"
        outputs, (fidelity,) = compare_all([keras_s, fixed], tests, conversion, None, lambda done, of: None)
        assert outputs["fixed"][0].dtype == np.float32, "all that 16 bits and fewer need"
        np.testing.assert_array_equal(outputs["fixed"][0], fixed.predict(x))
    assert fidelity.equal and {layer.layer for layer in fidelity.layers} > {"mean"}
