"""`Runner`: the one place where a plan's files are written and its tools started."""

from dataclasses import dataclass, replace
from pathlib import Path

from netloom.common.files import put_in_place, scratch, sha256, storage_errors
from netloom.common.store import Kept, Store
from netloom.errors import ToolFailedError
from netloom.firmware.build.commands import Plan
from netloom.firmware.build.tools import OnLine, find_tool, run_tool, silent, tool_version
from netloom.firmware.build.watching import watching


@dataclass(frozen=True)
class Runner:
    """How plans are carried out.

    Attributes:
        timeout: seconds for a single command.
        on_line: gets a line now and then.
        store: has the results of plans that were carried out before, with tools of the same versions; and keeps them.
        on_output: gets every line that a tool prints; what it raises stops the tool.
    """

    timeout: float | None = None
    on_line: OnLine = silent
    store: Store | None = None
    on_output: OnLine = silent

    def named(self, step: str) -> "Runner":
        """The same, each line beginning with the step."""
        return replace(self, on_line=lambda text: self.on_line(f"{step}: {text}"))

    def run(self, plan: Plan, out: Path) -> float:
        """Bring into a folder what a plan makes.

        Args:
            plan: what to do.
            out: gets what the commands make, when all have ended well; and their logs, however they end. Made if it is
                not there.

        Returns:
            Seconds that the commands took, whenever that was.

        Raises:
            ToolFailedError: if a tool fails, or does not make what it should; names its log.
            ToolMissingError: if one is not installed; then nothing is run.
            StorageError: if a file cannot be read or written.
        """
        tools = {name: find_tool(name) for name in plan.tools}
        with storage_errors(f"cannot write {out}"):
            out.mkdir(parents=True, exist_ok=True)
            with scratch(out) as work:
                mark = plan.digest({name: tool_version(tool) for name, tool in tools.items()}) if self.store else ""
                if self.store and (found := self.store.take(mark, work)):
                    for name in found.outputs:
                        put_in_place(work / name, out / name)
                    return found.seconds
                for name, text in plan.files.items():
                    (work / name).parent.mkdir(parents=True, exist_ok=True)
                    (work / name).write_text(text, encoding="utf-8", newline="")
                seconds = 0.0
                for command in plan.commands:
                    log, own, show = out / command.log, command.own_log, watching(command.tool, self.on_line)
                    tool, limit = tools[command.tool], self.timeout

                    def say(line: str, show: OnLine = show) -> None:
                        self.on_output(line)
                        show(line)

                    seconds += run_tool(tool, command.arguments, work, log, own_log=own, timeout=limit, on_line=say)
                    for name in command.makes:
                        if not (work / name).is_file():
                            raise ToolFailedError(f"{command.tool} ended without {name}; its messages are in {log}")
                for name in {name for command in plan.commands for name in command.makes}:
                    put_in_place(work / name, out / name)
                if self.store:
                    outputs = {name: sha256(out / name) for name in plan.results}
                    self.store.keep(mark, Kept(stage=plan.name, outputs=outputs, seconds=seconds), out)
        return seconds
