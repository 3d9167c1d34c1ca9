"""PyTorch's own numbers, if it is here (extra `brevitas`): Brevitas's models, and float ones of `torch.onnx`."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from netloom.quantize import load_model

pytest.importorskip("qonnx")
torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install '.[brevitas]'")
pytest.importorskip("brevitas", reason="Brevitas is not installed: pip install '.[brevitas]'")
from onnx_graphs import executed  # noqa: E402

MODELS = Path(__file__).parents[2] / "support" / "onnx" / "onnx_models"
KEPT = sorted(path.name for path in MODELS.glob("brevitas_*.onnx"))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    from brevitas_models import write

    folder = tmp_path_factory.mktemp("brevitas")
    write(folder)
    return folder


def test_all_that_is_kept_is_made(made):
    assert sorted(path.name for path in made.iterdir()) == KEPT


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_is_what_brevitas_exports(name, made):
    ours, theirs = onnx.load(MODELS / name), onnx.load(made / name)
    assert [node.op_type for node in ours.graph.node] == [node.op_type for node in theirs.graph.node]
    shape = [dim.dim_value for dim in ours.graph.input[0].type.tensor_type.shape.dim]
    x = np.random.default_rng(0).normal(0, 1.5, (20, *shape[1:])).astype(np.float32)
    np.testing.assert_array_equal(executed(ours, x), executed(theirs, x))


@pytest.mark.parametrize(("build", "bits", "shape"), [("dense", 5, (12,)), ("picture", 8, (2, 8, 7))])
def test_fixed_gives_what_brevitas_gives_in_pytorch(build, bits, shape, tmp_path):
    import brevitas_models
    from brevitas.export import export_qonnx

    from netloom.hls import HlsSettings, convert
    from netloom.sim import open_engine

    torch.manual_seed(7)
    model = getattr(brevitas_models, build)(bits)
    for _ in range(10):
        model(torch.randn(64, *shape))
    model.eval()
    x = np.random.default_rng(0).normal(0, 1.5, (64, *shape)).astype(np.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(x))
    expected = getattr(expected, "value", expected).numpy()
    export_qonnx(model, torch.from_numpy(x[:1]), str(tmp_path / "net.onnx"), dynamo=False)
    conversion = convert(load_model(tmp_path / "net.onnx"), HlsSettings(), tmp_path / "conversion")
    with open_engine("fixed", conversion=conversion) as fixed:
        np.testing.assert_array_equal(fixed.predict(x), expected)
    assert len(np.unique(expected)) > 20


@pytest.mark.parametrize("dynamo", [False, True], ids=["torchscript", "dynamo"])
def test_a_float_model_of_torch_onnx(dynamo, tmp_path):
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, padding=1),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(4, 4, 3, groups=4, stride=2, padding=1),
        torch.nn.GELU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(4, 3),
    ).eval()
    x = torch.randn(16, 2, 8, 7)
    path = tmp_path / "net.onnx"
    torch.onnx.export(model, (x[:1],), str(path), dynamo=dynamo, **({"external_data": False} if dynamo else {}))
    with torch.no_grad():
        expected = model(x).numpy()
    np.testing.assert_allclose(load_model(path).predict(x.numpy(), verbose=0), expected, rtol=1e-4, atol=1e-5)
