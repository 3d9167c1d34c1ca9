"""Random networks on three engines, every layer of each: `fixed`, hls4ml's C++ and the RTL, for as long as one likes.

    python tests/fuzz/networks.py --count 300 --record sweep.jsonl
    python tests/fuzz/networks.py --seconds 3600 --no-hardware

The record has a line for each network; a run with the same record goes on where that one ended. A network that differs,
or whose C++ dies, is written to tests/regressions, shrunk where that is possible.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from netloom.errors import NetloomError, ToolFailedError
from netloom.testing import random_networks

REGRESSIONS = Path(__file__).parents[1] / "regressions"


def kept(spec: dict, error: Exception) -> str:
    """The path of a reproducer, as it was drawn."""
    path = REGRESSIONS / f"network_{spec['seed']}.json"
    failure = f"{type(error).__name__}: {error}"
    path.write_text(json.dumps({"failure": failure, "specification": spec}, indent=1) + "\n", encoding="utf-8")
    return str(path)


def check(seed: int, folder: Path, hardware: bool = True, about: str = "") -> tuple[str, str]:
    """One network: "equal" and nothing, "refused" and why, or "failed" and the path of a reproducer."""
    spec = random_networks.generate(seed, about)
    try:
        failure = random_networks.check(spec, folder, hardware=hardware)
    except NetloomError as error:
        # C++ that netloom let through and that dies is a failure, not a refusal.
        if not isinstance(error, ToolFailedError):
            return "refused", f"{type(error).__name__}: {error}"
        return "failed", kept(spec, error)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is no refusal)
        return "failed", kept(spec, error)
    if failure is None:
        return "equal", ""
    return "failed", str(random_networks.shrink(spec, failure, REGRESSIONS, hardware=hardware))


def main() -> int:
    """Try networks for a time, and tell what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--first", type=int, default=1_000_000, help="seed of the first network")
    parser.add_argument("--count", type=int, default=10**9, help="how many networks at most, those on record included")
    parser.add_argument("--record", type=Path, help="file to keep what was found in, and to go on from")
    parser.add_argument("--no-hardware", action="store_true", help="without the RTL")
    parser.add_argument("--about", default="", metavar="KIND", help="only networks that begin with it: recurrent")
    options = parser.parse_args()
    record = options.record
    known = [json.loads(line) for line in record.read_text().splitlines()] if record and record.exists() else []
    ends = Counter(one["end"] for one in known)
    done = {one["seed"] for one in known}
    until = time.monotonic() + options.seconds
    for seed in range(options.first, options.first + options.count):
        if time.monotonic() > until:
            break
        if seed in done:
            continue
        with tempfile.TemporaryDirectory(prefix="netloom-fuzz") as folder:
            end, why = check(seed, Path(folder) / "network", not options.no_hardware, options.about)
        ends[end] += 1
        if why:
            print(f"seed {seed}: {end}: {why}", flush=True)
        if record:
            with record.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"seed": seed, "end": end, "why": why}) + "\n")
    print(f"{sum(ends.values())} networks: " + ", ".join(f"{count} {end}" for end, count in sorted(ends.items())))
    return int(ends["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
