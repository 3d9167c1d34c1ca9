"""`generate_design`: from the dataflow graph to the files of a hardware design, in one call."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from netloom.errors import FoldingError
from netloom.firmware.board.devices import Device
from netloom.firmware.emit.emit import emit
from netloom.firmware.emit.verilog import TOP
from netloom.firmware.map.folding.fitting import Budget, Candidate, Fitted, Search, fit, fit_interval
from netloom.firmware.map.folding.folding import fold_for_reuse
from netloom.hls.dataflow import Dataflow

_SHELL_LUTS = 1200
_SHELL_BRAMS = 4
"""What the shell around the network takes at most."""


@dataclass(frozen=True)
class Generated(Fitted):
    """A hardware design, and its files: name -> text; see `emit`."""

    files: Mapping[str, str]

    def write(self, directory: Path) -> None:
        """Write the files in a directory, made if it is not there."""
        directory.mkdir(exist_ok=True)
        for name, text in self.files.items():
            (directory / name).write_text(text, encoding="utf-8", newline="\n")


def generate_design(
    dataflow: Dataflow,
    *,
    device: Device | None = None,
    interval: int | None = None,
    reuse: Mapping[str, int] | None = None,
    unroll: Mapping[str, bool] | None = None,
    title: str = TOP,
    search: Search | None = None,
) -> Generated:
    """Fold, plan, count and emit.

    Args:
        dataflow: the network.
        device: whose primitives are used and whose size is not exceeded; None leaves primitives to the synthesizer, and
            size to the user.
        interval: clock cycles between inferences, at most; None is the fastest that fits `device` with ease (`fit`).
        reuse: hls4ml layer -> multiplications that share a multiplier; instead of `interval`.
        unroll: hls4ml layer -> whether a reuse factor of 1 makes weights constants (Strategy Latency).
        title: of the network, for comments.
        search: how long to look for the folding, and who is told of it; defaults for None.

    Raises:
        FoldingError: if a layer cannot be that fast, or the device does not hold it.
        LayerNotSupportedError: for an operation with no hardware unit.
    """
    budget = budget_of(device)
    if reuse is not None:
        found = Candidate(dataflow, fold_for_reuse(dataflow, reuse, unroll or {}), budget).counted()
    elif interval is not None:
        found = fit_interval(dataflow, interval, budget, search)
    elif budget is not None:
        found = fit(dataflow, budget, search)
    else:
        raise FoldingError("say what to fold for: a device, an interval in clock cycles, or reuse factors")
    files = emit(found.design, found.cycles, found.folding, title)
    return Generated(found.design, found.folding, found.area, found.cycles, files)


def budget_of(device: Device | None) -> Budget | None:
    """What it has for the network when the shell has taken its part; None of no device."""
    if device is None:
        return None
    luts, rams = device.lut - _SHELL_LUTS, max(device.ram_blocks - _SHELL_BRAMS, 0)
    return Budget(device.name, device.primitives, luts, device.dsp, rams)
