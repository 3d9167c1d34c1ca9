"""`Command` and `Plan`: what is to be built, as data: files with their text, and the tools that are run over them.

Making a plan runs nothing, and needs no tool. `netloom.firmware.build.runner` executes it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Command:
    """One run of a tool.

    Attributes:
        tool: its name, as `find_tool` takes it.
        arguments: with file names relative to the folder it works in: WebAssembly tools see no absolute path below
            /tmp.
        reads: files it reads; all that it depends on.
        makes: files it makes.
        log: file for all that it says.
        own_log: file that it logs to by itself; "" if it only prints.
    """

    tool: str
    arguments: tuple[str, ...]
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    log: str
    own_log: str = ""


@dataclass(frozen=True)
class Plan:
    """One step of a build.

    Attributes:
        name: of the step, as `build.json` counts its seconds.
        files: text by name.
        commands: run one after the other, in a folder that holds the files.

    Raises:
        ValueError: if a command reads what is no file of the plan, and no command before it makes.
    """

    name: str
    files: Mapping[str, str]
    commands: tuple[Command, ...]

    def __post_init__(self) -> None:
        there = set(self.files)
        for command in self.commands:
            if missing := sorted(set(command.reads) - there):
                raise ValueError(f"plan {self.name!r}: {command.tool} reads {missing[0]}, which nothing makes before")
            there.update(command.makes)

    @property
    def tools(self) -> tuple[str, ...]:
        """Names of the tools it takes."""
        return tuple(dict.fromkeys(command.tool for command in self.commands))

    @property
    def results(self) -> tuple[str, ...]:
        """Names of the files that are there afterwards: what the commands make, and their logs."""
        return tuple(name for command in self.commands for name in (*command.makes, command.log))

    def digest(self, versions: Mapping[str, str]) -> str:
        """SHA-256 over all that the results depend on.

        Args:
            versions: of the tools, by name.
        """
        files = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in self.files.items()}
        depends = {
            "files": files,
            "commands": [asdict(command) for command in self.commands],
            "versions": {name: versions[name] for name in self.tools},
        }
        return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()
