"""Campaigns over seeds: one case for each, for as long as one likes, on a record that a later run goes on from."""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path


def parser(about: str | None, *, seconds: float, first: int, count: int) -> argparse.ArgumentParser:
    """The options of every campaign, with their defaults."""
    found = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--seconds", type=float, default=seconds)
    found.add_argument("--first", type=int, default=first, help="seed of the first case")
    found.add_argument("--count", type=int, default=count, help="how many cases at most, those on record included")
    found.add_argument("--record", type=Path, help="file to keep what was found in, and to go on from")
    return found


def campaign(options: argparse.Namespace, what: str, check: Callable[[int, Path], tuple[str, str]]) -> int:
    """Try the cases, and tell what was found; the exit code, 1 if any failed.

    Args:
        options: of a `parser`.
        what: the cases are, in the last line.
        check: (seed, an empty folder) -> "equal", "refused" or "failed", and why.
    """
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
            end, why = check(seed, Path(folder))
        ends[end] += 1
        if why:
            print(f"seed {seed}: {end}: {why}", flush=True)
        if record:
            with record.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"seed": seed, "end": end, "why": why}) + "\n")
    print(f"{sum(ends.values())} {what}: " + ", ".join(f"{count} {end}" for end, count in sorted(ends.items())))
    return int(ends["failed"] > 0)
