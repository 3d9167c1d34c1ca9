"""`rtl.json` and `netlist.json`: what came of simulating the hardware, and what is read back of the finished stages."""

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field

from netloom.common.reading import FixedModel, Number, Whole, read_json
from netloom.firmware.build.bitstream import Build
from netloom.firmware.emit.design_file import DESIGN_FILE, read_whole_design
from netloom.pipeline import rundir
from netloom.records import FidelityRecord, RunRecord
from netloom.settings import HardwareSettings


class HardwareRun(FixedModel):
    """One engine on the test set, held against `fixed`.

    Attributes:
        fidelity: the comparison, over all samples.
        stalled: the same under random stalls; None if no sample was run so.
        scores: by engine, by score; only of a whole test set with targets.
        run: what was simulated, and how fast.
        latency: clock cycles, counted; None for the netlist.
        interval: clock cycles, counted; None for the netlist.
        tool: version of what simulated it.
    """

    fidelity: FidelityRecord
    stalled: FidelityRecord | None = None
    scores: dict[str, dict[str, Number]] = Field(default={})
    run: RunRecord
    latency: Whole | None = None
    interval: Annotated[int, Field(ge=1, lt=2**53)] | None = None
    tool: str

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read it back.

        Raises:
            StorageError: if it is missing or damaged.
        """
        return read_json(path, cls, "netloom run with --board makes it")


@dataclass(frozen=True, eq=False)
class HardwareResults:
    """What the finished hardware stages of a run made.

    Attributes:
        settings: board and clock asked for.
        design: content of `design.json`.
        rtl: the simulation of the design; None if it has not been done.
        netlist: the simulation after synthesis; None if it has not been done.
        synthesized: the folder of the netlist; None if there is none yet.
        build: the bitstream; None if there is none yet for this board and clock.
    """

    settings: HardwareSettings
    design: dict[str, Any]
    rtl: HardwareRun | None
    netlist: HardwareRun | None
    synthesized: Path | None
    build: Build | None

    @classmethod
    def load(cls, directory: Path, settings: HardwareSettings, stages: Container[str]) -> Self:
        """Read what the finished stages made.

        Args:
            directory: of the run.
            settings: of the run.
            stages: names of the finished ones, `design` among them.

        Raises:
            StorageError: if any of it is missing or damaged.
        """
        build = Build.read(directory / rundir.BITSTREAM) if "bitstream" in stages else None
        if build is not None and not _is_of(build, settings):
            build = None
        return cls(
            settings=settings,
            design=read_design(directory / rundir.DESIGN),
            rtl=HardwareRun.load(directory / rundir.RTL) if "rtl" in stages else None,
            netlist=HardwareRun.load(directory / rundir.NETLIST_RUN) if "netlist" in stages else None,
            synthesized=directory / rundir.NETLIST if "synthesize" in stages else None,
            build=build,
        )

    @property
    def runs(self) -> list[HardwareRun]:
        """The simulations that have been done."""
        return [run for run in (self.rtl, self.netlist) if run is not None]


def _is_of(build: Build, settings: HardwareSettings) -> bool:
    """Whether a bitstream is the one asked for: another board or clock may have the same design."""
    return (build.report["board"], build.report["timing"]["asked_mhz"]) == (settings.board, settings.clock)


def read_design(folder: Path) -> dict[str, Any]:
    """`design.json` of an emitted design.

    Raises:
        StorageError: if it is missing or damaged.
    """
    return read_whole_design(folder / DESIGN_FILE).model_dump()
