"""The names of what a run directory holds."""

import os
from pathlib import Path

FLOAT_MODEL = "float.keras"
QUANTIZED_MODEL = "quantized.keras"
DATA = "data.npz"
FIRMWARE = "firmware"
PREDICTIONS = "predictions.npz"
SIMULATION = "simulation.json"
DESIGN = "design"
RTL = "rtl.json"
NETLIST = "netlist"
NETLIST_RUN = "netlist.json"
BITSTREAM = "bitstream"
REPORT_JSON = "report.json"
REPORT_HTML = "report.html"

HARDWARE = (DESIGN, RTL, NETLIST, NETLIST_RUN, BITSTREAM)
ARTEFACTS = (
    FLOAT_MODEL,
    QUANTIZED_MODEL,
    DATA,
    FIRMWARE,
    PREDICTIONS,
    SIMULATION,
    *HARDWARE,
    REPORT_JSON,
    REPORT_HTML,
)


def default_directory(name: str) -> Path:
    """Where a run goes unless told: `runs/NAME`, or under `NETLOOM_RUNS`."""
    return Path(os.environ.get("NETLOOM_RUNS") or "runs") / (name.strip(".") or "model")
