"""The names of what a run directory holds."""

import os
from pathlib import Path

FLOAT_MODEL = "float.keras"
CALIBRATED_MODEL = "calibrated.keras"
"""The quantized model before it was fine-tuned."""
QUANTIZED_MODEL = "quantized.keras"
MODELS = {"float": FLOAT_MODEL, "quantized": QUANTIZED_MODEL}
"""By the engine that runs it."""
DATA = "data.npz"
CONVERSION = "conversion"
PREDICTIONS = "predictions.npz"
SIMULATION = "simulation.json"
DESIGN = "design"
RTL = "rtl.json"
RTL_PREDICTIONS = "rtl.npz"
NETLIST = "netlist"
NETLIST_RUN = "netlist.json"
NETLIST_PREDICTIONS = "netlist.npz"
HARDWARE_PREDICTIONS = {"rtl": RTL_PREDICTIONS, "netlist": NETLIST_PREDICTIONS}
"""By the engine that makes them, and its stage."""
BITSTREAM = "bitstream"
REPORT_JSON = "report.json"
REPORT_HTML = "report.html"


def runs() -> Path:
    """Where runs go: `runs`, or what `NETLOOM_RUNS` says."""
    return Path(os.environ.get("NETLOOM_RUNS") or "runs")


def default_directory(name: str) -> Path:
    """Where a run goes unless told: `runs/NAME`, or under `NETLOOM_RUNS`."""
    return runs() / (name.strip(".") or "model")
