"""The sweep over random ONNX models draws all that ONNX's quantizers can be."""

from collections import Counter

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

pytest.importorskip("qonnx")
from onnx_graphs import CHANNELS_LAST, DOMAIN
from onnx_models import model_of

SEEDS = range(1_000, 1_200)
"""Those of the sweep."""


@pytest.fixture(scope="module")
def drawn() -> Counter:
    """How many models have what."""
    found: Counter = Counter()
    for seed in SEEDS:
        found.update(features(model_of(seed).model()))
    return found


def features(model) -> set:
    constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    found = set()
    for node in model.graph.node:
        given = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        inputs = [constants.get(name) for name in node.input]
        what = "weights" if inputs[0] is not None else "activations"
        found.add((node.domain, node.op_type, what))
        if node.op_type in ("Quant", "IntQuant"):
            scale, zero, bits = inputs[1:4]
            found |= {(what, "width", int(bits)), (what, given["rounding_mode"].decode())}
            found |= {("narrow", given["narrow"]), (what, "signed", given["signed"])}
            found.add((what, "scales", "many" if scale.size > 1 else "one", bool((np.frexp(scale)[0] == 0.5).all())))
            found.add((what, "zero point", bool(zero.any())))
        if node.op_type == "DequantizeLinear":
            found.add((what, "QCDQ", "zero point", len(inputs) > 2 and bool(inputs[2].any())))
            found.add((what, "QCDQ", "scales", "many" if inputs[1].size > 1 else "one"))
        if node.op_type in ("Trunc", "MultiThreshold"):
            found.add((node.op_type, given.get("rounding_mode", given.get("data_layout", b"")).decode()))
    return found


ROUNDINGS = ("ROUND", "HALF_EVEN", "FLOOR", "CEIL", "UP", "DOWN", "HALF_UP", "HALF_DOWN")
WANTED = [
    *((DOMAIN, kind, "activations") for kind in ("Quant", "IntQuant", "BipolarQuant", "Trunc", "MultiThreshold")),
    *((DOMAIN, kind, "weights") for kind in ("Quant", "BipolarQuant")),
    *(("", kind, "activations") for kind in ("QuantizeLinear", "DequantizeLinear", "Clip")),
    *((place, kind, "activations") for place in ("", CHANNELS_LAST) for kind in ("Conv", "MaxPool")),
    *((place, "BatchNormalization", "activations") for place in ("", CHANNELS_LAST)),
    *(("", kind, "activations") for kind in ("Gemm", "MatMul", "Relu", "Add", "Concat", "Transpose", "Flatten")),
    *(("activations", rounding) for rounding in ROUNDINGS),
    *(("Trunc", rounding) for rounding in ROUNDINGS),
    *(("MultiThreshold", layout) for layout in ("", "NCW", "NWC", "NCHW", "NHWC")),
    *((what, "width", bits) for what in ("weights", "activations") for bits in range(1, 9)),
    *(("weights", "scales", count, power) for count in ("one", "many") for power in (True, False)),
    *(("activations", "scales", "one", power) for power in (True, False)),
    ("activations", "zero point", True),
    ("activations", "signed", 0),
    ("narrow", 1),
    *((what, "QCDQ", "zero point", True) for what in ("weights", "activations")),
    ("weights", "QCDQ", "scales", "many"),
]


@pytest.mark.parametrize("feature", WANTED, ids=str)
def test_it_is_drawn(feature, drawn):
    assert drawn[feature], f"no model of {len(SEEDS)} has it"
