"""`generate_design`: from the dataflow graph to the files of a hardware design, in one call."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from netloom.errors import FoldingError, NotSupportedError
from netloom.firmware.area import Area, design_area
from netloom.firmware.cycles import Cycles, count_cycles
from netloom.firmware.design import Design
from netloom.firmware.devices import Device
from netloom.firmware.emit import emit
from netloom.firmware.fit import Budget, Fitted, fit, fit_interval, share_dsps
from netloom.firmware.fold import Fold, fold_for_interval, fold_for_reuse
from netloom.firmware.plan import plan_design
from netloom.firmware.target import Target
from netloom.hls.dataflow import Dataflow

_SHELL_LUTS = 1200
_SHELL_BRAMS = 4
"""What the shell around the network takes at most."""


@dataclass(frozen=True)
class Generated:
    """A hardware design.

    Attributes:
        design: its units and streams.
        folding: of every product, by the name of its node.
        cycles: latency and initiation interval, counted.
        area: estimate of what it takes.
        files: name -> text; see `emit`.
    """

    design: Design
    folding: Mapping[str, Fold]
    cycles: Cycles
    area: Area
    files: Mapping[str, str]

    def write(self, directory: Path) -> None:
        """Write the files in an existing directory."""
        for name, text in self.files.items():
            (directory / name).write_text(text, encoding="utf-8", newline="\n")


def generate_design(
    dataflow: Dataflow,
    *,
    device: Device | None = None,
    interval: int | None = None,
    reuse: Mapping[str, int] | None = None,
    unroll: Mapping[str, bool] | None = None,
    title: str = "network",
) -> Generated:
    """Fold, plan, count and emit.

    Args:
        dataflow: the network.
        device: whose primitives are used and whose size is not exceeded; None leaves primitives to the synthesizer, and
            size to the user.
        interval: clock cycles between inferences, at most; None is the fastest that fits `device`.
        reuse: hls4ml layer -> multiplications that share a multiplier; instead of `interval`.
        unroll: hls4ml layer -> whether a reuse factor of 1 makes weights constants (Strategy Latency).
        title: of the network, for comments.

    Raises:
        FoldingError: if a layer cannot be that fast, or the device does not hold it.
        LayerNotSupportedError: for an operation with no hardware unit.
        NotSupportedError: for a device that needs its vendor's tool.
    """
    target = _target(device)
    if reuse is not None:
        folding = fold_for_reuse(dataflow, reuse, unroll or {})
        dsps = None if device is None else share_dsps(dataflow, folding, device.dsp, target)
        design = plan_design(dataflow, folding, target, dsps)
    elif device is not None:
        fitted = _fitted(dataflow, device, interval)
        folding, design = fitted.folding, fitted.design
    else:
        if interval is None:
            raise FoldingError("say what to fold for: a device, an interval in clock cycles, or reuse factors")
        folding = fold_for_interval(dataflow, interval)
        design = plan_design(dataflow, folding, target)
    cycles = count_cycles(design)
    return Generated(design, folding, cycles, design_area(design), emit(design, cycles, folding, title))


def _target(device: Device | None) -> Target:
    if device is None:
        return Target.GENERIC
    if device.family is None:
        raise NotSupportedError(
            f"{device.name} needs its vendor's tool: generate a design for no device, and give its files to that tool"
        )
    return device.family.target


def _fitted(dataflow: Dataflow, device: Device, interval: int | None) -> Fitted:
    budget = Budget(
        device.name, _target(device), device.lut - _SHELL_LUTS, device.dsp, max(device.bram - _SHELL_BRAMS, 0)
    )
    return fit(dataflow, budget) if interval is None else fit_interval(dataflow, interval, budget)
