"""ONNX models of each kind on their way to a bitstream: every engine gives the same."""

from pathlib import Path

import numpy as np
import onnx
import pytest

import netloom
from netloom.settings import HardwareSettings

pytest.importorskip("qonnx")
from onnx_double import doubled
from onnx_free import FreeNet
from onnx_graphs import DOMAIN, OnnxNet

MODELS = Path(__file__).parents[2] / "support" / "onnx" / "onnx_models"
SAMPLES = 24


def scaled() -> OnnxNet:
    """QONNX with every kind of quantizer: scales that are no powers of two, zero points, thresholds."""
    net = FreeNet((4,), 2)
    net.quantized("x", 5, 0.125)
    net.dense()
    net.node("Relu", net.last)
    given = [net.constant(value) for value in (0.1931, 1.0, 3.0)]
    net.node("Quant", net.last, *given, domain=DOMAIN, signed=0, narrow=0, rounding_mode="FLOOR")
    net.dense()
    values = net.constant(np.array([[-0.4, 0.3, 0.5]]))
    net.node("MultiThreshold", net.last, values, domain=DOMAIN, out_scale=0.5)
    net.dense()
    net.quantized(net.last, 4, 0.25)
    return net


def plain() -> OnnxNet:
    """A float model."""
    net = OnnxNet((4,), 2)
    for units in (4, 3):
        shape = (units, *net.shape)
        given = net.constant(net.rng.normal(0, 0.5, shape)), net.constant(net.rng.normal(0, 0.2, units))
        net.node("Gemm", net.last, *given, transB=1)
        net.shape = (units,)
        if units == 4:
            net.node("Relu", net.last)
    return net


def file(net: OnnxNet | str, folder: Path) -> Path:
    return MODELS / f"{net}.onnx" if isinstance(net, str) else net.save(folder / "net.onnx")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("net", "quantizing"),
    [("brevitas_dense", False), ("brevitas_default", False), (scaled(), False), (plain(), True)],
    ids=["brevitas", "brevitas default", "qonnx", "float"],
)
def test_it_ends_in_a_bitstream_without_a_mismatch(net: OnnxNet | str, quantizing: bool, tmp_path: Path) -> None:
    path = file(net, tmp_path)
    model = onnx.load(path)
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim][1:]
    x = np.random.default_rng(0).normal(0, 1, (3 * SAMPLES, *shape)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x_train=x[SAMPLES:], x_test=x[:SAMPLES])
    board = "ULX3S-25F" if isinstance(net, str) else "iCEBreaker"
    hardware = HardwareSettings(board=board, target_ii=64, stalled_samples=4, netlist_samples=4)
    settings = netloom.RunSettings(bits=4 if quantizing else None, hardware=hardware)
    run = netloom.run(str(path), data=tmp_path / "data.npz", settings=settings, directory=tmp_path / "run")
    assert run.report.hardware is not None
    assert run.report.hardware.timing_met
    equal = [record for record in run.report.fidelity if record.engines[0] != "float"]
    assert {("fixed", engine) for engine in ("csim", "rtl", "netlist")} <= {record.engines for record in equal}
    assert ("quantized", "fixed") in {record.engines for record in equal}
    assert not any(record.mismatches or record.layer_mismatches for record in equal)
    if isinstance(net, FreeNet):
        np.testing.assert_array_equal(netloom.simulate(run.directory, x[:8]), doubled(model, x[:8]))
