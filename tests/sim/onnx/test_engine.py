"""Engine `onnx` equals `fixed` on every layer: networks of the zoo and of the registry, and random ones."""

import sys
from pathlib import Path

import numpy as np
import pytest
from zoo import ZOO

from netloom.errors import NetloomError, ToolMissingError
from netloom.models import networks
from netloom.models.data.examples import as_list
from netloom.sim import compare_engines, open_engine
from netloom.testing import random_networks

pytest.importorskip("onnxruntime")
from onnx_forms import runs

from netloom.sim.onnx.model import onnx_model

QUICK = ("mlp", "merges")
NETWORKS = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in ZOO]
REGISTERED = [
    name if name in ("digits", "jets") else pytest.param(name, marks=pytest.mark.slow)
    for name in (network.name for network in networks())
]
QUICK, CHUNKS, CHUNK = (1, 3, 4), 10, 10


def check(conversion, x) -> None:
    """Outputs and every layer; the file on one thread and two, optimized and not."""
    with open_engine("fixed", conversion=conversion) as fixed, open_engine("onnx", conversion=conversion) as twin:
        fidelity = compare_engines(fixed, twin, x, trace=True)
        assert fidelity.layers
        assert fidelity.equal, fidelity.first_mismatch
        inputs = [one.astype(np.float32) for one in as_list(x)]
        expected = as_list(fixed.predict(inputs))
    model = onnx_model(conversion.dataflow)
    dtypes = [np.float64 if one.type.tensor_type.elem_type == 11 else np.float32 for one in model.graph.input]
    for kind, found in runs(model, [one.astype(dtype) for one, dtype in zip(inputs, dtypes, strict=True)]):
        for ours, meant in zip(found, expected, strict=True):
            assert (ours == meant).all(), kind


@pytest.mark.parametrize("name", NETWORKS)
def test_the_zoo(zoo, name):
    specimen = zoo(name)
    check(specimen.conversion, specimen.inputs)


@pytest.mark.parametrize("name", REGISTERED)
def test_the_registry(name, tmp_path):
    from netloom.hls import HlsSettings, convert
    from netloom.models import get_network
    from netloom.quantize import Policy, quantize

    model = get_network(name).build()
    rng = np.random.default_rng(0)
    x = [rng.random((16, *source.shape[1:])).astype(np.float32) for source in model.inputs]
    twin = quantize(model, Policy.uniform(6), x if len(x) > 1 else x[0], fine_tune_epochs=0)
    check(convert(twin, HlsSettings(), tmp_path / "conversion"), x)


def checked(seed: int, folder: Path) -> bool:
    """Whether the network was converted and has a twin."""
    from netloom.hls import HlsSettings, convert

    spec = random_networks.generate(seed)
    model = random_networks.build_model(spec)
    try:
        settings = HlsSettings(**spec["settings"], precision=random_networks.overrides(spec, model))
        conversion = convert(model, settings, folder / f"network{seed}")
        check(conversion, random_networks.random_samples(spec, model))
    except NetloomError as error:
        assert "\n" not in str(error)
        return False
    return True


@pytest.mark.parametrize("seed", QUICK)
def test_a_random_network(seed, tmp_path):
    assert checked(seed, tmp_path), "a seed of the quick sample was refused: choose another"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_hundred_random_networks(chunk, tmp_path):
    refused = [seed for seed in range(CHUNK * chunk, CHUNK * (chunk + 1)) if not checked(seed, tmp_path)]
    assert len(refused) <= 2, refused


def test_without_onnxruntime_one_line_says_what_to_install(zoo, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ToolMissingError, match=r"which is not installed: pip install onnxruntime$"):
        open_engine("onnx", conversion=zoo("mlp").conversion)
