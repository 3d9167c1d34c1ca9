"""`Board`: a board at a serial port, found among the runs by what it says it holds."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from netloom.errors import LinkError, StorageError
from netloom.firmware.board.driver import Driver
from netloom.firmware.board.link import Link
from netloom.firmware.board.protocol import IDENTITY_BYTES, Request, identity_of
from netloom.firmware.build.bitstream import BUILD_FILE, Build
from netloom.firmware.emit.emitted import DESIGN_FILE, EmittedDesign
from netloom.models.tasks import Outputs, Task
from netloom.pipeline import rundir
from netloom.pipeline.running import check_intact, check_part


class Board(Driver):
    """A board with a network in it: `netloom.Board("/dev/ttyUSB0").predict(x)`. A context manager.

    Attributes:
        design: the network that it holds.
        cycles: clock cycles of the last request, from its first input beat to its last output beat, by the board's own
            count; for a single sample its latency.
        retries: requests that had to be sent again so far.
    """

    def __init__(self, port: str | Link, converted: str | Path | None = None, **link: Any) -> None:
        """Open the port and ask the board which network it holds.

        Args:
            port: name of the serial port (`/dev/ttyUSB0`, `COM3`), or an open one.
            converted: directory of the run, or of the design; None looks for it among the runs, in `runs/` or
                `NETLOOM_RUNS`.
            link: `baud` and `samples`, where the bitstream was built with others than its run says; `timeout`.

        Raises:
            LinkError: if the port cannot be opened, nothing answers, or the board holds another network.
            StorageError: if there is no such directory or design.
            ToolMissingError: if pyserial is not installed.
        """
        folder = find_design(Path(converted)) if converted is not None else _held_by(port, **link)
        super().__init__(port, folder, **{**_link_of(folder), **link})

    def answer(self, x: Outputs) -> Any:
        """`predict`, and what the host makes of it: the classes of a classification, the mask of a segmentation.

        Args:
            x: as `predict` takes it.

        Returns:
            What the task of the design's run decodes, (samples, ...); a list for several outputs. The outputs
            themselves where a task decodes nothing, as a regression.

        Raises:
            StorageError: if the design is in no run, whose task would be known.
        """
        return self._task.decode(self.predict(x))  # type: ignore[arg-type]  # Several takes a list

    @cached_property
    def _task(self) -> Task:
        from netloom.pipeline.evaluation.evaluation import load_run

        run = self.design.folder.absolute().parent
        if not (run / rundir.DATA).is_file():
            raise StorageError(
                f"{self.design.folder} is in no run, which would say what the outputs mean; use predict, or give"
                " netloom.Board the directory of the run"
            )
        check_intact(run, rundir.DATA, rundir.CONVERSION)
        return load_run(run)[-1]


def find_design(directory: Path) -> Path:
    """The folder of the emitted design in a run directory, or in hls4ml's output directory; or that folder itself.

    Raises:
        StorageError: if there is none, or it is not what its run recorded.
    """
    for folder in (directory, directory / rundir.DESIGN, directory / "netloom" / rundir.DESIGN):
        if (folder / DESIGN_FILE).is_file():
            check_part(folder)
            return folder
    raise StorageError(f"there is no design in {directory}; netloom build {directory} --board BOARD makes one")


class _Asked(Driver):
    """Asks what a board holds, and takes any answer."""

    identity = 0

    def _identify(self) -> None:
        _, self.identity = identity_of(self._request(Request.IDENTIFY, b"", IDENTITY_BYTES))


def _held_by(port: str | Link, **link: Any) -> Path:
    """The design among the runs that a board says it holds."""
    designs = list(_designs())
    if not designs:
        raise StorageError(f"there are no designs in {rundir.runs()}; name the run: netloom.Board(port, 'runs/NAME')")
    asked = _Asked(port, designs[0], **{**_link_of(designs[0].folder), **link})
    if isinstance(port, str):
        asked.close()
    for design in designs:
        if design.identity == asked.identity:
            return design.folder
    raise LinkError(
        f"the board holds design {asked.identity:016x}, which none of the {len(designs)} runs in {rundir.runs()} has;"
        " name its run: netloom.Board(port, 'runs/NAME')"
    )


def _designs() -> Iterator[EmittedDesign]:
    """The readable designs of all runs."""
    for path in sorted(rundir.runs().glob(f"*/{rundir.DESIGN}/{DESIGN_FILE}")):
        try:
            design = EmittedDesign.read(path)
            _ = design.identity
        except StorageError:
            continue
        yield design


def _link_of(folder: Path) -> dict[str, Any]:
    """How the bitstream beside a design talks, if there is one."""
    built = folder.parent / rundir.BITSTREAM
    if not (built / BUILD_FILE).is_file():
        return {}
    check_part(built)
    return dict(Build.read(built).report["link"])
