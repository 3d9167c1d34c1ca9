"""Models of the QONNX model zoo, where `NETLOOM_DATA/qonnx_model_zoo/` has them: float64, C++ and RTL agree on each."""

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from netloom.quantize import load_model

pytest.importorskip("qonnx")
from onnx_double import doubled
from onnx_graphs import DOMAIN

FOLDER = Path(os.environ.get("NETLOOM_DATA", "")) / "qonnx_model_zoo"
SAMPLES, IN_CPP, IN_RTL = 200, 20, 2


def pixels(random, shape):
    return random.integers(0, 256, shape) / 255


def signs(random, shape):
    return random.choice([-1, 1], shape)


def features(random, shape):
    """Beyond the range of `fixed<16,6>` too, and on its grid."""
    return np.clip(np.rint(random.normal(0, 8, shape) * 2**10), -(2**15), 2**15 - 1) / 2**10


def spectra(random, shape):
    return random.normal(0, 60, shape)


MODELS = {
    "TFC_1W1A": (pixels, None),
    "TFC_1W2A": (pixels, None),
    "TFC_2W2A": (pixels, None),
    "kwsmlp_w3a3": (spectra, None),
    "qkeras_jettagging": (features, ["fixed<16,6>"]),
    "unsw_nb15-mlp-w2a2": (signs, None),
}


def without_softmax(path: Path, folder: Path) -> Path:
    """The model up to its scores: a softmax is of tables, and no element of it equals float's."""
    model = onnx.load_model(path)
    if model.graph.node[-1].op_type == "Softmax":
        model.graph.output[0].name = model.graph.node.pop().input[0]
    onnx.save_model(model, folder / path.name)
    return folder / path.name


def plain(path: Path):
    """With today's name of qonnx's domain, and no constant for an input: as `doubled` takes it."""
    model = onnx.load_model(path)
    for node in model.graph.node:
        node.domain = node.domain and DOMAIN
    model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    constants = {one.name for one in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in constants]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    return model


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_the_zoo(name, tmp_path):
    from judges import agree

    from netloom.firmware.board.boards import find_board
    from netloom.firmware.generate import generate_design
    from netloom.sim import compare_engines, open_engine
    from netloom.sim.hardware.rtl import RtlEngine

    if not (FOLDER / f"{name}.onnx").is_file():
        pytest.skip(f"NETLOOM_DATA has no qonnx_model_zoo/{name}.onnx")
    draw, types = MODELS[name]
    path = without_softmax(FOLDER / f"{name}.onnx", tmp_path)
    twin = load_model(path, input_types=types)
    x = draw(np.random.default_rng(0), (SAMPLES, *twin.inputs[0].shape[1:])).astype(np.float32)
    conversion = agree(twin, x[:IN_CPP], tmp_path)
    with open_engine("fixed", conversion=conversion) as fixed:
        found = fixed.predict(x)
        # Far below a step of any of them: the whole numbers that the host scales are the same.
        expected = doubled(plain(path), x)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
        assert len(np.unique(found)) > 1
        generate_design(conversion.dataflow, device=find_board("ULX3S-85F").device).write(tmp_path / "design")
        fidelity = compare_engines(fixed, RtlEngine(tmp_path / "design"), x[:IN_RTL], trace=True)
        assert fidelity.layers and fidelity.equal, fidelity.first_mismatch
