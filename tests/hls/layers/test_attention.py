"""Attention layers, quantized: the QKeras twin in float64, `fixed`, hls4ml's C++ and the Verilog agree."""

import keras
import numpy as np
import pytest
from judges import agree

from netloom.quantize import Policy, quantize

L = keras.layers
slow = pytest.mark.slow

CASES = {
    "heads, causal": (
        lambda x: L.MultiHeadAttention(2, 3, name="mha")(x, x, use_causal_mask=True),
        [(4, 3)],
    ),
    "across": (
        lambda x, y: L.MultiHeadAttention(1, 4, name="mha")(x, y, return_attention_scores=True),
        [(3, 4), (5, 2)],
    ),
    "shared keys": (lambda x: L.GroupQueryAttention(2, 4, 2, name="gqa")(x, x), [(4, 3)]),
    "dot": (lambda x, y: L.Attention(use_scale=True, name="attention")([x, y]), [(3, 4), (5, 4)]),
    "dot of itself": (lambda x: L.Attention(name="attention")([x, x], use_causal_mask=True), [(4, 3)]),
    "additive": (lambda x, y: L.AdditiveAttention(name="attention")([x, y]), [(3, 4), (2, 4)]),
}


@pytest.mark.parametrize(
    ("case", "io_type"),
    [
        ("heads, causal", "io_stream"),
        *(pytest.param(case, "io_parallel", marks=slow) for case in CASES),
        *(pytest.param(case, "io_stream", marks=slow) for case in CASES if case != "heads, causal"),
    ],
)
def test_all_judges_agree(case, io_type, tmp_path):
    make, shapes = CASES[case]
    keras.utils.set_random_seed(0)
    inputs = [keras.Input(shape, name=f"input{number}") for number, shape in enumerate(shapes)]
    model = keras.Model(inputs if len(inputs) > 1 else inputs[0], make(*inputs))
    rng = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(rng.uniform(-1, 1, variable.shape))
    x = [rng.normal(0, 1, (60, *shape)).astype(np.float32) for shape in shapes]
    given = x if len(x) > 1 else x[0]
    twin = quantize(model, Policy.uniform(6), given, fine_tune_epochs=0)
    agree(twin, given, tmp_path, io_type, hardware=io_type == "io_stream")
