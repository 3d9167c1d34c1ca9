"""`rtl.json` and `netlist.json`: what came of simulating the hardware, and what is read back of the finished stages."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from netloom import rundir
from netloom.firmware.bitstream import Build
from netloom.firmware.design_file import DESIGN_FILE, read_whole_design
from netloom.reading import Number, Whole, read_json
from netloom.report.schema import FidelityRecord, RunRecord


class HardwareRun(BaseModel):
    """One engine on the test set, held against `fixed`.

    Attributes:
        fidelity: the comparison, over all samples.
        stalled: the same under random stalls; None if no sample was run so.
        accuracy: by engine, 0 to 1; only of a whole test set with labels.
        run: what was simulated, and how fast.
        latency: clock cycles, counted; None for the netlist.
        interval: clock cycles, counted; None for the netlist.
        tool: version of what simulated it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fidelity: FidelityRecord
    stalled: FidelityRecord | None = None
    accuracy: dict[str, Number] = {}
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


class HardwareResults:
    """What the hardware stages of a run directory made.

    Attributes:
        design: content of `design.json`.
        runs: of `rtl` and `netlist`.
        build: the bitstream.
    """

    def __init__(self, directory: Path) -> None:
        """Read them.

        Raises:
            StorageError: if any of them is missing or damaged.
        """
        self.design = read_design(directory / rundir.DESIGN)
        self.runs = [HardwareRun.load(directory / name) for name in (rundir.RTL, rundir.NETLIST_RUN)]
        self.build = Build.read(directory / rundir.BITSTREAM)


def read_design(folder: Path) -> dict[str, Any]:
    """`design.json` of an emitted design.

    Raises:
        StorageError: if it is missing or damaged.
    """
    return read_whole_design(folder / DESIGN_FILE).model_dump()
