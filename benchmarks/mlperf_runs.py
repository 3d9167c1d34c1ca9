"""The four architectures of MLPerf Tiny from float to the simulated hardware: `netloom run`, its results and its time.

    python benchmarks/mlperf_runs.py [NAME ...] [--runs DIR] [--board ULX3S-85F]

Weights and samples are drawn, and few: this is about numbers and time, not about accuracy. A run is kept in DIR; what
is there is not done again.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import keras
import numpy as np
from mlperf_tiny import BITS, MLPERF_TINY

import netloom
from netloom.pipeline import rundir
from netloom.pipeline.evaluation.simulation import Simulation
from netloom.pipeline.hardware import HardwareRun

TRAINING, TESTS, IN_HARDWARE = 32, 4, 2

INTERVALS = {
    "anomaly detection": 2048,
    "keyword spotting": 24_319,
    "image classification": 99_888,
    "visual wake words": 86_000,
}
"""Clock cycles an inference: paces that take few multipliers, so that they compile soon."""


def run(name: str, folder: Path, board: str) -> None:
    """One of them, up to the RTL."""
    keras.utils.set_random_seed(0)
    model = MLPERF_TINY[name]()
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, (TRAINING + TESTS, *model.input_shape[1:])).astype(np.float32)
    data = folder / "data.npz"
    if not data.exists():
        np.savez(data, x_train=x[:TRAINING], x_test=x[TRAINING:])
        model.save(folder / "float.keras")
    hardware = netloom.HardwareSettings(
        board=board,
        target_ii=INTERVALS[name],
        rtl_samples=IN_HARDWARE,
        stalled_samples=1,
        netlist_samples=0,
        design_seconds=20,
    )
    settings = netloom.RunSettings(
        bits=BITS,
        fine_tune_epochs=0,
        trace_samples=TESTS,
        hls=netloom.HlsSettings(io_type="io_stream"),
        hardware=hardware,
    )
    began = time.monotonic()
    made = netloom.run(
        folder / "float.keras", data=data, settings=settings, directory=folder / "run", until="rtl"
    ).directory
    print(f"{name}: {time.monotonic() - began:.0f} s")
    found = HardwareRun.load(made / rundir.RTL)
    for record in (*Simulation.load(made).fidelity, found.fidelity, found.stalled):
        if record is not None:
            print(
                f"  {' = '.join(record.engines)}: {record.samples} samples, {record.mismatches} of {record.elements} "
                f"outputs differ, {record.layer_mismatches} of {record.layer_elements} values of layers"
            )
    print(f"  latency {found.latency}, interval {found.interval} clock cycles", flush=True)


def main() -> None:
    """Run those that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(MLPERF_TINY))
    parser.add_argument("--runs", type=Path, default=Path("runs/mlperf"))
    parser.add_argument("--board", default="ULX3S-85F")
    options = parser.parse_args()
    for name in options.names:
        run(name, options.runs / name.replace(" ", "-"), options.board)


if __name__ == "__main__":
    main()
