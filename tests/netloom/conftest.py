"""A report and its arrays, made up, for the tests of the page."""

from datetime import UTC, datetime

import numpy as np
import pytest

from netloom.quantize.fixed_point import FixedPoint
from netloom.report.evidence import Evidence
from netloom.report.schema import (
    DataRecord,
    FidelityRecord,
    LayerRecord,
    NetworkRecord,
    Report,
    StageRecord,
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
            name="toy", title="Toy network", review="Figure 1", input_shape=(64,), output_shape=(CLASSES,)
        ),
        settings={"seed": 7, "hls": {"io_type": "io_parallel"}, "csim_samples": None},
        versions={"netloom": "0.1.0", "g++": "12.2.0"},
        seed=7,
        data=DataRecord(source="made up", digest="ab" * 32, samples=SAMPLES, labelled=True),
        parameters=256,
        accuracy={"float": 0.975, "quantized": 0.95, "fixed": 0.95, "csim": 0.95},
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
def evidence() -> Evidence:
    random = np.random.default_rng(0)
    labels = random.integers(0, CLASSES, SAMPLES)
    scores = np.eye(CLASSES)[labels]
    scores[3] = np.roll(scores[3], 1)
    return Evidence(
        inputs=random.random((SAMPLES, 64)),
        labels=labels,
        predictions={"float": scores, "fixed": scores, "csim": scores[:10]},
        weights={"dense": (np.arange(-32, 32) / 32, random.integers(1, 50, 64))},
    )
