"""A report and its arrays, made up, for the tests of the page."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from netloom.fixed_point import FixedPoint
from netloom.report.evidence import Evidence, FloorPlan
from netloom.report.schema import (
    DataRecord,
    FidelityRecord,
    HardwareRecord,
    LayerRecord,
    NetworkRecord,
    ProductRecord,
    Report,
    ResourceRecord,
    RunRecord,
    ScoreRecord,
    StageRecord,
    TaskRecord,
    TimingRecord,
)

SAMPLES, CLASSES = 40, 4


def layer(name: str, type_: str, weighted: bool, error: float) -> LayerRecord:
    element = FixedPoint.parse(type_)
    return LayerRecord(
        name=name,
        origin=name,
        kind="Dense" if weighted else "Activation",
        shape=(CLASSES,),
        type=str(element),
        accum="fixed<18,8,TRN,WRAP>" if weighted else None,
        weight_type="fixed<6,1,TRN,WRAP>" if weighted else None,
        bias_type=None,
        type_min=element.min,
        type_max=element.max,
        step=element.step,
        proven_min=element.min / 2,
        proven_max=element.max / 2,
        seen_min=0.0,
        seen_max=element.max / 4,
        overflow_possible=False,
        overflows=0,
        saturations=3,
        parameters=256 if weighted else 0,
        weight_bits=1536 if weighted else 0,
        interval=1,
        activation_bits=CLASSES * element.width,
        macs=256 if weighted else 0,
        error_mean_steps=error / 3,
        error_max_steps=error,
    )


@pytest.fixture
def report() -> Report:
    common = {"samples": SAMPLES, "elements": SAMPLES * CLASSES, "max_difference_steps": 0.0, "argmax_agreement": 1.0}
    return Report(
        created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        network=NetworkRecord(
            name="toy", title="Toy network", review="Figure 1", input_shapes=((64,),), output_shapes=((CLASSES,),)
        ),
        settings={"seed": 7, "hls": {"io_type": "io_parallel"}, "csim_samples": None},
        versions={"netloom": "0.1.0", "g++": "12.2.0"},
        seed=7,
        data=DataRecord(source="made up", digest="ab" * 32, samples=SAMPLES, labelled=True),
        parameters=256,
        task=TaskRecord(
            name="classification", guessed=False, scores=(ScoreRecord(name="accuracy", unit="%", better=1),)
        ),
        scores={
            name: {"accuracy": 0.975 if name == "float" else 0.95} for name in ("float", "quantized", "fixed", "csim")
        },
        fidelity=(
            FidelityRecord(engines=("quantized", "fixed"), mismatches=0, **common),
            FidelityRecord(engines=("fixed", "csim"), mismatches=0, **common),
        ),
        layers=(
            layer("input", "ufixed<8,1,RND_CONV,SAT>", weighted=False, error=0),
            layer("dense", "fixed<16,6,TRN,WRAP>", weighted=True, error=2),
        ),
        weight_bits=1536,
        activation_bits=96,
        macs=256,
        timing=TimingRecord(
            clock_period=5.0,
            initiation_interval=1,
            latency=2,
            samples_per_second=2e8,
            latency_microseconds=0.01,
        ),
        stages=(
            StageRecord(name="train", seconds=1.5, reused=True),
            StageRecord(name="quantize", seconds=200, reused=False),
        ),
    )


@pytest.fixture
def hardware() -> HardwareRecord:
    return HardwareRecord(
        board="ULX3S-25F",
        device="LFE5U-25F",
        clock_mhz=80.0,
        clock_limit_mhz=91.4,
        timing_met=True,
        latency=210,
        interval=64,
        predicted_latency=210,
        predicted_interval=64,
        latency_microseconds=2.625,
        samples_per_second=1.25e6,
        multipliers=12,
        resources=(
            ResourceRecord(name="LUT", estimated=2100, network=2000, used=3000, available=24288),
            ResourceRecord(name="FF", estimated=1500, network=1550, used=1800, available=24288),
            ResourceRecord(name="DSP", estimated=12, network=12, used=12, available=28),
            ResourceRecord(name="BRAM", estimated=9, network=9, used=10, available=56),
        ),
        products=(
            ProductRecord(
                layer="dense",
                unit="dense_matvec",
                pe=4,
                simd=2,
                unrolled=False,
                multipliers=8,
                dsp=8,
                interval=64,
                utilization=1.0,
            ),
        ),
        runs=(RunRecord(engine="rtl", samples=40, stalled_samples=10, cycles=2770, seconds=0.01, compile_seconds=4.0),),
        seed=1,
        bitstream="bitstream/network.bit",
        bitstream_digest="cd" * 32,
    )


@pytest.fixture
def evidence() -> Evidence:
    random = np.random.default_rng(0)
    labels = random.integers(0, CLASSES, SAMPLES)
    scores = np.eye(CLASSES)[labels]
    scores[3] = np.roll(scores[3], 1)
    return Evidence(
        inputs=random.random((SAMPLES, 64)),
        targets=labels,
        predictions={"float": [scores], "fixed": [scores], "csim": [scores[:10]]},
        weights={"dense": (np.arange(-32, 32) / 32, random.integers(1, 50, 64))},
    )


def unit(name: str, module: str, layer: str, inputs: list[str], outputs: list[str], **more: object) -> dict[str, Any]:
    area = {"lut": 100, "ff": 80, "dsp": 0, "bram": 1}
    common = {"operations": [], "interval": 64, "depth": None, "area": area}
    return common | {"name": name, "module": module, "layer": layer, "inputs": inputs, "outputs": outputs} | more


@pytest.fixture
def design() -> dict[str, Any]:
    """As `design.json`: two layers, and a way around the second."""
    units = [
        unit("fork", "stream_fork", "first", ["x"], ["a", "b"]),
        unit("replay", "replay_buffer", "first", ["a"], ["c"]),
        unit("product", "matvec", "first", ["c"], ["d"], operations=["first.matvec"]),
        unit("wait", "stream_fifo", "<second>", ["b"], ["e"], depth=17),
        unit("add", "elementwise", "<second>", ["d", "e"], ["y"], operations=["second.add"]),
        *(unit(f"r{i}", "stream_width", "<second>", ["y" if i == 0 else f"y{i - 1}"], [f"y{i}"]) for i in range(7)),
    ]
    names = {"x"} | {name for one in units for name in one["outputs"]}
    return {
        "units": units,
        "products": [
            {
                "unit": "product",
                "layer": "first",
                "pe": 4,
                "simd": 2,
                "unrolled": False,
                "multipliers": 8,
                "dsp": 8,
                "interval": 64,
                "multiply_accumulates": 512,
                "utilization": 1.0,
            }
        ],
        "streams": [
            {"stream": name, "element": "fixed<8,3,TRN,WRAP>", "lanes": 2, "beats": 32, "width": 16}
            for name in sorted(names)
        ],
    }


@pytest.fixture
def floor_plan() -> FloorPlan:
    random = np.random.default_rng(0)
    x, y, group = random.integers(0, 70, (3, 500))
    kind = np.repeat([0, 1, 2], [480, 12, 8])
    cells = np.column_stack([x, y % 50, group % 3, kind, np.full(500, 3)])
    return FloorPlan(("first", "second", "host link"), 70, 50, cells)
