"""Random networks: `fixed` against hls4ml's C++, layer by layer, for as long as one likes.

    python tests/fuzz/networks.py --seconds 3600

A network that differs, or whose C++ dies, is written to tests/regressions, shrunk where that is possible.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from netloom.errors import NetloomError, ToolFailedError
from netloom.testing import random_checks, random_networks

REGRESSIONS = Path(__file__).parents[1] / "regressions"


def check(seed: int, folder: Path) -> str:
    """One network: "equal", "refused", or the path of a reproducer."""
    spec = random_networks.generate(seed)
    try:
        failure = random_checks.check(spec, folder)
    except ToolFailedError as error:
        # C++ that netloom let through and that dies is a failure, not a refusal.
        path = REGRESSIONS / f"network_{seed}.json"
        path.write_text(json.dumps({"failure": str(error), "specification": spec}, indent=1) + "\n", encoding="utf-8")
        return str(path)
    except NetloomError:
        return "refused"
    return "equal" if failure is None else str(random_checks.shrink(spec, failure, REGRESSIONS))


def main() -> int:
    """Try networks for a time, and tell what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--first", type=int, default=1_000_000, help="seed of the first network")
    parser.add_argument("--count", type=int, default=10**9, help="how many networks at most")
    options = parser.parse_args()
    ends: Counter[str] = Counter()
    until = time.monotonic() + options.seconds
    seed = options.first
    while seed < options.first + options.count and time.monotonic() < until:
        with tempfile.TemporaryDirectory(prefix="netloom-fuzz") as folder:
            end = check(seed, Path(folder) / "network")
        if end not in ("equal", "refused"):
            print(f"seed {seed}: {end}", flush=True)
            end = "failed"
        ends[end] += 1
        seed += 1
    print(f"seeds {options.first} to {seed - 1}: " + ", ".join(f"{count} {end}" for end, count in sorted(ends.items())))
    return int(ends["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
