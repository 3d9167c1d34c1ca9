"""Converted networks as hardware: `rtl` against hls4ml's C++ and against `fixed`, layer by layer, and the cycles."""

from pathlib import Path

import numpy as np
import pytest
from zoo import ZOO, random_inputs

from netloom.errors import NetloomError
from netloom.firmware.board.boards import find_board
from netloom.firmware.generate import Generated, generate_design
from netloom.firmware.map.folding.folding import intervals
from netloom.hls import Conversion, HlsSettings, convert
from netloom.sim import crosscheck
from netloom.sim.fixed import FixedEngine
from netloom.sim.hardware.rtl import RtlEngine
from netloom.sim.hardware.verilator import Stalls
from netloom.testing import random_checks, random_models, random_networks

LARGE = find_board("ULX3S-85F").device
SWEEP = [9000 + seed for seed in range(40)]


@pytest.fixture(scope="session")
def cache(shared):
    return shared / "models"


def design_of(conversion: Conversion, seed: int) -> Generated:
    """The network at one of the paces it can have; every second time for ECP5, with its primitives."""
    rng = np.random.default_rng(seed)
    choices = intervals(conversion.dataflow)
    interval = int(rng.choice(choices)) if choices else 1
    return generate_design(conversion.dataflow, interval=interval, device=LARGE if seed % 2 else None)


def check(conversion: Conversion, inputs: list[np.ndarray], seed: int, folder: Path, cache: Path) -> RtlEngine:
    """Outputs, layers and cycles of the design, flowing and with stalls."""
    generated = design_of(conversion, seed)
    folder.mkdir()
    generated.write(folder)
    fixed = FixedEngine(conversion)
    for stalls in (None, Stalls(seed, 0.3, 0.3), Stalls(seed, 0.1, 0.8, 5)):
        rtl = RtlEngine(folder, stalls, cache)
        fidelity = crosscheck(fixed, rtl, inputs, trace=True)
        assert fidelity.equal, (stalls, fidelity.first_mismatch)
    measured = rtl.count_cycles()
    predicted = generated.cycles
    assert (measured.latency, measured.interval) == (predicted.latency, predicted.interval)
    return rtl


@pytest.mark.parametrize(
    "name", ["mlp", "merges", *(pytest.param(n, marks=pytest.mark.slow) for n in ZOO if n not in ("mlp", "merges"))]
)
def test_zoo(name, zoo, tmp_path, cache):
    specimen = zoo(name)
    rtl = check(specimen.conversion, specimen.inputs, list(ZOO).index(name), tmp_path / "design", cache)
    # The judge of numbers itself, not only what was held against it before.
    outputs = rtl.predict(specimen.inputs)
    for output, expected in zip(outputs if isinstance(outputs, list) else [outputs], specimen.outputs, strict=True):
        np.testing.assert_array_equal(output, expected)
    traced = rtl.trace(specimen.inputs)
    common = traced.keys() & specimen.trace.keys()
    assert len(common) >= len(specimen.trace) // 2
    for layer in common:
        np.testing.assert_array_equal(traced[layer], specimen.trace[layer], err_msg=layer)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SWEEP)
def test_random_networks(seed, tmp_path, cache):
    spec = random_networks.generate(seed)
    try:
        model = random_models.build(spec)
        settings = HlsSettings(**spec["settings"], precision=random_checks.overrides(spec, model))
        conversion = convert(model, settings, tmp_path / "firmware")
        design_of(conversion, seed)
    except NetloomError as error:
        assert "\n" not in str(error)
        pytest.skip(str(error))
    check(conversion, random_inputs(conversion, 24, seed), seed, tmp_path / "design", cache)
