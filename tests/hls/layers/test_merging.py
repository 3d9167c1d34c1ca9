"""Layers of several inputs, as chains of hls4ml's layers of two and of netloom's `NetloomRearrange`."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from judges import agree  # noqa: E402

LAYERS = keras.layers


def quantizer(width, integer, name):
    from qkeras import QActivation, quantized_bits

    return QActivation(quantized_bits(width, integer, alpha=1), name=name)


def network(merge, *shapes):
    """Inputs of different types, merged by `merge(tensors)`, and a dense layer."""
    from qkeras import QDense, quantized_bits

    keras.utils.set_random_seed(0)
    inputs = [keras.Input(shape, name=f"source{i}") for i, shape in enumerate(shapes)]
    tensors = [quantizer(5 + i, i % 3, f"quantizer{i}")(tensor) for i, tensor in enumerate(inputs)]
    bits = quantized_bits(4, 0, alpha=1)
    outputs = QDense(3, kernel_quantizer=bits, bias_quantizer=bits, name="dense")(merge(tensors))
    return keras.Model(inputs, outputs)


def samples(model):
    rng = np.random.default_rng(0)
    found = [rng.normal(0, 1.5, (50, *tensor.shape[1:])) for tensor in model.inputs]
    return found if len(found) > 1 else found[0]


CASES = {
    "add of three": (lambda t: LAYERS.Add(name="add")(t), [(4, 3)] * 3),
    "multiply of four": (lambda t: LAYERS.Multiply(name="multiply")(t), [(5,)] * 4),
    "maximum of three": (lambda t: LAYERS.Maximum(name="maximum")(t), [(2, 3)] * 3),
    "minimum of two": (lambda t: LAYERS.Minimum(name="minimum")(t), [(4,)] * 2),
    "average of four": (lambda t: LAYERS.Average(name="average")(t), [(3, 2)] * 4),
    "one tensor added to itself": (lambda t: LAYERS.Add(name="add")([t[0], t[0]]), [(3, 2)]),
    "one tensor, three times": (lambda t: LAYERS.Multiply(name="multiply")([t[0]] * 3), [(4,)]),
    "channels scaled": (lambda t: LAYERS.Multiply(name="multiply")(t), [(3, 4, 2), (1, 1, 2)]),
    "each a row or a column": (lambda t: LAYERS.Add(name="add")(t), [(3, 1), (1, 4)]),
    "a vector under a matrix": (lambda t: LAYERS.Subtract(name="subtract")(t), [(3, 4), (4,)]),
    "concatenate rows": (lambda t: LAYERS.Concatenate(axis=1, name="join")(t), [(3, 4), (2, 4)]),
    "concatenate three": (lambda t: LAYERS.Concatenate(name="join")(t), [(3, 2), (3, 1), (3, 4)]),
    "concatenate columns of images": (
        lambda t: LAYERS.Concatenate(axis=-2, name="join")(t),
        [(2, 3, 2), (2, 1, 2), (2, 2, 2)],
    ),
    "concatenate a tensor with itself": (lambda t: LAYERS.Concatenate(axis=1, name="join")([t[0], t[0]]), [(2, 3)]),
    "rescaled": (lambda t: LAYERS.Rescaling(0.375, -1.25, name="scale")(t[0]), [(4, 3)]),
}


IN_RTL = ("average of four", "one tensor added to itself", "channels scaled", "concatenate three")


QUICK = [
    *((case, "io_stream") for case in (*IN_RTL, "one tensor, three times", "each a row or a column", "rescaled")),
    *((case, "io_parallel") for case in ("average of four", "concatenate columns of images")),
]


@pytest.mark.parametrize(
    ("case", "io_type"),
    [
        pytest.param(case, io_type, marks=[] if (case, io_type) in QUICK else [pytest.mark.slow])
        for io_type in ("io_stream", "io_parallel")
        for case in CASES
    ],
)
def test_merged(case, io_type, tmp_path):
    merge, shapes = CASES[case]
    model = network(merge, *shapes)
    agree(model, samples(model), tmp_path, io_type, hardware=io_type == "io_stream" and case in IN_RTL)


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case not in IN_RTL])
def test_merged_in_rtl(case, tmp_path):
    merge, shapes = CASES[case]
    model = network(merge, *shapes)
    agree(model, samples(model), tmp_path, "io_stream", hardware=True)


@pytest.mark.parametrize("backend", ["Vitis", "netloom"])
def test_what_hls4ml_has_stays_its_own_through_its_front_door(backend):
    """A permutation, and a merge of two that it broadcasts by itself."""
    from hls4ml.converters.keras_v3_to_hls import parse_keras_v3_model

    a, b = keras.Input((3, 4, 2)), keras.Input((1, 1, 2))
    model = keras.Model([a, b], LAYERS.Multiply()([LAYERS.Permute((2, 1, 3))(a), b]))
    config = {"Backend": backend}

    def asked(config):
        return parse_keras_v3_model(model, allow_da_fallback=False, allow_v2_fallback=False)

    # Who asks is told by the names of the caller, as in hls4ml's own functions.
    layers, *_ = asked(config)
    kinds = {layer["class_name"] for layer in layers}
    assert not any(kind.startswith("Netloom") for kind in kinds), kinds
