"""hls4ml's own ONNX route: `convert_from_onnx_model(..., backend="netloom")` gives what its C++ computes."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

pytest.importorskip("hls4ml")
pytest.importorskip("qonnx")
import hls4ml
from onnx_graphs import OnnxNet, executed, random_net

MODELS = Path(__file__).parents[2] / "support" / "onnx" / "onnx_models"
SAMPLES = 30


def prepared(model: Any) -> Any:
    """As hls4ml's documentation has it: cleaned, channels last, products as `MatMul`."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.transformation.channels_last import ConvertToChannelsLastAndClean
    from qonnx.transformation.gemm_to_matmul import GemmToMatMul
    from qonnx.util.cleanup import cleanup_model

    wrapped = cleanup_model(ModelWrapper(model))
    if len(wrapped.get_tensor_shape(wrapped.graph.input[0].name)) > 2:
        wrapped = wrapped.transform(ConvertToChannelsLastAndClean())
    return cleanup_model(wrapped.transform(GemmToMatMul()))


def scaled() -> Any:
    """Weights of steps that are no power of two: hls4ml has a scale of its own types behind the product."""
    net = OnnxNet((6,))
    net.quantized("x", 5, 0.25)
    x = net.last
    net.quantized(net.constant(net.rng.normal(0, 0.5, (6, 4))), 4, 0.3)
    net.node("MatMul", x, net.last)
    net.quantized(net.last, 6, 0.125)
    net.shape = (4,)
    return net.model()


def file(name: str) -> Any:
    return onnx.load(MODELS / f"{name}.onnx")


CASES = [
    pytest.param(lambda: file("brevitas_dense"), "io_parallel", id="brevitas"),
    pytest.param(lambda: file("brevitas_picture"), "io_parallel", id="picture", marks=pytest.mark.slow),
    pytest.param(lambda: random_net(0).model(), "io_parallel", id="random 0", marks=pytest.mark.slow),
    pytest.param(lambda: random_net(36).model(), "io_stream", id="random 36", marks=pytest.mark.slow),
    pytest.param(scaled, "io_parallel", id="scaled", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("make", "io_type"), CASES)
def test_it_is_exact_as_the_cpp(make: Any, io_type: str, tmp_path: Path) -> None:
    wrapped, found = prepared(make()), {}
    shape = wrapped.get_tensor_shape(wrapped.graph.input[0].name)[1:]
    x = np.random.default_rng(0).normal(0, 1.5, (SAMPLES, *shape)).astype(np.float32)
    for backend in ("netloom", "Vitis"):
        config = hls4ml.utils.config_from_onnx_model(
            wrapped, granularity="name", backend=backend, default_precision="fixed<32,16>"
        )
        model = hls4ml.converters.convert_from_onnx_model(
            wrapped, output_dir=str(tmp_path / backend), backend=backend, hls_config=config, io_type=io_type
        )
        model.compile()
        found[backend] = np.ravel(model.predict(x))
    np.testing.assert_array_equal(found["netloom"], found["Vitis"])
    assert len(np.unique(found["netloom"])) > 1


def test_it_equals_qonnx_where_types_are_wide_enough(tmp_path: Path) -> None:
    model = file("brevitas_dense")
    x = np.random.default_rng(0).normal(0, 1.5, (SAMPLES, 12)).astype(np.float32)
    wrapped = prepared(model)
    config = hls4ml.utils.config_from_onnx_model(
        wrapped, granularity="name", backend="netloom", default_precision="fixed<32,16>"
    )
    converted = hls4ml.converters.convert_from_onnx_model(
        wrapped, output_dir=str(tmp_path), backend="netloom", hls_config=config
    )
    expected = executed(model, x)
    np.testing.assert_array_equal(converted.predict(x), expected)
