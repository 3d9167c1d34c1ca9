"""Which stages lead from the firmware to a bitstream, and what each of them depends on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from netloom.firmware.board.boards import find_board
from netloom.firmware.build.tools import find_tool
from netloom.pipeline import hardware_stages, rundir
from netloom.pipeline.stage import Stage
from netloom.pipeline.state import RunState, recorded
from netloom.pipeline.versions import compiler_version, simulator_version
from netloom.progress import Progress
from netloom.settings import HardwareSettings


@dataclass(frozen=True, eq=False)
class HardwarePlan:
    """The hardware stages of one run.

    Attributes:
        settings: board, clock, target.
        trace_samples: only so many test samples on which every layer is compared; None is all.
        directory: of the run.
        state: of that directory.
        progress: shown while at work.
    """

    settings: HardwareSettings
    trace_samples: int | None
    directory: Path
    state: RunState
    progress: Progress

    def stages(self) -> list[Stage]:
        """All of them, in order."""
        netlist = [self._netlist()] if self.settings.netlist_samples else []
        return [self._design(), self._rtl(), self._synthesize(), *netlist, self._bitstream()]

    def build_stages(self) -> list[Stage]:
        """Those that a bitstream takes: nothing is simulated, and no data is needed."""
        return [self._design(), self._synthesize(), self._bitstream()]

    def _design(self) -> Stage:
        name = self.state.origin.network
        return Stage(
            "design",
            lambda: self._inputs(
                conversion=self._digest(rundir.CONVERSION),
                name=name,
                device=find_board(self.settings.board).device.name,
                interval=self.settings.interval,
            ),
            (rundir.DESIGN,),
            lambda out: hardware_stages.make_design(self.directory, name, self.settings, out, self.progress),
        )

    def _rtl(self) -> Stage:
        trace = self.trace_samples
        return Stage(
            "rtl",
            lambda: self._inputs(
                artefacts=[self._digest(name) for name in (rundir.DESIGN, rundir.CONVERSION, rundir.DATA)],
                samples=self.settings.rtl_samples,
                stalled_samples=self.settings.stalled_samples,
                trace_samples=trace,
                tools=[simulator_version(), compiler_version()],
            ),
            (rundir.RTL,),
            lambda out: hardware_stages.simulate_rtl(self.directory, self.settings, trace, out, self.progress),
            users=("report",),
        )

    def _synthesize(self) -> Stage:
        return Stage(
            "synthesize",
            lambda: self._inputs(design=self._digest(rundir.DESIGN), tool=find_tool("yosys").origin),
            (rundir.NETLIST,),
            lambda out: hardware_stages.synthesize_network(self.directory, self.settings, out, self.progress),
        )

    def _netlist(self) -> Stage:
        used = (rundir.DESIGN, rundir.NETLIST, rundir.CONVERSION, rundir.DATA)
        return Stage(
            "netlist",
            lambda: self._inputs(
                artefacts=[self._digest(name) for name in used],
                samples=self.settings.netlist_samples,
                tools=[simulator_version(), compiler_version()],
            ),
            (rundir.NETLIST_RUN,),
            lambda out: hardware_stages.simulate_netlist(self.directory, self.settings, out, self.progress),
            users=("report",),
        )

    def _bitstream(self) -> Stage:
        family = find_board(self.settings.board).device.family
        return Stage(
            "bitstream",
            lambda: self._inputs(
                artefacts=[self._digest(name) for name in (rundir.DESIGN, rundir.NETLIST)],
                board=self.settings.board,
                clock=self.settings.clock,
                seeds=self.settings.seeds,
                tools=[find_tool(name).origin for name in ("yosys", family.place, family.pack)] if family else [],
            ),
            (rundir.BITSTREAM,),
            lambda out: hardware_stages.make_bitstream(self.directory, self.settings, out, self.progress),
        )

    def _inputs(self, **inputs: object) -> Mapping[str, object]:
        return {**inputs, "versions": self.state.versions}

    def _digest(self, name: str) -> Mapping[str, str]:
        return recorded(self.state, name)
