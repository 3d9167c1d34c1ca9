"""netloom: deep networks into FPGA fabric.

From a Keras model to hls4ml's firmware, with a simulator that equals it bit for bit::

    import netloom

    run = netloom.run("digits")                      # train, quantize, convert, simulate, report
    print(run.report.scores)

    model = netloom.load_model("mine.keras")         # or step by step, with a model of one's own
    data = netloom.Dataset.from_npz("mine.npz")
    twin = netloom.quantize(model, netloom.Policy.uniform(8), data)
    conversion = netloom.convert(twin, netloom.HlsSettings(), "conversion")
    outputs = netloom.simulate(conversion, data.x_test)

Importing it imports neither Keras nor TensorFlow: each name is imported when first used. docs/api.md tells of all.
"""

import sys

# `python -m netloom`: Python has put the working directory first on its path, and what lies there must not be taken
# for NumPy or json. (In any other use the path is the caller's.)
if sys.argv[:1] == ["-m"] and not sys.flags.safe_path:
    del sys.path[0]

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Not lazily: the package of this name would take the function's place when it is imported later.
from netloom.quantize import quantize

if TYPE_CHECKING:
    from netloom.api import crosscheck, export_onnx, load_network, simulate
    from netloom.board import Board
    from netloom.errors import NetloomError
    from netloom.hls import Conversion, HlsSettings, convert
    from netloom.models import Dataset, load_dataset, networks, train
    from netloom.pipeline.building import build_bitstream
    from netloom.pipeline.run import Run, run, write_report
    from netloom.quantize import FixedPoint, Policy, load_model, save_model
    from netloom.report.schema import Report
    from netloom.settings import HardwareSettings, RunSettings
    from netloom.sim import Engine, Fidelity, open_engine

_HOMES = {
    "netloom.models": ("Dataset", "load_dataset", "networks", "train"),
    "netloom.quantize": ("FixedPoint", "Policy", "load_model", "save_model"),
    "netloom.hls": ("Conversion", "HlsSettings", "convert"),
    "netloom.sim": ("Engine", "Fidelity", "open_engine"),
    "netloom.api": ("crosscheck", "export_onnx", "load_network", "simulate"),
    "netloom.board": ("Board",),
    "netloom.pipeline.building": ("build_bitstream",),
    "netloom.pipeline.run": ("Run", "run", "write_report"),
    "netloom.report.schema": ("Report",),
    "netloom.settings": ("HardwareSettings", "RunSettings"),
    "netloom.errors": ("NetloomError",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["Dataset", "load_dataset", "load_network", "networks", "train"]  # networks and data
__all__ += ["FixedPoint", "Policy", "load_model", "quantize", "save_model"]  # model files and quantization
__all__ += ["Conversion", "HlsSettings", "convert"]
__all__ += ["Engine", "Fidelity", "crosscheck", "export_onnx", "open_engine", "simulate"]  # simulation
__all__ += ["Board", "HardwareSettings", "build_bitstream"]  # hardware
__all__ += ["Report", "Run", "RunSettings", "run", "write_report"]  # all of it at once
__all__ += ["NetloomError"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'netloom' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
