"""`rtl.json` and `netlist.json`: what came of simulating the hardware, and what is read back of the finished stages."""

import json
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from netloom import rundir
from netloom.errors import StorageError
from netloom.firmware.bitstream import Build
from netloom.firmware.emit import DESIGN_FILE
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
    accuracy: dict[str, float] = {}
    run: RunRecord
    latency: int | None = None
    interval: int | None = None
    tool: str

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read it back.

        Raises:
            StorageError: if it is missing or damaged.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise StorageError(f"{path} is missing; netloom run with --board makes it") from None
        except (OSError, ValidationError) as error:
            raise StorageError(f"{path} is damaged ({type(error).__name__}); delete it and run again") from None


class HardwareResults:
    """What the hardware stages of a run directory made.

    Attributes:
        design: content of `design.json`.
        runs: of `rtl` and `netlist`.
        build: the bitstream.
    """

    def __init__(self, directory: Path, netlist: bool = True) -> None:
        """Read them, that of `netlist` only if it was simulated.

        Raises:
            StorageError: if any of them is missing or damaged.
        """
        self.design = read_design(directory / rundir.DESIGN)
        self.runs = [HardwareRun.load(directory / name) for name in (rundir.RTL, rundir.NETLIST_RUN)[: 1 + netlist]]
        self.build = Build.read(directory / rundir.BITSTREAM)


def read_design(folder: Path) -> dict[str, Any]:
    """`design.json` of an emitted design.

    Raises:
        StorageError: if it is missing or damaged.
    """
    path = folder / DESIGN_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StorageError(f"{path} is missing; netloom run with --board makes it") from None
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} is damaged ({type(error).__name__}); delete it and run again") from None
    if not isinstance(content, dict):
        raise StorageError(f"{path} is no description of a design; delete it and run again")
    return content
