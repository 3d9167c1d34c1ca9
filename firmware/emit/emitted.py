"""`EmittedDesign`: a design read back from its folder, for whoever builds it, simulates it or talks to it."""

import errno
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from netloom.common.ends import Ends
from netloom.common.reading import read_bytes
from netloom.errors import StorageError
from netloom.firmware.build.inert import objection
from netloom.firmware.emit.design_file import (
    DESIGN_FILE,
    DesignFile,
    PortPart,
    StreamPart,
    read_design_file,
)
from netloom.firmware.stream import Stream
from netloom.fixed_point import FixedPoint


@dataclass(frozen=True)
class EmittedPort:
    """An input or output of the network.

    Attributes:
        name: in the network.
        port: prefix of its AXI4-Stream ports: `s_axis`.
        shape: of the tensor, without the batch.
        stream: what travels.
    """

    name: str
    port: str
    shape: tuple[int, ...]
    stream: Stream

    @property
    def bytes(self) -> int:
        """Bytes of an inference: each beat takes whole ones."""
        return self.stream.bytes * self.stream.beats


@dataclass(frozen=True)
class EmittedLayer:
    """Where the result of an hls4ml layer passes.

    Attributes:
        layer: its name.
        shape: of the result, without the batch.
        stream: what travels; its name is that of the signals in the top module.
        interleaved: samples whose steps, the first axis, come in turn.
    """

    layer: str
    shape: tuple[int, ...]
    stream: Stream
    interleaved: int = 1


@dataclass(frozen=True)
class EmittedDesign:
    """What `design.json` says, as far as hardware and host need it.

    Attributes:
        folder: that holds the files.
        name: title of the network.
        target: device family whose primitives it names.
        top: its module.
        files: SystemVerilog, names in the folder, in the order to read them.
        memories: files for `$readmemh`.
        inputs: of the network.
        outputs: of the network.
        latency: clock cycles from the first input beat to the last output beat.
        interval: clock cycles between inferences.
        layers: those whose results can be watched.
        instances: name of an instance in the top -> name of its unit, where the two differ.
        keeps_state: whether an inference depends on those before it, since the last reset.
        group: inferences that must be there before any of them comes out.
        ends: what the host does before the inputs and after the outputs.
    """

    folder: Path
    name: str
    target: str
    top: str
    files: tuple[str, ...]
    memories: tuple[str, ...]
    inputs: tuple[EmittedPort, ...]
    outputs: tuple[EmittedPort, ...]
    latency: int
    interval: int
    layers: tuple[EmittedLayer, ...] = ()
    instances: Mapping[str, str] = field(default_factory=dict)
    keeps_state: bool = False
    group: int = 1
    ends: Ends = field(default_factory=Ends)

    @property
    def output_bytes(self) -> int:
        """Bytes of all outputs of an inference."""
        return sum(port.bytes for port in self.outputs)

    def whole_groups(self, inferences: int) -> int:
        """The least number of inferences, at least so many, that come out without any more."""
        return -(-inferences // self.group) * self.group

    @cached_property
    def identity(self) -> int:
        """64 bits that tell this design from every other: of the hash of all its files.

        Raises:
            StorageError: if a file is missing.
        """
        digest = hashlib.sha256()
        for name in (*self.files, *self.memories):
            text = self.content(name)
            digest.update(f"{name} {len(text)}\n".encode() + text)
        ports = [(port.port, port.shape, str(port.stream.element)) for port in (*self.inputs, *self.outputs)]
        digest.update(repr(ports).encode())
        if self.ends:
            digest.update(self.ends.model_dump_json().encode())
        return int.from_bytes(digest.digest()[:8], "little")

    @classmethod
    def read(cls, folder: Path | str) -> "EmittedDesign":
        """Read a design from its folder, or from its `design.json`.

        Raises:
            StorageError: if there is none, or it is not one.
        """
        path = Path(folder)
        path = path / DESIGN_FILE if path.is_dir() else path
        return _design(path.parent, read_design_file(path))

    def content(self, name: str) -> bytes:
        """What is in one of its files.

        Raises:
            StorageError: if it is missing, or no regular file of the folder.
        """
        path = self.folder / name
        try:
            if path.is_symlink():
                raise OSError(errno.ELOOP, "is a link")
            return read_bytes(path)
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}; write the design again") from None

    def text(self, name: str) -> str:
        """The text that is in one of its files.

        Raises:
            StorageError: if it is missing, no regular file of the folder, no text, or SystemVerilog that could do
                more than compute.
        """
        try:
            text = self.content(name).decode("utf-8")
        except UnicodeDecodeError:
            raise StorageError(f"{self.folder / name}: is no text; write the design again") from None
        if name in self.files and (found := objection(text)) is not None:
            raise StorageError(f"{self.folder / name}: {found} is in no design of netloom's; write the design again")
        return text


def _design(folder: Path, file: DesignFile) -> EmittedDesign:
    return EmittedDesign(
        folder=folder,
        name=file.name,
        target=file.target,
        top=file.top,
        files=file.files,
        memories=file.memories,
        inputs=tuple(_port(port) for port in file.inputs),
        outputs=tuple(_port(port) for port in file.outputs),
        latency=file.latency,
        interval=file.interval,
        layers=tuple(
            EmittedLayer(one.layer, one.shape, _stream(one, one.stream), one.interleaved) for one in file.layers
        ),
        # An instance of a module of its own, named after the unit, has another name.
        instances={f"{unit.name}_i": unit.name for unit in file.units},
        keeps_state=file.keeps_state,
        group=file.group,
        ends=Ends(inputs=tuple(port.host for port in file.inputs), outputs=tuple(port.host for port in file.outputs)),
    )


def _port(port: PortPart) -> EmittedPort:
    return EmittedPort(port.name, port.port, port.shape, _stream(port, port.name))


def _stream(part: StreamPart, name: str) -> Stream:
    return Stream(name, FixedPoint.parse(part.element), part.lanes, part.beats)
