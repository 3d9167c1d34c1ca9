"""What the four architectures of MLPerf Tiny take of a board, pace by pace: `netloom plan` of each, weights made up.

    python benchmarks/mlperf_paces.py [--board ULX3S-85F]

Estimates, in about half a minute: nothing is synthesized.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import keras
from mlperf_tiny import MLPERF_TINY

from netloom import HardwareSettings
from netloom.cli.plan import show_paces
from netloom.quantize import save_model


def main() -> None:
    """Plan them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--board", default="ULX3S-85F")
    board = parser.parse_args().board
    keras.utils.set_random_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        for name, build in MLPERF_TINY.items():
            path = Path(folder) / f"{name}.keras"
            save_model(build(), path)
            print(f"{name}:")
            show_paces(str(path), HardwareSettings(board=board), None, None)


if __name__ == "__main__":
    main()
