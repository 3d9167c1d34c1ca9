"""Layers that are netloom's own, synthesized: small networks of them equal their netlist for ECP5, stalls included."""

import pytest

pytest.importorskip("keras")

from netloom.firmware.board.boards import find_board
from netloom.firmware.build.synthesis import synthesize
from netloom.firmware.emit.emitted import EmittedDesign
from netloom.firmware.families import ECP5
from netloom.firmware.generate import generate_design
from netloom.firmware.map.folding.folding import intervals
from netloom.hls import HlsSettings, convert
from netloom.sim import compare_engines
from netloom.sim.fixed import FixedEngine
from netloom.sim.hardware.netlist import NetlistEngine
from netloom.sim.hardware.rtl import RtlEngine
from netloom.sim.hardware.verilator import Stalls
from netloom.testing.random_networks import build_model, random_samples

SETTINGS = {"io_type": "io_stream", "strategy": "Latency", "reuse_factor": 1}
WEIGHTED = {"bits": 3, "integer": 1, "bias": True, "symmetric": 0}
VALID = {"stride": 1, "padding": "valid", "dilation": 1}
CONV = {"kind": "conv", "name": "conv", "groups": 1, "causal": False, "folded": False, "mask": False, **WEIGHTED}
TRANSPOSED = {"kind": "transposed", "name": "up", "filters": 1, "padding": "same", "output_padding": None, **WEIGHTED}
POOL = {"kind": "pool", "name": "pool", "global": False, "padding": "same"}
NORM = {"kind": "norm", "name": "norm", "width": 4, "groups": None}
SOFTMAX = {"kind": "softmax", "name": "softmax", "class": "QSoftmax", "bits": 3}
FUNCTION = {"name": "function", "kind": "function", "bits": 3, "integer": 1, "closed": True}
RECURRENT = {"kind": "recurrent", "name": "memory", "units": 2, "state": 5, "activation": "tanh", "gate": "sigmoid"}
RECURRENT |= {"every": True, "direction": "forward", "before": False, **WEIGHTED}
RECURRENT |= {"begins": "zeros", "stacked": False, "states": False}

NETWORKS = {
    "layer normalization": ([2, 3], NORM | {"mode": "layer"}),
    "rms normalization": ([2, 3], NORM | {"mode": "rms"}),
    "unit normalization": ([2, 3], NORM | {"mode": "unit"}),
    "normalization of groups": ([2, 4], NORM | {"mode": "layer", "groups": 2}),
    "softmax over the first axis": ([3, 2], SOFTMAX | {"axis": 1}),
    "transposed": ([3, 3, 1], TRANSPOSED | {"kernel": [3, 3], "stride": 2}),
    "dilated groups": ([5, 2], CONV | {"filters": 2, "kernel": [2], **VALID, "dilation": 2, "groups": 2}),
    "volume": ([3, 3, 2, 1], CONV | {"filters": 2, "kernel": [2, 2, 2], **VALID}),
    "padded average": ([3, 3, 1], POOL | {"function": "Average", "size": [2, 2], "strides": 2}),
    "padded maximum": ([3, 3, 1], POOL | {"function": "Max", "size": [2, 2], "strides": 1}),
    "simple cell": ([3, 2], RECURRENT | {"class": "QSimpleRNN"}),
    "lstm, backwards, last step": ([3, 2], RECURRENT | {"class": "QLSTM", "direction": "backward", "every": False}),
    "gru, both directions": ([3, 2], RECURRENT | {"class": "QGRU", "gate": "hard_sigmoid", "direction": "both"}),
    "gru that resets before": ([3, 2], RECURRENT | {"class": "QGRU", "before": True}),
    "lstm that begins with inputs": ([3, 2], RECURRENT | {"class": "QLSTM", "begins": "input"}),
    "encoder and decoder": (
        [3, 2],
        RECURRENT | {"class": "QLSTM", "begins": "encoder", "every": False, "states": True},
    ),
    "a table": ([4], FUNCTION | {"function": "gelu"}),
    "permuted": ([2, 3], {"kind": "permute", "name": "permute", "dims": [2, 1]}),
    "repeated": ([3, 2], {"kind": "upsample", "name": "upsample", "size": [2], "interpolation": "nearest"}),
    "bilinear": ([2, 2, 1], {"kind": "upsample", "name": "upsample", "size": [2, 2], "interpolation": "bilinear"}),
}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", NETWORKS)
def test_equals_its_netlist(name, tmp_path, shared):
    shape, layer = NETWORKS[name]
    spec = {"seed": 5, "outputs": [], "lossy": {}, "settings": SETTINGS, "layers": [layer]}
    spec["input"] = {"shape": shape, "bits": 5, "signed": True}
    model = build_model(spec)
    conversion = convert(model, HlsSettings(**SETTINGS), tmp_path / "conversion")
    slow = 32 * max(intervals(conversion.dataflow))
    generate_design(conversion.dataflow, interval=slow, device=find_board("ULX3S-85F").device).write(
        tmp_path / "design"
    )
    design = EmittedDesign.read(tmp_path / "design")
    netlist = synthesize(
        tmp_path / "design", design.files, design.memories, design.top, ECP5, tmp_path / "netlist"
    ).verilog
    fixed, x = FixedEngine(conversion), [one[:16] for one in random_samples(spec, model)]
    cache = shared / "models"
    rtl = RtlEngine(design, None, cache)
    assert compare_engines(fixed, rtl, x, trace=True).equal
    for stalls in (None, Stalls(1, 0.3, 0.5)):
        assert compare_engines(fixed, NetlistEngine(design, netlist, stalls, cache), x).equal
    assert NetlistEngine(design, netlist, None, cache).count_cycles() == rtl.count_cycles()
