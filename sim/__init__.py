"""Simulation: the network as float, quantized, fixed-point, C++ and hardware, behind one interface, and crosschecks."""

from pathlib import Path
from typing import Any

from netloom.errors import SettingsError
from netloom.hls import Conversion
from netloom.sim.crosscheck import Fidelity, LayerDifference, Mismatch, crosscheck
from netloom.sim.engine import Engine
from netloom.sim.statistics import LayerStatistics

ENGINES = ("float", "quantized", "fixed", "csim")
"""Names of the engines that need a model or a converted network, from the model downwards."""

HARDWARE_ENGINES = ("rtl", "netlist")
"""Names of the engines that need an emitted design."""


def open_engine(
    name: str,
    *,
    conversion: Conversion | str | Path | None = None,
    model: Any = None,
    design: Any = None,
    netlist: Path | None = None,
    cache: Path | None = None,
) -> Engine:
    """Make an engine ready.

    Args:
        name: one of `ENGINES` or `HARDWARE_ENGINES`.
        conversion: a converted network, or its directory; for `fixed` and `csim`.
        model: a Keras model, or the path of one; for `float` and `quantized`.
        design: an emitted design, or its folder; for `rtl` and `netlist`.
        netlist: Verilog that synthesis made of the design; for `netlist`.
        cache: folder of compiled models of `rtl` and `netlist`; the user's cache folder if None.

    Raises:
        SettingsError: if the name is unknown, or what the engine needs is not given.
        StorageError, ModelFileError: if it cannot be loaded.
        ToolMissingError, ToolFailedError: if csim, rtl or netlist cannot be compiled.
    """
    if name in ("float", "quantized"):
        from netloom.sim.keras_engine import KerasEngine

        if model is None:
            raise SettingsError(f"engine {name!r} needs a Keras model")
        if isinstance(model, str | Path):
            from netloom.quantize import load_model

            model = load_model(model)
        return KerasEngine(name, model)
    if name not in (*ENGINES, *HARDWARE_ENGINES):
        raise SettingsError(f"there is no engine {name!r}; engines are {', '.join((*ENGINES, *HARDWARE_ENGINES))}")
    if name in HARDWARE_ENGINES:
        return _open_hardware(name, design, netlist, cache)
    if conversion is None:
        raise SettingsError(f"engine {name!r} needs a converted network")
    if not isinstance(conversion, Conversion):
        conversion = Conversion.load(conversion)
    if name == "fixed":
        from netloom.sim.fixed import FixedEngine

        return FixedEngine(conversion)
    from netloom.sim.csim import CsimEngine

    return CsimEngine(conversion)


def _open_hardware(name: str, design: Any, netlist: Path | None, cache: Path | None) -> Engine:
    if design is None:
        raise SettingsError(f"engine {name!r} needs an emitted design")
    if name == "rtl":
        from netloom.sim.hardware.rtl import RtlEngine

        return RtlEngine(design, cache=cache)
    from netloom.sim.hardware.netlist import NetlistEngine

    if netlist is None:
        raise SettingsError("engine 'netlist' needs a netlist: the Verilog that synthesis wrote")
    return NetlistEngine(design, netlist, cache=cache)


__all__ = [
    "ENGINES",
    "HARDWARE_ENGINES",
    "Engine",
    "Fidelity",
    "LayerDifference",
    "LayerStatistics",
    "Mismatch",
    "crosscheck",
    "open_engine",
]
