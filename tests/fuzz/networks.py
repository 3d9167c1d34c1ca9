"""Random networks on three engines, every layer of each: `fixed`, hls4ml's C++ and the RTL, for as long as one likes.

    python tests/fuzz/networks.py --count 300 --record sweep.jsonl
    python tests/fuzz/networks.py --seconds 3600 --no-hardware

The record has a line for each network; a run with the same record goes on where that one ended. A network that differs,
or whose C++ dies, is written to tests/regressions, shrunk where that is possible.
"""

import json
import sys
from pathlib import Path

from seeds import campaign, parser

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
    options = parser(__doc__, seconds=600, first=1_000_000, count=10**9)
    options.add_argument("--no-hardware", action="store_true", help="without the RTL")
    options.add_argument("--about", default="", metavar="KIND", help="only networks about it: recurrent")
    given = options.parse_args()
    return campaign(
        given,
        "networks",
        lambda seed, folder: check(seed, folder / "network", not given.no_hardware, given.about),
    )


if __name__ == "__main__":
    sys.exit(main())
