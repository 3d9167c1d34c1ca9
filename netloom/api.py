"""The few functions of the Python API that are not a stage's own."""

from pathlib import Path

import numpy as np

from netloom.errors import SettingsError, StorageError
from netloom.firmware.emit.verilog import TOP
from netloom.hls import Conversion
from netloom.models import Network, get_network
from netloom.pipeline import rundir
from netloom.pipeline.decision import decision_threshold
from netloom.pipeline.state import check_part
from netloom.sim import Engine, Fidelity, open_engine
from netloom.sim import crosscheck as compare_engines
from netloom.sim.engine import Arrays
from netloom.sim.engines import kind_of


def load_network(name: str) -> Network:
    """A network of the registry: `build()` makes its untrained model, `training` and `dataset` say how to train it.

    Raises:
        NetworkNotFoundError: there is none of that name; the message names close ones.
    """
    return get_network(name)


def find_conversion(converted: Conversion | str | Path) -> Conversion:
    """The firmware of a run directory, a firmware directory, or itself.

    Raises:
        StorageError: if there is none, or it is not whole.
    """
    if isinstance(converted, Conversion):
        return converted
    directory = Path(converted)
    if not directory.is_dir():
        raise StorageError(f"there is no directory {directory}; netloom run or netloom convert makes one")
    inner = directory / rundir.CONVERSION
    folder = inner if inner.is_dir() else directory
    check_part(folder)
    return Conversion.load(folder)


def open_run_engine(name: str, converted: Conversion | str | Path) -> Engine:
    """An engine on what a run directory holds: its firmware, or one of its models.

    Raises:
        SettingsError: if there is no such engine, or the directory holds no model for it.
        StorageError, ModelFileError, ToolMissingError, ToolFailedError: as `netloom.open_engine`.
    """
    subject = kind_of(name).needs[0]
    if subject == "design":
        return _open_hardware_engine(name, converted)
    if subject == "conversion":
        return open_engine(name, conversion=find_conversion(converted))
    file = {"float": rundir.FLOAT_MODEL, "quantized": rundir.QUANTIZED_MODEL}[name]
    if isinstance(converted, Conversion) or not (Path(converted) / file).is_file():
        where = converted.directory if isinstance(converted, Conversion) else converted
        raise SettingsError(f"engine '{name}' needs {file}, and {where} has none; use fixed or csim")
    check_part(Path(converted) / file)
    return open_engine(name, model=Path(converted) / file)


def _open_hardware_engine(name: str, converted: Conversion | str | Path) -> Engine:
    folder = converted.directory if isinstance(converted, Conversion) else Path(converted)
    if not (folder / rundir.DESIGN).is_dir():
        raise SettingsError(
            f"engine {name!r} needs a hardware design, and {folder} has none; netloom run --board makes it"
        )
    check_part(folder / rundir.DESIGN)
    if name == "netlist":
        check_part(folder / rundir.NETLIST)
    netlist = folder / rundir.NETLIST / f"{TOP}.v" if name == "netlist" else None
    return open_engine(name, design=folder / rundir.DESIGN, netlist=netlist)


def simulate(converted: Conversion | str | Path, x: Arrays, engine: str = "fixed") -> np.ndarray | list[np.ndarray]:
    """Run one engine.

    Args:
        converted: what `convert` gave, or the directory of a run or a firmware.
        x: inputs, (samples, *input shape), any real dtype, finite; a list of them, or a dict by the inputs' names, for
            several inputs. What is off the grid of the hardware's input is rounded and saturated as its input
            quantizer does.
        engine: `fixed` (bit-accurate simulator), `csim` (hls4ml's compiled firmware), `quantized` or `float` (the
            models in a run directory), `rtl` or `netlist` (the hardware design in one, before and after synthesis).

    Returns:
        float64, (samples, *output shape); a list of them for several outputs.

    Raises:
        InputError: for a wrong shape or dtype, or NaN or infinity.
        SettingsError: if there is no such engine, or `converted` holds no model for it.
        StorageError, ModelFileError, ToolMissingError, ToolFailedError: as `open_engine`.
    """
    with open_run_engine(engine, converted) as opened:
        return opened.predict(x)


def crosscheck(
    converted: Conversion | str | Path, x: Arrays, labels: np.ndarray | None = None, engine: str = "csim"
) -> Fidelity:
    """Hold the bit-accurate simulator against hls4ml's compiled firmware or the hardware, output and every layer.

    Args:
        converted: what `convert` gave, or the directory of a run or a firmware.
        x: inputs as for `simulate`.
        labels: class numbers, (samples,), for the accuracies; 0 and 1 for a network with a single output.
        engine: `csim`; with the directory of a run that had a board also `rtl` or, without layers, `netlist`.

    Returns:
        The comparison; `equal` says whether every element of every layer is the same, and `first_mismatch` where not.

    Raises:
        InputError: for bad inputs or labels.
        StorageError, ToolMissingError, ToolFailedError: as `open_engine`.
    """
    conversion = find_conversion(converted)
    steps = {layer.name: layer.type.step for layer in conversion.layers}
    steps["output"] = conversion.dataflow.types[conversion.dataflow.outputs[0]].element.step
    threshold = decision_threshold(conversion.dataflow)
    with open_engine("fixed", conversion=conversion) as fixed, open_run_engine(engine, converted) as other:
        return compare_engines(fixed, other, x, labels, steps=steps, threshold=threshold, trace=True)
