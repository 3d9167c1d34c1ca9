"""The folder `netloom/` in an hls4ml project of backend netloom: the hardware, written, read back and built."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field

from netloom.common.files import put_in_place, scratch, storage_errors, write_text
from netloom.common.reading import FixedModel, read_json
from netloom.firmware.board.boards import find_board
from netloom.firmware.board.devices import Device
from netloom.firmware.board.top import board_clock
from netloom.firmware.build.bitstream import Build
from netloom.firmware.emit.design_file import DESIGN_FILE, read_whole_design
from netloom.hls import Conversion
from netloom.hls.conversion import SETTINGS_FILE
from netloom.hls.dataflow import save_dataflow
from netloom.pipeline import rundir
from netloom.pipeline.building import bring, untracked
from netloom.pipeline.stages.synthesize import load_netlist
from netloom.settings import HardwareSettings

FOLDER = "netloom"
_FOLDING_FILE = "folding.json"

_DEFAULT_BOARD = "ULX3S-25F"
"""Whose part is synthesized for without a board."""


class ConfiguredFolding(FixedModel):
    """How hls4ml's configuration folds the layers.

    Attributes:
        reuse: reuse factor by layer.
        unroll: by layer, whether its weights become constants if nothing is shared: hls4ml's Strategy Latency.
        board: that the conversion named.
        clock_period: ns, that the conversion named.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    title: str
    reuse: dict[str, int]
    unroll: dict[str, bool]
    board: str | None = None
    clock_period: float | None = Field(default=None, gt=0)


def target_device(board: str | None) -> Device:
    """What is built for.

    Raises:
        SettingsError: for an unknown board.
    """
    return find_board(board or _DEFAULT_BOARD).device


@dataclass(frozen=True)
class HardwareProject:
    """A network, whose directory is the project's `netloom/`, and how its layers are folded."""

    conversion: Conversion
    folding: ConfiguredFolding

    @classmethod
    def read(cls, project: str | Path) -> "HardwareProject":
        """What `write` wrote in an hls4ml project.

        Raises:
            StorageError: if it is missing or damaged.
        """
        path = Path(project) / FOLDER / _FOLDING_FILE
        folding = read_json(path, ConfiguredFolding, "hls4ml's write() makes it, with backend='netloom'")
        return cls(Conversion.load(path.parent), folding)

    def write(self, device: Device | None) -> None:
        """Write the graph of exact operations, the folding, and the hardware in `design/`.

        Every layer is folded by its reuse factor; with a factor of 1 and Strategy Latency its weights are constants.
        Primitives of `device` may be used; None names none, and any vendor's tool takes the files.

        Raises:
            LayerNotSupportedError, FoldingError: for what the hardware units cannot do.
            StorageError: if it cannot be written.
        """
        folder, folding = self.conversion.directory, self.folding
        shared = {"reuse": folding.reuse, "unroll": folding.unroll, "device": device}
        settings = HardwareSettings(board=folding.board or _DEFAULT_BOARD)
        with storage_errors(f"cannot write {folder}"):
            folder.mkdir(parents=True, exist_ok=True)
            with scratch(folder) as made:
                save_dataflow(self.conversion.dataflow, made)
                write_text(made / SETTINGS_FILE, self.conversion.settings.model_dump_json(indent=1) + "\n")
                write_text(made / _FOLDING_FILE, folding.model_dump_json(indent=1) + "\n")
                job = untracked(made, settings, {rundir.CONVERSION: made}, title=folding.title, shared=shared)
                bring(rundir.DESIGN, job)
                for one in sorted(made.iterdir()):
                    put_in_place(one, folder / one.name)

    def build(self, board: str | None, clock_mhz: float | None) -> dict[str, Any]:
        """Synthesize what is written; with a board, place and route it. As `NetloomBackend.build`, which calls it."""
        folder, period = self.conversion.directory, self.folding.clock_period
        design = read_whole_design(folder / rundir.DESIGN / DESIGN_FILE)
        found = design.model_dump(include={"latency", "interval", "multipliers"})
        clock = (clock_mhz or (1000 / period if period else None)) if board else None
        settings = HardwareSettings(board=board or _DEFAULT_BOARD, clock_mhz=clock)
        board_clock(find_board(settings.board), settings.clock)  # refused before minutes of synthesis
        job = untracked(folder, settings, {rundir.DESIGN: folder / rundir.DESIGN})
        bring(rundir.BITSTREAM if board else rundir.NETLIST, job)
        if board is None:
            family = target_device(board).family
            assert family is not None
            return found | {"resources": load_netlist(folder / rundir.NETLIST, design.top).used(family)}
        made = Build.read(folder / rundir.BITSTREAM)
        timing = made.report["timing"]
        return found | {
            "resources": {kind: use["used"] for kind, use in made.report["resources"].items()},
            "bitstream": str(made.bitstream),
            "clock_mhz": timing["clock_mhz"],
            "clock_limit_mhz": timing["fmax_mhz"],
            "timing_met": timing["met"],
        }
