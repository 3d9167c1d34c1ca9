"""Simulation: the network as float, quantized, fixed-point, C++ and hardware, behind one interface, and crosschecks."""

from pathlib import Path
from typing import Any

from netloom.hls import Conversion
from netloom.sim.comparison_stream import Comparison
from netloom.sim.crosscheck import compare_engines
from netloom.sim.engine import Engine
from netloom.sim.engines import ENGINES, HARDWARE_ENGINES, Given, kind_of
from netloom.sim.fidelity import Fidelity, LayerDifference, Mismatch
from netloom.sim.statistics import LayerStatistics


def open_engine(
    name: str,
    *,
    conversion: Conversion | str | Path | None = None,
    model: Any = None,
    design: Any = None,
    netlist: str | Path | None = None,
    cache: str | Path | None = None,
) -> Engine:
    """Make an engine ready.

    Args:
        name: one of `ENGINES` or `HARDWARE_ENGINES`.
        conversion: a converted network, or its directory; for `fixed`, `csim` and `onnx`.
        model: a Keras model, or the path of one; for `float` and `quantized`.
        design: an emitted design, or its folder; for `rtl` and `netlist`.
        netlist: Verilog that synthesis made of the design; for `netlist`.
        cache: folder of compiled models of `rtl` and `netlist`; the user's cache folder if None.

    Raises:
        SettingsError: if the name is unknown, what the engine needs is not given, or what it does not read is.
        StorageError, ModelFileError: if it cannot be loaded.
        ToolMissingError, ToolFailedError: if csim, rtl or netlist cannot be compiled, or there is no onnxruntime.
    """
    return kind_of(name).opened(Given(model, conversion, design, netlist, cache))


__all__ = [
    "ENGINES",
    "HARDWARE_ENGINES",
    "Comparison",
    "Engine",
    "Fidelity",
    "LayerDifference",
    "LayerStatistics",
    "Mismatch",
    "compare_engines",
    "open_engine",
]
